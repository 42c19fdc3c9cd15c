// Where each picture of an answer stands, from the shapes alone: rows as the stylesheet's flexbox makes them.

/**
 * The measures of a grid in pixels, as the stylesheet has them.
 *
 * @param {HTMLElement} list
 */
export function measuresOf(list) {
  const style = getComputedStyle(list);
  /** @param {string} name */
  const px = (name) => parseFloat(style.getPropertyValue(name));
  const padding = parseFloat(style.paddingLeft);
  return {
    padding,
    width: list.clientWidth - 2 * padding,
    row: px("--row"),
    unsureRow: px("--unsure-row"),
    gap: px("--gap"),
    heading: px("--heading"),
  };
}

/**
 * Rows of tiles: which rank each begins at (from 0), where it stands, and how high it is. A row
 * begins below a heading where one is in `starts`, the ranks (from 0) that begin under one. Rows
 * from the rank `sure` (from 0) on are lower.
 *
 * @param {number[]} shapes
 * @param {ReturnType<typeof measuresOf>} measures
 * @param {{has: (first: number) => boolean}} starts
 * @param {number} sure
 */
export function rowsOf(shapes, measures, starts = new Set(), sure = Infinity) {
  const { width, gap, heading } = measures;
  const rows = [];
  let top = 0;
  for (let first = 0; first < shapes.length;) {
    const row = first < sure ? measures.row : measures.unsureRow;
    if (starts.has(first)) top += first ? heading - gap : heading;
    let [next, sum, used] = [first, 0, -gap];
    while (next < shapes.length && !(next > first && starts.has(next))) {
      const share = shapes[next] / 100;
      const wide = Math.min(width, share * row);
      if (next > first && used + gap + wide > width + 0.01) break;
      [sum, used, next] = [sum + share, used + gap + wide, next + 1];
    }
    const last = next === shapes.length || starts.has(next); // is not stretched
    const height = last ? Math.min(row, width / sum) : (width - gap * (next - first - 1)) / sum;
    rows.push({ first, next, top, height });
    top += height + gap;
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
