// Lets the pictures that stay between two answers glide to their new places, so that the eye keeps them.

const MOST = 40; // pictures that glide
const GLIDE_MS = 160;
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** @typedef {Map<string, DOMRect>} Places of pictures in the window, by id */

/**
 * Where the pictures are that are seen.
 *
 * @returns {Places}
 */
export function placesNow() {
  const places = new Map();
  if (still.matches) return places;
  for (const tile of document.querySelectorAll(".tile[data-picture-id]")) {
    const place = tile.getBoundingClientRect();
    if (place.bottom > 0 && place.top < innerHeight) places.set(tile.dataset.pictureId, place);
  }
  return places;
}

/**
 * Moves those pictures from where they were.
 *
 * @param {Places} places
 */
export function glideFrom(places) {
  if (!places.size) return;
  const moves = [];
  for (const tile of document.querySelectorAll(".tile[data-picture-id]")) {
    const [from, to] = [places.get(tile.dataset.pictureId), tile.getBoundingClientRect()];
    if (to.top > innerHeight || moves.length === MOST) break;
    if (from) moves.push({ tile, from, to });
  }
  for (const { tile, from, to } of moves) {
    const [x, y, scale] = [from.left - to.left, from.top - to.top, from.width / to.width];
    if (!x && !y && scale === 1) continue;
    tile.animate(
      [
        { transformOrigin: "0 0", transform: `translate(${x}px, ${y}px) scale(${scale})` },
        { transformOrigin: "0 0", transform: "none" },
      ],
      { duration: GLIDE_MS, easing: "cubic-bezier(.2, .7, .2, 1)" },
    );
  }
}
