// The thumbnails that a map shows where it is seen closely: a few at a time, the latest kept.

const SIDE_PX = 160;
const MOST_KEPT = 1200;
const MOST_ASKED = 4; // of the six that a browser allows itself, so that a question need not wait

export class Shots {
  /** @param {() => void} ready */
  constructor(ready) {
    this.ready = ready;
    /** @type {Map<number, HTMLImageElement>} */
    this.kept = new Map();
    /** @type {number[]} */
    this.wanted = [];
    this.asked = 0;
  }

  /**
   * The picture of an id, or null until it has come.
   *
   * @param {number} id
   */
  get(id) {
    const shot = this.kept.get(id);
    if (shot === undefined) {
      this.kept.set(id, null);
      this.wanted.push(id);
      return null;
    }
    return shot;
  }

  /**
   * Ask for what was wanted last; what has been passed by meanwhile is let go.
   *
   * @param {Set<number>} shown
   */
  fetch(shown) {
    this.wanted = this.wanted.filter((id) => shown.has(id) || (this.kept.delete(id), false));
    while (this.wanted.length && this.asked < MOST_ASKED) this.#ask(this.wanted.shift());
    for (const id of this.kept.keys()) {
      if (this.kept.size <= MOST_KEPT) break;
      if (!shown.has(id) && this.kept.get(id)) this.kept.delete(id);
    }
  }

  /** @param {number} id */
  async #ask(id) {
    this.asked++;
    const image = new Image();
    image.src = `/api/v1/pictures/${id}/thumbnail?side=${SIDE_PX}`;
    try {
      await image.decode();
      this.kept.set(id, image);
    } catch {
      this.kept.set(id, undefined); // gone since; it stays a point
    }
    this.asked--;
    this.ready();
  }
}
