// The map of a collection: fetches its points, and draws them with names, thumbnails and a lasso.

import { painter } from "./dots.js";
import { Fields } from "./fields.js";
import { Lasso, within, written } from "./lasso.js";
import { Shots } from "./shots.js";
import { View } from "./view.js";

const NEAR_PX = 26; // how far from a point a click may be
const SHOT_PX = 66; // a thumbnail's longest side
const ROOM_PX = 70; // and how far apart they stand
const MOST_NEAR = 4000; // points in sight before thumbnails are shown

/**
 * @typedef {{level: number, x: number, y: number, names: Record<string, string>}} Region
 * @typedef {{regions: Region[]}} Regions
 * @typedef {import("./lasso.js").Point} Point
 */

/** @param {HTMLElement} map */
export async function start(map) {
  const [told, bytes] = await Promise.all([
    fetch(map.dataset.map).then((answer) => answer.json()),
    fetch(map.dataset.points).then((answer) => answer.arrayBuffer()),
  ]);
  const count = bytes.byteLength / 12;
  const ids = new Float64Array(bytes, 0, count);
  const places = Float32Array.from(new Uint16Array(bytes, 8 * count), (value) => value / 65535);
  new Shown(map, told, ids, places);
}

class Shown {
  /**
   * @param {HTMLElement} map
   * @param {Regions} told
   * @param {Float64Array} ids
   * @param {Float32Array} places pairs of numbers from 0 to 1
   */
  constructor(map, told, ids, places) {
    this.map = map;
    this.told = told;
    this.ids = ids;
    this.places = places;
    this.fields = new Fields(places);
    this.frame = 0;
    /** @type {number[]} ids */
    this.chosen = [];
    /** @type {Float32Array} 1 for each point that is chosen */
    this.marks = null;
    const [dots, over] = map.querySelectorAll("canvas");
    this.dots = dots;
    this.over = over;
    this.painter = painter(this.dots, places);
    this.context = this.over.getContext("2d");
    this.shots = new Shots(() => this.redraw());
    this.lasso = new Lasso((line) => this.choose(line));
    this.lasso.moved = () => this.redraw();
    this.view = new View(this.over, {
      changed: () => this.redraw(),
      clicked: (x, y) => this.open(x, y),
      draws: this.lasso,
    });
    this.over.addEventListener("focus", () => this.redraw());
    this.over.addEventListener("blur", () => this.redraw());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
    map.addEventListener("click", ({ target }) =>
      this.tool(/** @type {HTMLElement} */ (target).closest("[data-tool]")),
    );
    map.querySelector("[data-export]").addEventListener("click", () => this.addIds());
    map.querySelector(".tools").hidden = false;
    map.dataset.ready = count(ids.length);
  }

