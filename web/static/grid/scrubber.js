// The rail of an answer by date, at the edge of the window: its years, and a handle that moves through them.

import { rowAt } from "./rows.js";

const LEAST_SCREENS = 3; // a shorter answer is scrolled as soon as it is scrubbed
const LABEL_PX = 22; // that the label of a year takes, with room for the finger
const ABOVE_PX = 56; // between the bar and the rail, for the line over an answer
const TICK_PX = 5; // between the dots of months
const SHOWN_MS = 1200; // after the last scrolling, where the rail comes with it: on touch

/** @type {Record<string, (at: number, scrubber: Scrubber) => number>} what keys do to the rank */
const KEYS = {
  ArrowUp: (rank, { dates }) => dates.findLast(([first]) => first < rank)?.[0] ?? 1,
  ArrowDown: (rank, { dates }) => dates.find(([first]) => first > rank)?.[0] ?? rank,
  PageUp: (rank, { years }) => years.findLast(([first]) => first < rank)?.[0] ?? 1,
  PageDown: (rank, { years }) => years.find(([first]) => first > rank)?.[0] ?? rank,
  Home: () => 1,
  End: (_, { grid }) => grid.ids.length,
};

export class Scrubber {
  /**
   * `dates` are the headings of the answer and `years` its years, each with the rank that it begins at.
   *
   * @param {import("./grid.js").Grid} grid
   * @param {[number, string][]} dates
   * @param {[number, string][]} years
   * @param {string} label
   */
  constructor(grid, dates, years, label) {
    this.grid = grid;
    this.dates = dates;
    this.years = years;
    this.rail = element("scrubber");
    this.handle = element("handle");
    this.bubble = element("bubble");
    this.marks = element("marks");
    this.marks.ariaHidden = this.bubble.ariaHidden = "true";
    this.rail.append(this.marks, this.handle, this.bubble);
    Object.assign(this.handle, {
      role: "slider",
      tabIndex: 0,
      ariaLabel: label,
      ariaOrientation: "vertical",
    });
    [this.handle.ariaValueMin, this.handle.ariaValueMax] = ["1", String(grid.ids.length)];
    this.ended = new AbortController();
    this.resting = 0;
    grid.list.after(this.rail);
    this.#listen();
  }

  end() {
    this.ended.abort();
    this.sizes.disconnect();
    clearTimeout(this.resting);
    this.rail.remove();
  }

  /** Puts the years and months where they stand in the answer: as far down the rail as down the page. */
  lay() {
    const { list } = this.grid;
    const over = this.#over();
    this.way = list.offsetHeight - (innerHeight - over);
    this.rail.hidden = list.offsetHeight < LEAST_SCREENS * innerHeight;
    if (this.rail.hidden) return;
    this.rail.style.top = `${over + ABOVE_PX}px`;
    this.high = this.rail.clientHeight;
    const years = this.#labelled();
    let last = -Infinity;
    const marks = [...years].map(([top, year]) => mark("year", year, top));
    for (const [rank] of this.dates) {
      const top = this.#topOf(rank);
      if (top - last < TICK_PX) continue;
      last = top;
      if (!years.has(top)) marks.push(mark("month", "", top));
    }
    this.marks.replaceChildren(...marks);
    this.follow();
  }

  /**
   * The years that have room for their label, by where they begin: the longest first, as a year of
   * few pictures would push another away.
   */
  #labelled() {
    const tops = this.years.map(([rank]) => this.#topOf(rank));
    /** @param {number} at */
    const span = (at) => (tops[at + 1] ?? this.high) - tops[at];
    const longest = tops.map((_, at) => at).sort((one, other) => span(other) - span(one));
    /** @type {Map<number, string>} */
    const labels = new Map();
    for (const at of longest) {
      const isFree = [...labels.keys()].every((top) => Math.abs(top - tops[at]) >= LABEL_PX);
      if (isFree && this.years[at][1]) labels.set(tops[at], this.years[at][1]); // else without a date
    }
    return new Map([...labels].sort(([one], [other]) => one - other));
  }

