// Writes the names of regions on a map: those of large ones, closer by those of small ones, and
// first of all those that hold what is lit.

const CLOSE = 2; // times the whole map, from where small regions are named
const MOST_LIT = 6;
const LEAST_SHARE = 0.1; // of all that is lit; a region with less is named as any other

const NEAR_PX = 110; // a lit name stands above the lit pictures that are so near

/**
 * @typedef {import("./map.js").Region} Region
 * @typedef {{region: Region, count: number, lit: boolean}} Name
 * @param {Region[]} regions
 * @param {number[]} counts how many of each region are lit; empty where nothing was asked
 * @param {number} zoom
 * @returns {Name[]}
 */
export function namesToWrite(regions, counts, zoom) {
  const level = zoom > CLOSE ? 1 : 0;
  const all = regions.map((region, index) => ({ region, count: counts[index] ?? 0, lit: false }));
  const small = all.filter(({ region }) => region.level === 1);
  const least = LEAST_SHARE * small.reduce((sum, { count }) => sum + count, 0);
  const lit = small.filter(({ count }) => count > 0 && count >= least);
  lit.sort((one, other) => other.count - one.count);
  const named = lit.slice(0, MOST_LIT).map((name) => ({ ...name, lit: true }));
  const others = all.filter(
    ({ region }) => region.level === level && !named.some((n) => n.region === region),
  );
  return [...named, ...others];
}

/**
 * Writes them, none over another.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {import("./view.js").View} view
 * @param {Name[]} names
 * @param {{nameOf: (region: Region) => string, lit: import("./pictures.js").Box[],
 *   colours: import("./colours.js").Colours}} how
 */
export function writeNames(context, view, names, { nameOf, lit: pictures, colours }) {
  context.textAlign = "center";
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = colours.ground;
  /** @type {number[][]} */
  const boxes = [];
  for (const { region, count, lit } of names) {
    const place = view.screen(region.x, region.y);
    const [left, top] = lit ? above(place, pictures) : place;
    const text = lit ? `${nameOf(region)} · ${count.toLocaleString()}` : nameOf(region);
    context.font = `600 ${lit ? 17 : 14}px ${colours.font}`;
    context.fillStyle = lit ? colours.litInk : colours.quiet;
    const half = context.measureText(text).width / 2 + 6;
    if (left < half || left > view.width - half || top < 14 || top > view.height - 8) continue;
    if (!lit && pictures.some((box) => covers(box, left, top, half))) continue;
    if (boxes.some(([x, y, wide]) => Math.abs(x - left) < wide + half && Math.abs(y - top) < 22)) continue;
    boxes.push([left, top, half]);
    context.strokeText(text, left, top);
    context.fillText(text, left, top);
  }
}

/**
 * The place above the pictures that are near one.
 *
 * @param {number[]} place
 * @param {import("./pictures.js").Box[]} pictures
 */
function above([left, top], pictures) {
  const near = pictures.filter((box) => Math.hypot(box.left - left, box.top - top) < NEAR_PX);
  return [left, Math.max(20, Math.min(top, ...near.map((box) => box.top - box.side / 2)))];
}

/**
 * @param {import("./pictures.js").Box} box
 * @param {number} left
 * @param {number} top
 * @param {number} half
 */
const covers = (box, left, top, half) =>
  Math.abs(box.left - left) < box.side / 2 + half && Math.abs(box.top - top) < box.side / 2 + 8;
