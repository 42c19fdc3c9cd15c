// Lets an answer be scrolled through to its end, and brings back the place where it was left.

import { AGAIN_MS as SILENT_MS, words } from "./ask.js";
import { Grid } from "./grid/grid.js";
import { Scrubber } from "./grid/scrubber.js";
import { Tiles } from "./grid/tiles.js";
import { setAnswer } from "./selection/answer.js";
import { isSelected } from "./selection.js";

const REST_MS = 400; // an answer that stays so long is about to be scrolled; half a word is not
const AGAIN_MS = 1000; // after it was laid, at the soonest, an answer that has changed is laid anew
const KEEP_MS = 150; // after the last scrolling, the place is kept

const notice = document.getElementById("notice");
/** @type {Grid} */
let grid = null;
/** @type {Scrubber} */
let scrubber = null;
let begun = new AbortController(); // of the answer that is shown
let laidAt = -AGAIN_MS;
let keeping = 0;
let anew = 0; // the timer of an answer that is laid anew, until it is
/** @type {string} the tile that is to get the focus when it is drawn */
let wanted = null;
let between = false; // two entries of the history: the address is of one, the answer still of the other

/** Where the answer is scrolled to, to be given to `ask`; null at its beginning. */
export const placeNow = () => grid?.place ?? null;

/** Lays the answer anew, where the size of its pictures has changed. */
export const layAnew = () => grid?.layAnew();

function begin() {
  between = false;
  begun.abort();
  clearTimeout(anew);
  anew = 0;
  takeOut();
  setAnswer(null);
  const list = document.querySelector(".grid[data-shapes]");
  if (!list) return;
  begun = new AbortController();
  const { signal } = begun;
  const place = history.state?.place ?? named();
  if (place) return lay(list, place, signal);
  const main = document.getElementById("main");
  if (scrollY > main.offsetTop) scrollTo({ top: main.offsetTop, behavior: "instant" }); // of another answer
  const start = () => {
    clearTimeout(timer);
    removeEventListener("scroll", start);
    if (!signal.aborted) lay(list, null, signal);
  };
  const timer = setTimeout(start, REST_MS);
  addEventListener("scroll", start, { signal });
}

/**
 * What the address names: a picture of the answer, or the rank that its page begins at.
 *
 * @returns {Place}
 */
function named() {
  const hit = /^#hit-(\d+)$/.exec(location.hash)?.[1];
  const rank = Number(hit ?? new URLSearchParams(location.search).get("start") ?? 1);
  return rank > 1 || hit ? { rank, found: hit ? rank : undefined } : null;
}

/**
 * @typedef {import("./grid/grid.js").Place} Place
 * @param {HTMLElement} list
 * @param {Place} place
 * @param {AbortSignal} signal
 */
async function lay(list, place, signal) {
  list.classList.toggle("finding", Boolean(place));
  try {
    const answer = await fetch(list.dataset.shapes, { signal });
    if (!answer.ok) throw new Error(answer.statusText);
    const told = await answer.json();
    if (signal.aborted || !told.ids.length) return;
    if (notice.textContent === words.silent) notice.textContent = "";
    list.classList.remove("finding"); // what is hidden takes no focus
    if (grid) place = end(list);
    const tiles = new Tiles(
      list.dataset.tiles,
      () => grid?.draw(),
      () => (notice.textContent = words.silent),
    );
    for (const more of document.querySelectorAll("p.more")) more.remove();
    /** @param {HTMLElement} tile @param {number} rank */
    const drawn = (tile, rank) => {
      tile.querySelector(".select").checked = isSelected(tile.dataset.pictureId);
      tile.classList.toggle("found", rank === place?.found);
      if (tile.id !== (place?.focus ?? wanted)) return;
      tile.querySelector(".frame").focus({ preventScroll: true });
      if (place) delete place.focus; // once is enough
      wanted = null;
    };
    grid = new Grid(list, told, tiles, { drawn, changed: () => again(list, signal) });
    setAnswer(told);
    history.scrollRestoration = "manual";
    if (place) grid.show(place);
    if (told.years) scrubber = new Scrubber(grid, told.headings, told.years, list.dataset.rail);
  } catch (/** @type {any} */ error) {
    if (error.name === "AbortError") return;
    notice.textContent = words.silent; // meanwhile the links can be followed by hand
    setTimeout(() => signal.aborted || lay(list, place, signal), SILENT_MS);
  } finally {
    laidAt = performance.now();
    list.classList.remove("finding");
  }
}

/**
 * The collection went on: its pictures are asked for anew, though not more often than they can come.
 *
 * @param {HTMLElement} list
 * @param {AbortSignal} signal
 */
function again(list, signal) {
  const asking = async () => {
    await lay(list, null, signal);
    if (!signal.aborted) anew = 0;
  };
  anew ||= setTimeout(asking, laidAt + AGAIN_MS - performance.now());
}

/**
 * Makes room for what comes in the place of the grid, and tells where it was scrolled to.
 *
 * @param {HTMLElement} list
 */
function end(list) {
  const place = placeNow();
  takeOut();
  list.replaceChildren();
  return place;
}

function takeOut() {
  grid?.end();
  scrubber?.end();
  grid = scrubber = null;
}

function keep() {
  if (!grid || between) return;
  const { state } = history;
  history.replaceState({ ...state, place: placeNow() }, "");
}

addEventListener(
  "scroll",
  () => {
    clearTimeout(keeping);
    keeping = setTimeout(keep, KEEP_MS);
  },
  { passive: true },
);
addEventListener("pagehide", keep);
addEventListener("popstate", () => (between = true));
addEventListener("hashchange", () => {
  const place = named();
  if (place) grid?.show(place);
});
// The viewer is left at another picture than it was opened at: the answer follows.
document.addEventListener("limn:closed", (/** @type {CustomEvent} */ { detail }) => {
  const { rank, opener } = detail;
  wanted = `hit-${rank}`;
  const shown = document.getElementById(wanted)?.getBoundingClientRect();
  if (grid && rank && !(shown?.bottom > 0 && shown.top < innerHeight))
    grid.show({ rank, by: innerHeight / 3 });
  const frame = document.querySelector(`#${wanted} .frame`) ?? (rank ? null : opener);
  frame?.focus({ preventScroll: Boolean(grid) });
  if (frame) wanted = null;
});
document.addEventListener("limn:shown", begin);
begin();
