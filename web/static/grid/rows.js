// Where each picture of an answer stands, from the shapes alone: rows as the stylesheet's flexbox makes them.

// As the stylesheet's @container: under this width a tile's facts take two lines.
const NARROW_REM = 15;

/**
 * The measures of a grid in pixels, as the stylesheet has them.
 *
 * @param {HTMLElement} list
 */
export function measuresOf(list) {
  const style = getComputedStyle(list);
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  /** @param {string} name */
  const px = (name) => {
    const value = style.getPropertyValue(name).trim();
    return parseFloat(value) * (value.endsWith("rem") ? rem : 1);
  };
  const padding = parseFloat(style.paddingLeft);
  return {
    padding,
    width: list.clientWidth - 2 * padding,
    row: px("--row"),
    across: px("--gap"),
    down: px("--down"),
    words: px("--words"),
    facts: px("--facts"),
    heading: px("--heading"),
    narrow: NARROW_REM * rem,
  };
}

/**
 * Rows of tiles: which rank each begins at (from 0), where it stands, and how high its frames are.
 * A row begins below a heading where one is in `starts`, the ranks (from 0) that begin under one.
 *
 * @param {number[]} shapes
 * @param {ReturnType<typeof measuresOf>} measures
 * @param {{has: (first: number) => boolean}} starts
 */
export function rowsOf(shapes, measures, starts = new Set()) {
  const { width, row, across, down, heading } = measures;
  const rows = [];
  let top = 0;
  for (let first = 0; first < shapes.length;) {
    if (starts.has(first)) top += first ? heading - down : heading;
    let [next, sum, used] = [first, 0, -across];
    while (next < shapes.length && !(next > first && starts.has(next))) {
      const share = shapes[next] / 100;
      const wide = Math.min(width, share * row);
      if (next > first && used + across + wide > width + 0.01) break;
      [sum, used, next] = [sum + share, used + across + wide, next + 1];
    }
    const last = next === shapes.length || starts.has(next); // is not stretched
    const frame = last ? Math.min(row, width / sum) : (width - across * (next - first - 1)) / sum;
    const narrow = shapes.slice(first, next).some((each) => (each / 100) * frame < measures.narrow);
    const height = frame + measures.words + measures.facts * (narrow ? 2 : 1);
    rows.push({ first, next, top, frame, height });
    top += height + down;
    first = next;
  }
  return rows;
}

/**
 * The place of the row that a point or a rank lies in.
 *
 * @param {ReturnType<typeof rowsOf>} rows
 * @param {"top" | "first"} key
 * @param {number} value
 */
export function rowAt(rows, key, value) {
  let [low, high] = [0, rows.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (rows[middle][key] <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
