// Finds points of a map by where they are: a grid of fields over it, each with its points' numbers.

const ACROSS = 128;

export class Fields {
  /** @param {Float32Array} places */
  constructor(places) {
    this.places = places;
    const count = places.length / 2;
    /** @param {number} at */
    const field = (at) => this.#row(places[2 * at + 1]) * ACROSS + this.#row(places[2 * at]);
    this.starts = new Uint32Array(ACROSS * ACROSS + 1);
    for (let at = 0; at < count; at++) this.starts[field(at) + 1]++;
    for (let at = 0; at < ACROSS * ACROSS; at++) this.starts[at + 1] += this.starts[at];
    const next = this.starts.slice(0, -1);
    this.order = new Uint32Array(count);
    for (let at = 0; at < count; at++) this.order[next[field(at)]++] = at;
  }

  /**
   * The numbers of the points within a box, at most so many.
   *
   * @param {{left: number, bottom: number, right: number, top: number}} box
   */
  *within({ left, bottom, right, top }, most = Infinity) {
    const { places } = this;
    for (let row = this.#row(bottom); row <= this.#row(top); row++) {
      const from = this.starts[row * ACROSS + this.#row(left)];
      const to = this.starts[row * ACROSS + this.#row(right) + 1];
      for (let at = from; at < to; at++) {
        const point = this.order[at];
        const [x, y] = [places[2 * point], places[2 * point + 1]];
        if (x < left || x > right || y < bottom || y > top) continue;
        if (most-- <= 0) return;
        yield point;
      }
    }
  }

  /**
   * The point that is the nearest to a place, within a distance of each axis; -1 where there is none.
   *
   * @param {number} x
   * @param {number} y
   * @param {number} across
   * @param {number} up
   */
  nearest(x, y, across, up) {
    let [best, least] = [-1, 1];
    const box = { left: x - across, right: x + across, bottom: y - up, top: y + up };
    for (const at of this.within(box)) {
      const [dx, dy] = [(this.places[2 * at] - x) / across, (this.places[2 * at + 1] - y) / up];
      const away = dx * dx + dy * dy;
      if (away < least) [best, least] = [at, away];
    }
    return best;
  }

  /** @param {number} value */
  #row(value) {
    return Math.min(ACROSS - 1, Math.max(0, Math.floor(value * ACROSS)));
  }
}