  redraw() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      if (this.painter) this.draw();
    });
  }

  draw() {
    const { view, dots, over, context } = this;
    for (const canvas of [dots, over]) {
      const [width, height] = [view.width * view.ratio, view.height * view.ratio].map(Math.round);
      if (canvas.width !== width) canvas.width = width;
      if (canvas.height !== height) canvas.height = height;
    }
    const size = Math.min(9, 2.2 + Math.log2(1 + view.zoom) + (this.ids.length < 5000 ? 1.5 : 0));
    this.painter.paint(view, { ...this.colours(), size });
    context.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    this.drawShots();
    this.drawNames();
    this.drawLasso();
  }

  colours() {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const alpha = this.ids.length > 20_000 ? 0.5 : 0.75;
    /** @param {number[]} rgb */
    const premultiplied = (...rgb) => [...rgb.map((part) => (part / 255) * alpha), alpha];
    return dark
      ? { plain: premultiplied(169, 188, 255), bright: [0.957, 0.835, 0.541, 1] }
      : { plain: premultiplied(44, 75, 155), bright: [0.753, 0.376, 0.063, 1] };
  }

  drawShots() {
    const near = [...this.fields.within(this.view.box, MOST_NEAR + 1)];
    /** @type {Set<number>} */
    const shown = new Set();
    if (near.length <= MOST_NEAR && (this.view.zoom > 2.5 || near.length < 60)) {
      const taken = new Set();
      for (const at of near) {
        const [left, top] = this.view.screen(this.places[2 * at], this.places[2 * at + 1]);
        const room = `${Math.round(left / ROOM_PX)} ${Math.round(top / ROOM_PX)}`;
        if (taken.has(room)) continue;
        taken.add(room);
        shown.add(this.ids[at]);
        this.drawShot(this.shots.get(this.ids[at]), left, top, this.marks?.[at]);
      }
    }
    this.shots.fetch(shown);
  }

  /**
   * @param {HTMLImageElement} image
   * @param {number} left
   * @param {number} top
   * @param {number} chosen
   */
  drawShot(image, left, top, chosen) {
    if (!image) return;
    const scale = SHOT_PX / Math.max(image.naturalWidth, image.naturalHeight);
    const [width, height] = [image.naturalWidth * scale, image.naturalHeight * scale];
    this.context.drawImage(image, left - width / 2, top - height / 2, width, height);
    if (!chosen) return;
    this.context.lineWidth = 3;
    this.context.strokeStyle = getComputedStyle(this.map).getPropertyValue("--accent");
    this.context.strokeRect(left - width / 2, top - height / 2, width, height);
  }

  // The names of large parts, and closer by those of small ones; none over another.
  drawNames() {
    const { context, view } = this;
    const level = view.zoom > 2 ? 1 : 0;
    const style = getComputedStyle(this.map);
    context.font = `600 ${level ? 13 : 15}px ${style.fontFamily}`;
    context.textAlign = "center";
    context.lineJoin = "round";
    context.lineWidth = 4;
    context.strokeStyle = style.backgroundColor;
    context.fillStyle = style.color;
    /** @type {number[][]} */
    const boxes = [];
    for (const region of this.told.regions) {
      if (region.level !== level) continue;
      const [left, top] = view.screen(region.x, region.y);
      const name = region.names[this.map.dataset.language] ?? Object.values(region.names)[0] ?? "";
      const half = context.measureText(name).width / 2 + 6;
      if (left < half || left > view.width - half || top < 14 || top > view.height - 8) continue;
      if (boxes.some(([x, y, wide]) => Math.abs(x - left) < wide + half && Math.abs(y - top) < 20)) continue;
      boxes.push([left, top, half]);
      context.strokeText(name, left, top);
      context.fillText(name, left, top);
    }
  }

  drawLasso() {
    const { context, view, lasso } = this;
    context.strokeStyle = getComputedStyle(this.map).color;
    context.lineWidth = 1.5;
    if (lasso.line.length > 1) {
      context.setLineDash([5, 4]);
      context.beginPath();
      lasso.line.forEach(([left, top]) => context.lineTo(left, top));
      context.stroke();
      context.setLineDash([]);
    }
    if (this.over.matches(":focus-visible")) {
      const [left, top] = [view.width / 2, view.height / 2]; // what Enter opens
      context.strokeRect(left - 9, top - 9, 18, 18);
    }
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  open(x, y) {
    const at = this.fields.nearest(x, y, NEAR_PX / this.view.scale);
    if (at >= 0) location.assign(`/pictures/${this.ids[at]}`);
  }

  /** @param {Point[]} line */
  choose(line) {
    this.mark(
      within(
        line.map(([left, top]) => this.view.place(left, top)),
        this.fields,
      ),
    );
  }

  /** @param {number[]} points */
  mark(points) {
    this.chosen = points.map((at) => this.ids[at]);
    this.marks = new Float32Array(this.ids.length);
    for (const at of points) this.marks[at] = 1;
    this.painter.mark(this.marks);
    const form = this.map.querySelector("form.chosen");
    const filter = points.length ? written(this.chosen) : "";
    const many = filter.length > Number(form.dataset.most);
    form.hidden = !points.length;
    form.elements.where.value = many ? "" : filter;
    form.elements.q.disabled = many;
    form.querySelector("button.main").disabled = many;
    const words = many ? form.dataset.many : form.dataset.words;
    form.querySelector("[data-count]").textContent = words.replace("{count}", count(points.length));
    for (const field of form.querySelectorAll("[name=id]")) field.remove();
    this.redraw();
  }

  // Only for an export: a search names them in its filter.
  addIds() {
    const form = this.map.querySelector("form.chosen");
    for (const name of ["q", "collection", "where"]) form.elements[name].disabled = true;
    for (const id of this.chosen) {
      const field = Object.assign(document.createElement("input"), {
        type: "hidden",
        name: "id",
        value: String(id),
      });
      form.append(field);
    }
    setTimeout(() => {
      for (const field of form.querySelectorAll("[name=id]")) field.remove();
      for (const name of ["q", "collection", "where"]) form.elements[name].disabled = false;
    });
  }

  /** @param {HTMLElement} button */
  tool(button) {
    switch (button?.dataset.tool) {
      case "lasso":
        this.lasso.on = !this.lasso.on;
        button.setAttribute("aria-pressed", String(this.lasso.on));
        return this.map.classList.toggle("lassoing", this.lasso.on);
      case "in":
        return this.view.zoomBy(1.6);
      case "out":
        return this.view.zoomBy(1 / 1.6);
      case "all":
        return this.view.whole();
      case "none":
        return this.mark([]);
    }
  }
}

/** @param {number} number */
const count = (number) => number.toLocaleString();
