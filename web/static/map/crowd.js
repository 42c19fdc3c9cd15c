// Chooses the pictures that fit on a map side by side: first those that are lit, which are larger.

const CELL_PX = 80; // no picture is larger, so that only neighbouring cells can be in each other's way
const LARGEST_PX = 76;
const MOST_LOOKED_AT = 20_000; // points in sight; of more, some stay points without a look

const BEST = 12; // so many of the lit pictures are larger than the others
const LIT_PX = 46;
const BEST_PX = 60;
const GAP_PX = 2;

const AWAY = 5; // rings of places around its own, of which a lit picture takes the first that is free

/**
 * @typedef {{at: number, side: number, lit: boolean, dx: number, dy: number}} Place a point's number,
 *   its picture's width in pixels, and how far the picture is from the point
 */

export class Crowd {
  /**
   * @param {Float32Array} places
   * @param {import("./fields.js").Fields} fields
   */
  constructor(places, fields) {
    this.places = places;
    this.fields = fields;
    /** @type {number[]} points, best first */
    this.lit = [];
    this.across = 0;
    this.up = 0;
    this.#forget();
  }

  /** @param {number[]} points best first */
  light(points) {
    this.lit = points;
    this.#forget();
  }

  /**
   * Those that fit around what is seen; they stay the same while it is moved a little.
   *
   * @param {import("./view.js").View} view
   */
  shown(view) {
    const { left, right, top, bottom } = view.box;
    const seen = this.seen;
    const isNear = left >= seen.left && right <= seen.right && bottom >= seen.bottom && top <= seen.top;
    if (isNear && this.across === view.across && this.up === view.up) return this.chosen;
    const [wide, tall] = [(right - left) / 2, (top - bottom) / 2];
    this.seen = { left: left - wide, right: right + wide, bottom: bottom - tall, top: top + tall };
    [this.across, this.up] = [view.across, view.up];
    this.chosen = this.#choose(view);
    return this.chosen;
  }

  #forget() {
    this.seen = { left: 1, right: 0, bottom: 1, top: 0 };
    [this.across, this.up] = [0, 0];
    /** @type {Place[]} */
    this.chosen = [];
  }

  /** @param {import("./view.js").View} view */
  #choose(view) {
    const count = this.places.length / 2;
    const near = [...this.fields.within(this.seen)];
    const step = Math.ceil(near.length / MOST_LOOKED_AT);
    const some = step > 1 ? near.filter((_, index) => index % step === 0) : near;
    // Which of two comes first does not depend on what is seen, so that they do not change places.
    some.sort((one, other) => one - other);
    const fitting = 0.5 * Math.sqrt((view.width * view.height) / Math.max(1, count));
    const side = Math.min(LARGEST_PX, Math.min(56, Math.max(24, fitting)) * view.zoom ** 0.6);
    const room = new Room();
    const lit = new Set(this.lit);
    /** @type {Place[]} */
    const chosen = [];
    /** @param {number} at @param {number} size @param {boolean} isLit */
    const place = (at, size, isLit) => {
      const [left, top] = [this.places[2 * at] * this.across, this.places[2 * at + 1] * this.up];
      for (const [dx, dy] of isLit ? around(size) : HERE) {
        if (!room.take(left + dx, top + dy, size + GAP_PX)) continue;
        // On the screen up is less.
        return chosen.push({ at, side: size, lit: isLit, dx, dy: -dy });
      }
    };
    this.lit.forEach((at, rank) => place(at, Math.max(side, rank < BEST ? BEST_PX : LIT_PX), true));
    for (const at of some) if (!lit.has(at)) place(at, side, false);
    return chosen;
  }
}

const HERE = [[0, 0]];

/**
 * Places around one, the nearest first.
 *
 * @param {number} size
 */
function* around(size) {
  yield HERE[0];
  for (let ring = 1; ring <= AWAY; ring++) {
    for (let step = 0; step < 6 * ring; step++) {
      const angle = (step * Math.PI) / (3 * ring);
      yield [(Math.cos(angle) * ring * size) / 2, (Math.sin(angle) * ring * size) / 2];
    }
  }
}

/** What is taken of a plane, in cells. */
class Room {
  constructor() {
    /** @type {Map<number, number[]>} left, top and side of each, by the cell */
    this.cells = new Map();
  }

  /**
   * Takes a square around a place, unless it would overlap another.
   *
   * @param {number} left
   * @param {number} top
   * @param {number} side
   */
  take(left, top, side) {
    const [column, row] = [Math.floor(left / CELL_PX), Math.floor(top / CELL_PX)];
    for (let x = column - 1; x <= column + 1; x++) {
      for (let y = row - 1; y <= row + 1; y++) {
        const taken = this.cells.get(x * 1e6 + y) ?? [];
        for (let at = 0; at < taken.length; at += 3) {
          const apart = (side + taken[at + 2]) / 2;
          if (Math.abs(taken[at] - left) < apart && Math.abs(taken[at + 1] - top) < apart) return false;
        }
      }
    }
    const key = column * 1e6 + row;
    const cell = this.cells.get(key);
    if (cell) cell.push(left, top, side);
    else this.cells.set(key, [left, top, side]);
    return true;
  }
}
