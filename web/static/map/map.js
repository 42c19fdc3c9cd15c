// The map of a collection: its pictures where they lie, what answers a question lit, and a lasso.

import { coloursOf, premultiplied } from "./colours.js";
import { Crowd } from "./crowd.js";
import { painter } from "./dots.js";
import { Fields } from "./fields.js";
import { Lasso, regionsIn, within } from "./lasso.js";
import { Chosen } from "./chosen.js";
import { namesToWrite, writeNames } from "./names.js";
import { drawPicture, drawRing } from "./pictures.js";
import { Shots } from "./shots.js";
import { View } from "./view.js";

const NEAR_PX = 26; // how far from a point a click may be
const DIM = 0.34; // of what is not lit, while something is
const CLOSE_UP = 3; // times the whole map, where a region of the list is shown

/**
 * @typedef {{level: number, x: number, y: number, pictures: number, names: Record<string, string>}} Region
 * @typedef {{regions: Region[]}} Regions
 * @typedef {import("./lasso.js").Point} Point
 */

/** @param {HTMLElement} stage */
export async function start(stage) {
  const [told, bytes] = await Promise.all([
    fetch(stage.dataset.map).then((answer) => answer.json()),
    fetch(stage.dataset.points).then((answer) => answer.arrayBuffer()),
  ]);
  const count = bytes.byteLength / 12;
  const ids = new Float64Array(bytes, 0, count);
  const places = Float32Array.from(new Uint16Array(bytes, 8 * count), (value) => value / 65535);
  new Atlas(stage, told, ids, places);
}

class Atlas {
  /**
   * @param {HTMLElement} stage
   * @param {Regions} told
   * @param {Float64Array} ids
   * @param {Float32Array} places pairs of numbers from 0 to 1
   */
  constructor(stage, told, ids, places) {
    this.stage = stage;
    this.regions = told.regions;
    this.ids = ids;
    this.places = places;
    this.fields = new Fields(places);
    this.crowd = new Crowd(places, this.fields);
    this.frame = 0;
    this.gone = new AbortController(); // ends the listeners on the document
    /** @type {number[]} how many of each region are lit */
    this.counts = [];
    this.asked = false; // whether something is, so that the rest is dimmed
    this.pointedAt = -1; // the point of the picture at the foot that the pointer or the focus is on
    const [dots, over] = stage.querySelectorAll("canvas");
    this.dots = dots;
    this.over = over;
    this.painter = painter(dots, places);
    this.context = over.getContext("2d");
    this.colours = coloursOf(stage);
    this.shots = new Shots(() => this.redraw());
    this.lasso = new Lasso((line) => this.choose(line));
    this.lasso.moved = () => this.redraw();
    this.chosen = new Chosen(stage.querySelector("form.chosen"), ids);
    this.view = new View(over, {
      changed: () => this.redraw(),
      clicked: (left, top) => this.open(this.under(left, top)),
      entered: () => this.open(this.middle()),
      draws: this.lasso,
    });
    this.listen();
    this.light();
    stage.querySelector(".knobs").hidden = false;
    stage.dataset.ready = ids.length.toLocaleString();
  }