  /** @param {number} rank */
  #topOf(rank) {
    const { rows } = this.grid;
    return this.#share(rows[rowAt(rows, "first", rank - 1)].top) * this.high;
  }

  /** Moves the handle to where the page is scrolled to. */
  follow() {
    if (this.rail.hidden) return;
    const rank = this.#rankAt(this.#scrolled());
    this.handle.style.top = `${this.#share(this.#scrolled()) * this.high}px`;
    this.handle.ariaValueNow = String(rank);
    this.handle.ariaValueText = this.#dateOf(rank);
    if (!this.pointed) this.#tell(this.#share(this.#scrolled()));
  }

  #listen() {
    const { signal } = this.ended;
    const { rail, handle } = this;
    const moved = () => {
      this.follow();
      rail.classList.add("moving");
      clearTimeout(this.resting);
      this.resting = setTimeout(() => rail.classList.remove("moving"), SHOWN_MS);
    };
    addEventListener("scroll", moved, { passive: true, signal });
    addEventListener("resize", () => this.lay(), { passive: true, signal });
    this.sizes = new ResizeObserver(() => this.lay()); // rows of another height make another list
    this.sizes.observe(this.grid.list);
    rail.addEventListener("pointerdown", (event) => this.#grab(event), { signal });
    rail.addEventListener("pointermove", (event) => this.#point(event), { signal });
    rail.addEventListener("pointerleave", () => this.#leave(), { signal });
    for (const kind of ["pointerup", "pointercancel"])
      rail.addEventListener(kind, () => this.#let(), { signal });
    handle.addEventListener("keydown", (event) => this.#press(event), { signal });
  }

  /** @param {PointerEvent} event */
  #grab(event) {
    if (event.button) return;
    event.preventDefault(); // or what is dragged over would be selected
    this.rail.setPointerCapture(event.pointerId);
    this.rail.classList.add("held");
    this.handle.focus({ preventScroll: true, focusVisible: false });
    this.#point(event);
  }

  /** @param {PointerEvent} event */
  #point(event) {
    const share = (event.clientY - this.rail.getBoundingClientRect().top) / this.high;
    this.pointed = true;
    this.#tell(share);
    if (this.rail.classList.contains("held")) this.#scroll(share * this.way);
  }

  #let() {
    this.rail.classList.remove("held");
  }

  #leave() {
    this.pointed = false;
    this.follow();
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const step = KEYS[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation(); // the arrows walk through pictures elsewhere
    const rank = step(Number(this.handle.ariaValueNow), this);
    this.grid.show({ rank, by: this.#over() + this.grid.measures.heading });
    this.follow();
  }

  /**
   * Tells the date of a place on the rail, from 0 to 1, beside it.
   *
   * @param {number} share
   */
  #tell(share) {
    const within = Math.min(1, Math.max(0, share));
    this.bubble.textContent = this.#dateOf(this.#rankAt(within * this.way));
    this.bubble.style.top = `${within * this.high}px`;
  }

  /** @param {number} top */
  #share(top) {
    return Math.min(1, Math.max(0, top / this.way));
  }

  /** How far the answer is scrolled, from where its first row is below the bar. */
  #scrolled() {
    return this.#over() - this.grid.list.getBoundingClientRect().top;
  }

  /** What the bar takes of the window. */
  #over() {
    return document.querySelector(".bar").getBoundingClientRect().bottom;
  }

  /** @param {number} top */
  #scroll(top) {
    const way = Math.min(this.way, Math.max(0, top));
    scrollBy({ top: way - this.#scrolled(), behavior: "instant" });
    this.grid.draw();
  }

  /**
   * The rank of the first picture of the row there; of a heading, of the row below it. Windows are
   * scrolled by whole pixels.
   *
   * @param {number} top
   */
  #rankAt(top) {
    const { rows, measures } = this.grid;
    return rows[rowAt(rows, "top", Math.max(0, top) + measures.heading + 1)].first + 1;
  }

  /** @param {number} rank */
  #dateOf(rank) {
    return this.dates.findLast(([first]) => first <= rank)?.[1] ?? "";
  }
}

/** @param {string} name */
function element(name) {
  return Object.assign(document.createElement("div"), { className: name });
}

/**
 * @param {string} kind
 * @param {string} text
 * @param {number} top
 */
function mark(kind, text, top) {
  const made = Object.assign(element(kind), { textContent: text });
  made.style.top = `${top}px`;
  return made;
}
