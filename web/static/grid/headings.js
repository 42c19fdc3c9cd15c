// The headings of a sorted answer: each once, above the row that begins under it.

import { made } from "./tiles.js";
import { rowAt } from "./rows.js";

export class Headings {
  /**
   * @param {[number, string][]} headings with the rank of the first picture under each, ascending
   * @param {number} sure the number of pictures above the rule
   * @param {string} [rule] its markup
   */
  constructor(headings, sure, rule) {
    /** @type {[number, string][]} only what is not sorted has a rule */
    this.headings = rule ? [[sure + 1, rule]] : headings;
    this.rule = rule;
    /** the ranks, from 0, that begin under a heading */
    this.starts = new Set(this.headings.map(([rank]) => rank - 1));
    /** @type {Map<number, HTMLElement>} those in the document, by rank */
    this.shown = new Map();
    /** @type {ReturnType<typeof import("./rows.js").rowsOf>} */
    this.rows = [];
    /** @type {ReturnType<typeof import("./rows.js").measuresOf>} */
    this.measures = null;
  }

  /**
   * Takes the rows of another width, and moves what is shown.
   *
   * @param {ReturnType<typeof import("./rows.js").rowsOf>} rows
   * @param {ReturnType<typeof import("./rows.js").measuresOf>} measures
   */
  lay(rows, measures) {
    [this.rows, this.measures] = [rows, measures];
    for (const [rank, element] of this.shown) this.#place(element, rank);
  }

  /**
   * Puts the headings of these ranks into the document, and takes the others out.
   *
   * @param {number} from the first rank near the window
   * @param {number} to the last
   * @param {(element: HTMLElement, rank: number) => void} insert
   */
  draw(from, to, insert) {
    for (const [rank, element] of this.shown) {
      if (rank >= from && rank <= to) continue;
      element.remove();
      this.shown.delete(rank);
    }
    for (const [rank, text] of this.headings) {
      if (rank < from || rank > to || this.shown.has(rank)) continue;
      const element = this.rule ? made(text) : heading(text);
      element.dataset.rank = String(rank);
      this.#place(element, rank);
      insert(element, rank);
      this.shown.set(rank, element);
      document.dispatchEvent(new CustomEvent("limn:headings"));
    }
  }

  /**
   * @param {HTMLElement} element
   * @param {number} rank
   */
  #place(element, rank) {
    const { padding, heading } = this.measures;
    const { top } = this.rows[rowAt(this.rows, "first", rank - 1)];
    element.style.transform = `translate(${padding}px, ${padding + top - heading}px)`;
  }
}

/** @param {string} text */
function heading(text) {
  const element = document.createElement("li");
  element.className = "group";
  element.append(Object.assign(document.createElement("h2"), { textContent: text }));
  return element;
}
