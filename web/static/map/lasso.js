// The lasso: a line that is drawn around points, and the points within it.

/** @typedef {[x: number, y: number]} Point */

export class Lasso {
  /** @param {(line: Point[]) => void} ended */
  constructor(ended) {
    this.ended = ended;
    this.on = false;
    /** @type {Point[]} */
    this.line = [];
    this.moved = () => {};
  }

  /**
   * @param {number} left
   * @param {number} top
   */
  begin(left, top) {
    this.line = [[left, top]];
  }

  /**
   * @param {number} left
   * @param {number} top
   */
  go(left, top) {
    const [x, y] = this.line.at(-1) ?? [left, top];
    if (Math.hypot(left - x, top - y) > 3) this.line.push([left, top]);
    this.moved();
  }

  end() {
    const line = this.line;
    this.line = [];
    if (line.length > 2) this.ended(line);
    this.moved();
  }
}

/**
 * The numbers of the points within a line of places on the map.
 *
 * @param {Point[]} line
 * @param {import("./fields.js").Fields} fields
 */
export function within(line, fields) {
  const [across, up] = [line.map(([x]) => x), line.map(([, y]) => y)];
  const box = {
    left: Math.min(...across),
    right: Math.max(...across),
    bottom: Math.min(...up),
    top: Math.max(...up),
  };
  const found = [];
  for (const at of fields.within(box)) {
    if (inside(line, fields.places[2 * at], fields.places[2 * at + 1])) found.push(at);
  }
  return found;
}

/**
 * Tells whether a place is within a line: counts the edges to one side of it.
 *
 * @param {Point[]} line
 * @param {number} x
 * @param {number} y
 */
export function inside(line, x, y) {
  let odd = false;
  for (let at = 0, before = line.length - 1; at < line.length; before = at++) {
    const [[x1, y1], [x2, y2]] = [line[at], line[before]];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) odd = !odd;
  }
  return odd;
}

/**
 * The regions that name what a line is around: those in its midst, the largest first, else the nearest.
 *
 * @template {{x: number, y: number, level: number, pictures: number}} Region
 * @param {Point[]} line
 * @param {Region[]} regions
 * @param {number} most
 * @returns {Region[]}
 */
export function regionsIn(line, regions, most) {
  const small = regions.filter(({ level }) => level === 1);
  const held = small.filter(({ x, y }) => inside(line, x, y));
  if (held.length) return held.sort((one, other) => other.pictures - one.pictures).slice(0, most);
  const [x, y] = [0, 1].map((axis) => line.reduce((sum, point) => sum + point[axis], 0) / line.length);
  /** @param {Region} region */
  const away = (region) => Math.hypot(region.x - x, region.y - y);
  return small.sort((one, other) => away(one) - away(other)).slice(0, 1);
}

/**
 * Ids as a filter writes them, runs as first-last: 3,7-9.
 *
 * @param {number[]} ids
 */
export function written(ids) {
  const parts = [];
  const sorted = [...ids].sort((one, other) => one - other);
  for (let at = 0; at < sorted.length; at++) {
    const first = sorted[at];
    while (sorted[at + 1] === sorted[at] + 1) at++;
    parts.push(first === sorted[at] ? `${first}` : `${first}-${sorted[at]}`);
  }
  return `id = ${parts.join(",")}`;
}
