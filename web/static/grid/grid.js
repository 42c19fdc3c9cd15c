// A grid of which only what is near the window is in the document, however long the answer is.
//
// Each tile stands at a place of its own that the shapes tell beforehand, so nothing moves when
// others come and go. The work is done in pieces, a few tiles a frame.

import { Headings } from "./headings.js";
import { made } from "./tiles.js";
import { measuresOf, rowAt, rowsOf } from "./rows.js";

const BEFORE = 0.6; // of the window's height: how far beyond its edges tiles are drawn
const KEPT = 1.2; // and how far those that were drawn are kept
const AHEAD = 2.5; // and how far their text is asked for
const BUDGET_MS = 6; // for tiles, in a frame of 16

/**
 * @typedef {{rank: number, by?: number, found?: number, focus?: string}} Place where an answer is
 *   scrolled to, which rank was looked for, and the tile that is to get the focus
 * @typedef {{ids: number[], shapes: number[], headings?: [number, string][], sure?: number, rule?: string}} Answer
 *   its pictures, their widths in hundredths of their heights, the headings with the rank that each
 *   begins at, and how many are sure, with the rule above the others
 */

export class Grid {
  /**
   * `list` holds the tiles of the page as it came; `drawn` is called with each tile when it is in, and
   * `changed` when the server tells other pictures than it did: the collection went on meanwhile.
   *
   * @param {HTMLElement} list
   * @param {Answer} answer
   * @param {import("./tiles.js").Tiles} tiles
   * @param {{drawn: (tile: HTMLElement, rank: number) => void, changed: () => void}} calls
   */
  constructor(list, { ids, shapes, headings = [], sure = Infinity, rule }, tiles, { drawn, changed }) {
    this.list = list;
    this.ids = ids;
    this.shapes = shapes;
    this.tiles = tiles;
    this.drawn = drawn;
    this.changed = changed;
    /** @type {Map<number, HTMLElement>} the tiles in the document, by rank */
    this.shown = new Map();
    this.sure = sure;
    this.headings = new Headings(headings, sure, rule);
    this.frame = 0;
    this.seen = 0;
    for (const other of list.querySelectorAll(".group, .end")) other.remove();
    for (const tile of list.querySelectorAll(".tile")) this.#take(tile);
    list.classList.add("laid");
    this.moved = () => this.draw();
    for (const kind of ["scroll", "resize"]) addEventListener(kind, this.moved, { passive: true });
    this.sizes = new ResizeObserver(() => this.#resized());
    this.#lay();
    this.sizes.observe(list);
  }

  end() {
    for (const kind of ["scroll", "resize"]) removeEventListener(kind, this.moved);
    this.sizes.disconnect();
    cancelAnimationFrame(this.frame);
    this.tiles.end();
  }

  draw() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.#draw();
    });
  }

  /**
   * The first rank in the window, and how far below the window's top its row begins; null at the beginning.
   *
   * @returns {Place}
   */
  get place() {
    if (this.#above() >= 0) return null;
    const row = this.rows[rowAt(this.rows, "top", Math.max(0, -this.#above() + this.measures.gap))];
    return { rank: row.first + 1, by: Math.round(row.top + this.#above()) };
  }

  /**
   * Moves the window to where a rank's row begins, `by` pixels below the window's top.
   *
   * @param {Place} place
   */
  show({ rank, by = 24 }) {
    const row = this.rows[rowAt(this.rows, "first", Math.min(rank, this.ids.length) - 1)];
    scrollTo({ top: scrollY + this.#above() + row.top - by, behavior: "instant" });
    this.#draw();
  }

  /**
   * Which rank a picture has, or 0.
   *
   * @param {number} id
   */
  rankOf(id) {
    return this.ids.indexOf(id) + 1;
  }

  #above() {
    return this.list.getBoundingClientRect().top + this.measures.padding;
  }

  /**
   * Takes a tile that came with the page; the whole answer may have another picture in its place.
   *
   * @param {HTMLElement} tile
   */
  #take(tile) {
    const rank = Number(tile.id.slice(4));
    if (this.ids[rank - 1] !== Number(tile.dataset.pictureId)) return tile.remove();
    this.tiles.put(rank, tile.outerHTML);
    this.shown.set(rank, tile);
    this.#told(tile, rank);
  }

  /**
   * @param {HTMLElement} tile
   * @param {number} rank
   */
  #told(tile, rank) {
    tile.setAttribute("aria-setsize", String(this.ids.length));
    tile.setAttribute("aria-posinset", String(rank));
    this.drawn(tile, rank);
  }

  #resized() {
    if (this.list.clientWidth - 2 * this.measures.padding !== this.measures.width) this.layAnew();
  }

  /** Lays all rows by the measures that the stylesheet has now, around the first that is seen. */
  layAnew() {
    const { place } = this;
    this.#lay();
    if (place) this.show(place);
  }

  #lay() {
    this.measures = measuresOf(this.list);
    this.rows = rowsOf(this.shapes, this.measures, this.headings.starts, this.sure);
    const last = this.rows.at(-1);
    this.list.style.height = `${last.top + last.height + 2 * this.measures.padding}px`;
    for (const [rank, tile] of this.shown) this.#place(tile, rank);
    this.headings.lay(this.rows, this.measures);
    this.#draw();
  }

  /**
   * @param {HTMLElement} tile
   * @param {number} rank
   */
  #place(tile, rank) {
    const { padding, gap } = this.measures;
    const { first, top, height } = this.rows[rowAt(this.rows, "first", rank - 1)];
    let left = padding;
    for (let at = first; at < rank - 1; at++) left += (this.shapes[at] / 100) * height + gap;
    tile.style.transform = `translate(${left}px, ${padding + top}px)`;
    tile.style.width = `${(this.shapes[rank - 1] / 100) * height}px`;
    tile.style.height = `${height}px`;
    /** @type {HTMLImageElement} */
    const shot = tile.querySelector("img.shot");
    if (shot) shot.sizes = `${Math.ceil((this.shapes[rank - 1] / 100) * height)}px`;
  }

  /**
   * The ranks of the rows within so many windows' heights of the window.
   *
   * @param {number} beyond
   */
  #near(beyond) {
    const [top, high] = [-this.#above(), innerHeight];
    const from = this.rows[rowAt(this.rows, "top", top - beyond * high)];
    const to = this.rows[rowAt(this.rows, "top", top + (1 + beyond) * high)];
    return [from.first + 1, to.next];
  }

  #draw() {
    const began = performance.now();
    this.#drop();
    const [from, to] = this.#near(BEFORE);
    this.headings.draw(from, to, (element, rank) => this.list.insertBefore(element, this.#next(rank - 1)));
    const middle = (from + to) / 2;
    const missing = [];
    for (let rank = from; rank <= to; rank++) if (this.#lacks(rank)) missing.push(rank);
    missing.sort((one, other) => Math.abs(one - middle) - Math.abs(other - middle));
    for (const rank of missing) {
      if (performance.now() - began > BUDGET_MS) {
        this.draw();
        break;
      }
      this.#put(rank);
    }
    this.#ask(from, to);
  }

  /**
   * @param {number} from the first rank that is drawn
   * @param {number} to the last
   */
  #ask(from, to) {
    const down = scrollY >= this.seen;
    this.seen = scrollY;
    const [first, last] = this.#near(AHEAD);
    /** @param {number} one @param {number} other */
    const range = (one, other) => Array.from({ length: Math.max(0, other - one + 1) }, (_, at) => one + at);
    const [after, before] = [range(to + 1, last), range(first, from - 1).reverse()];
    this.tiles.want([...range(from, to), ...(down ? [...after, ...before] : [...before, ...after])]);
  }

  /** @param {number} rank */
  #lacks(rank) {
    const tile = this.shown.get(rank);
    return !tile || (tile.matches(".coming") && this.tiles.get(rank));
  }

  /** @param {number} rank */
  #put(rank) {
    const text = this.tiles.get(rank);
    const tile = text ? made(text) : this.#coming(rank);
    this.#place(tile, rank);
    const other = this.shown.get(rank);
    if (other) other.replaceWith(tile);
    else this.list.insertBefore(tile, this.#next(rank));
    this.shown.set(rank, tile);
    if (!text) return;
    this.#told(tile, rank);
    if (Number(tile.dataset.pictureId) !== this.ids[rank - 1]) this.changed();
  }

  /** @param {number} rank */
  #coming(rank) {
    const tile = document.createElement("li");
    tile.className = `tile coming a-${this.shapes[rank - 1]}`;
    tile.ariaHidden = "true";
    tile.append(Object.assign(document.createElement("span"), { className: "frame" }));
    return tile;
  }

  /**
   * The tile to put a rank's before, or the heading above that: tiles stand in the document in their
   * order, for the keyboard and for who listens.
   *
   * @param {number} rank
   */
  #next(rank) {
    let least = Infinity;
    for (const other of this.shown.keys()) if (other > rank && other < least) least = other;
    return this.headings.shown.get(least) ?? this.shown.get(least) ?? null;
  }

  #drop() {
    const [from, to] = this.#near(KEPT);
    for (const [rank, tile] of this.shown) {
      if ((rank >= from && rank <= to) || tile.contains(document.activeElement)) continue;
      /** @type {NodeListOf<HTMLImageElement>} */
      const shots = tile.querySelectorAll(".shot");
      for (const shot of shots) if (!shot.complete) letGo(shot);
      tile.remove();
      this.shown.delete(rank);
    }
  }
}

/**
 * Stops the loading of a picture that nobody sees any more: it keeps no other from coming.
 *
 * @param {HTMLImageElement} shot
 */
function letGo(shot) {
  shot.removeAttribute("srcset");
  shot.removeAttribute("src");
}
