// The picture in the viewer: zoom and pan by wheel, pinch and keys, and swipes to walk or to leave.

import { Part } from "./part.js";
import { leave } from "./viewer.js";

const MOST = 8; // times the size that fits
const STEP = 1.6; // of a key or a double click
const CLOSE_LOOK = 1.5; // from here on the file itself is shown, where browsers can show it
const SWIPE_PX = 60;

/** @typedef {{x: number, y: number}} Point */

export class Stage {
  /**
   * @param {HTMLElement} viewer
   * @param {(way: "prev" | "next") => void} walk
   */
  constructor(viewer, walk) {
    this.place = viewer.querySelector(".stage");
    this.paper = viewer.querySelector(".paper");
    this.walk = walk;
    this.part = new Part(viewer, this);
    this.scale = 1;
    this.at = { x: 0, y: 0 };
    /** @type {Map<number, Point>} the pointers that are down */
    this.pointers = new Map();
    this.over = new AbortController();
    const { signal } = this.over;
    /** @param {string} kind @param {(event: any) => void} listener */
    const on = (kind, listener) => this.place.addEventListener(kind, listener, { signal, passive: false });
    on("wheel", (event) => this.#wheel(event));
    on(
      "dblclick",
      (event) => this.#isPicture(event) && this.zoom(this.scale > 1 ? 1 / this.scale : STEP ** 2, event),
    );
    on("pointerdown", (event) => this.#down(event));
    on("pointermove", (event) => this.#move(event));
    for (const kind of ["pointerup", "pointercancel"]) on(kind, (event) => this.#up(event));
  }

  end() {
    this.over.abort();
    this.part.end();
  }

  /**
   * Zooms by a factor about a point of the window, or about the middle.
   *
   * @param {number} factor
   * @param {{clientX: number, clientY: number}} [about]
   */
  zoom(factor, about) {
    const box = this.place.getBoundingClientRect();
    const scale = Math.min(MOST, Math.max(1, this.scale * factor));
    const x = (about?.clientX ?? box.left + box.width / 2) - box.left - this.paper.offsetLeft;
    const y = (about?.clientY ?? box.top + box.height / 2) - box.top - this.paper.offsetTop;
    const grown = scale / this.scale;
    this.at = { x: x - (x - this.at.x) * grown, y: y - (y - this.at.y) * grown };
    this.scale = scale;
    this.#draw();
  }

  /** @param {number} x @param {number} y pixels of the window */
  pan(x, y) {
    this.at = { x: this.at.x + x, y: this.at.y + y };
    this.#draw();
  }

  #draw() {
    const { scale, paper } = this;
    const [least, lowest] = [paper.clientWidth * (1 - scale), paper.clientHeight * (1 - scale)];
    this.at = { x: Math.min(0, Math.max(least, this.at.x)), y: Math.min(0, Math.max(lowest, this.at.y)) };
    paper.style.transform = scale === 1 ? "" : `translate(${this.at.x}px, ${this.at.y}px) scale(${scale})`;
    paper.classList.toggle("zoomed", scale > 1);
    const { original } = paper.dataset;
    if (scale < CLOSE_LOOK || !original) return;
    delete paper.dataset.original; // once is enough
    const whole = new Image();
    whole.src = original;
    const put = () => {
      const large = /** @type {HTMLImageElement} */ (paper.querySelector(".large"));
      large.removeAttribute("srcset");
      large.src = original;
    };
    whole.decode().then(put, () => {}); // a browser that can't show it keeps the copy
  }

  /** @param {Event} event */
  #isPicture(event) {
    return (
      event.target instanceof Element &&
      Boolean(event.target.closest(".paper")) &&
      !event.target.closest("video")
    );
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    if (!this.#isPicture(event)) return;
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY / (event.ctrlKey ? 100 : 400)), event);
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.button || !(event.target instanceof Element) || event.target.closest("a, button, video"))
      return;
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.began = { x: event.clientX, y: event.clientY };
    this.place.setPointerCapture(event.pointerId);
    if (this.pointers.size > 1) this.part.drop();
    else if (this.scale === 1 && this.part.takes(event)) this.part.begin(event);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const from = this.pointers.get(event.pointerId);
    if (!from) return;
    const to = { x: event.clientX, y: event.clientY };
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.pointers.set(event.pointerId, to);
    if (other) this.#pinch(from, to, other);
    else if (this.part.drawing) this.part.move(event);
    else if (this.scale > 1) this.pan(to.x - from.x, to.y - from.y);
  }

  /** @param {Point} from @param {Point} to @param {Point} other */
  #pinch(from, to, other) {
    /** @param {Point} one */
    const away = (one) => Math.hypot(one.x - other.x, one.y - other.y);
    const middle = { clientX: (to.x + other.x) / 2, clientY: (to.y + other.y) / 2 };
    this.zoom(away(to) / Math.max(1, away(from)), middle);
  }

  /** @param {PointerEvent} event */
  #up(event) {
    const alone = this.pointers.size === 1 && this.pointers.delete(event.pointerId);
    this.pointers.delete(event.pointerId);
    if (this.part.drawing) return this.part.finish();
    if (!alone || event.pointerType !== "touch" || this.scale > 1 || event.type === "pointercancel") return;
    const [x, y] = [event.clientX - this.began.x, event.clientY - this.began.y];
    if (Math.abs(x) > SWIPE_PX && Math.abs(x) > 2 * Math.abs(y)) this.walk(x > 0 ? "prev" : "next");
    else if (y > SWIPE_PX && y > 2 * Math.abs(x)) leave();
  }
}