  listen() {
    const { over, stage } = this;
    const { signal } = this.gone;
    for (const name of ["focus", "blur"]) over.addEventListener(name, () => this.redraw());
    const recolour = () => {
      this.colours = coloursOf(stage);
      this.redraw();
    };
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour, { signal });
    stage.addEventListener("click", ({ target }) =>
      this.tool(/** @type {HTMLElement} */ (target).closest("[data-tool]")),
    );
    document.addEventListener("limn:shown", () => this.light(), { signal });
    document.addEventListener("click", ({ target }) => this.goTo(target.closest("[data-go]")), { signal });
    /** @param {Event} event */
    const point = ({ target }) => this.pointAt(/** @type {Element} */ (target));
    for (const name of ["pointerover", "focusin"]) document.addEventListener(name, point, { signal });
  }

  // What the card at the map's corner names is lit.
  light() {
    if (!this.stage.isConnected) return this.gone.abort(); // another page is shown
    const card = this.stage.parentElement.querySelector(".telling");
    const numbers = new Map([...this.ids].map((id, at) => [id, at]));
    const ids = card.dataset.lit.split(",").map(Number);
    this.asked = Boolean(card.dataset.counts);
    this.counts = this.asked ? card.dataset.counts.split(",").map(Number) : [];
    this.crowd.light(ids.map((id) => numbers.get(id)).filter((at) => at !== undefined));
    this.pointedAt = -1;
    for (const button of document.querySelectorAll("[data-go]")) button.hidden = false;
    this.mark();
    const { left, right, bottom, top } = this.view.box;
    const isSeen = this.crowd.lit.some((at) => {
      const [x, y] = [this.places[2 * at], this.places[2 * at + 1]];
      return x > left && x < right && y > bottom && y < top;
    });
    if (this.crowd.lit.length && !isSeen) this.view.whole();
  }

  // Tells the painter which points are lit or chosen.
  mark() {
    const marks = new Float32Array(this.ids.length);
    for (const at of this.crowd.lit) marks[at] = 1;
    for (const at of this.chosen.points) marks[at] = 1;
    this.painter.mark(marks);
    this.redraw();
  }

  redraw() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      if (this.painter) this.draw();
    });
  }

  draw() {
    const { view, dots, over, context, colours } = this;
    for (const canvas of [dots, over]) {
      const [width, height] = [view.width * view.ratio, view.height * view.ratio].map(Math.round);
      if (canvas.width !== width) canvas.width = width;
      if (canvas.height !== height) canvas.height = height;
    }
    const size = Math.min(9, 2.2 + Math.log2(1 + view.zoom) + (this.ids.length < 5000 ? 1.5 : 0));
    const alpha = (this.ids.length > 20_000 ? 0.5 : 0.75) * (this.asked ? DIM : 1);
    const [plain, bright] = [premultiplied(colours.dot, alpha), premultiplied(colours.lit, 1)];
    this.painter.paint(view, { plain, bright, size });
    context.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    this.drawPictures();
    writeNames(context, view, namesToWrite(this.regions, this.counts, view.zoom), {
      nameOf: this.nameOf,
      lit: this.drawn.filter(({ lit }) => lit),
      colours,
    });
    this.drawLasso();
  }

  drawPictures() {
    const { view, context, colours } = this;
    /** @type {Set<number>} */
    const shown = new Set();
    this.drawn = this.crowd.shown(view).map((place) => {
      const [left, top] = view.screen(this.places[2 * place.at], this.places[2 * place.at + 1]);
      return { ...place, left: left + place.dx, top: top + place.dy };
    });
    this.drawn = this.drawn.filter(({ left, top, side }) => {
      return left > -side && top > -side && left < view.width + side && top < view.height + side;
    });
    for (const box of this.drawn) {
      shown.add(this.ids[box.at]);
      const image = this.shots.get(this.ids[box.at]);
      const isChosen = this.chosen.has(box.at);
      const ring = isChosen ? colours.accent : box.lit ? colours.lit : "";
      const dim = this.asked && !box.lit && !isChosen ? DIM : 1;
      drawPicture(context, image, box, { dim, ring, ground: colours.ground });
    }
    const pointed = this.drawn.find(({ at }) => at === this.pointedAt);
    if (pointed) drawRing(context, pointed, colours.lit, 6);
    const focused = this.over.matches(":focus-visible") ? this.middle() : -1;
    const middle = this.drawn.find(({ at }) => at === focused);
    if (middle) drawRing(context, middle, colours.ink, 4); // what Enter opens
    this.shots.fetch(shown);
  }

  /** @param {Region} region */
  nameOf = (region) => region.names[this.stage.dataset.language] ?? Object.values(region.names)[0] ?? "";

  drawLasso() {
    const { context, lasso } = this;
    if (lasso.line.length < 2) return;
    context.strokeStyle = this.colours.ink;
    context.lineWidth = 1.5;
    context.setLineDash([5, 4]);
    context.beginPath();
    lasso.line.forEach(([left, top]) => context.lineTo(left, top));
    context.stroke();
    context.setLineDash([]);
  }

  /**
   * The point of the picture under a place on the screen, else the nearest point; -1 for none.
   *
   * @param {number} left
   * @param {number} top
   */
  under(left, top) {
    const over = this.drawn?.find((box) => {
      return Math.abs(box.left - left) < box.side / 2 && Math.abs(box.top - top) < box.side / 2;
    });
    const { across, up } = this.view;
    return over?.at ?? this.fields.nearest(...this.view.place(left, top), NEAR_PX / across, NEAR_PX / up);
  }

  // The point of the picture that is the nearest to the middle of what is seen.
  middle() {
    const { width, height } = this.view;
    let [best, least] = [-1, Infinity];
    for (const { at, left, top } of this.drawn ?? []) {
      const away = Math.hypot(left - width / 2, top - height / 2);
      if (away < least) [best, least] = [at, away];
    }
    return best;
  }

  /** @param {number} point */
  open(point) {
    if (point >= 0) location.assign(`/pictures/${this.ids[point]}`);
  }

  /** @param {Point[]} line on the screen */
  choose(line) {
    const places = line.map(([left, top]) => this.view.place(left, top));
    this.chosen.show(within(places, this.fields), regionsIn(places, this.regions, 2).map(this.nameOf));
    this.mark();
  }

  /** @param {Element} element */
  pointAt(element) {
    const link = /** @type {HTMLElement} */ (element?.closest?.("[data-points-at]"));
    const point = link ? this.ids.indexOf(Number(link.dataset.pointsAt)) : -1;
    if (point === this.pointedAt) return;
    this.pointedAt = point;
    this.redraw();
  }

  /** @param {HTMLElement} button of a region in the list */
  goTo(button) {
    if (!button) return;
    const [x, y] = button.dataset.go.split(" ").map(Number);
    this.view.zoom = Math.max(CLOSE_UP, this.view.zoom);
    this.view.moveTo(x, y);
    scrollTo({ top: 0 });
    this.over.focus({ preventScroll: true });
  }

  /** @param {HTMLElement} button */
  tool(button) {
    switch (button?.dataset.tool) {
      case "lasso":
        this.lasso.on = !this.lasso.on;
        button.setAttribute("aria-pressed", String(this.lasso.on));
        return this.stage.classList.toggle("lassoing", this.lasso.on);
      case "in":
        return this.view.zoomBy(1.6);
      case "out":
        return this.view.zoomBy(1 / 1.6);
      case "all":
        return this.view.whole();
      case "none":
        this.chosen.show([], []);
        return this.mark();
    }
  }
}
