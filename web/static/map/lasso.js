// The lasso: a line that is drawn around points, and the points within it.

export class Lasso {
  constructor(ended) {
    this.ended = ended;
    this.on = false;
    this.line = [];
  }

  begin(left, top) {
    this.line = [[left, top]];
  }

  go(left, top) {
    const [x, y] = this.line.at(-1) ?? [left, top];
    if (Math.hypot(left - x, top - y) > 3) this.line.push([left, top]);
    this.moved?.();
  }

  end() {
    const line = this.line;
    this.line = [];
    if (line.length > 2) this.ended(line);
    this.moved?.();
  }
}

/** The numbers of the points within a line of places on the map. */
export function within(line, fields) {
  const [across, up] = [line.map(([x]) => x), line.map(([, y]) => y)];
  const box = { left: Math.min(...across), right: Math.max(...across), bottom: Math.min(...up), top: Math.max(...up) };
  const found = [];
  for (const at of fields.within(box)) {
    if (inside(line, fields.places[2 * at], fields.places[2 * at + 1])) found.push(at);
  }
  return found;
}

// By the number of edges to one side of the place.
function inside(line, x, y) {
  let odd = false;
  for (let at = 0, before = line.length - 1; at < line.length; before = at++) {
    const [[x1, y1], [x2, y2]] = [line[at], line[before]];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) odd = !odd;
  }
  return odd;
}

/** Ids as a filter writes them, runs as first-last: 3,7-9. */
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
