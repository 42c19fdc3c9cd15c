// Asks the server for a page and puts its parts in place of this one's: the address tells everything.

import { glideFrom, placesNow } from "./glide.js";

const main = () => document.getElementById("main");
const told = document.getElementById("told");
const notice = document.getElementById("notice"); // null on a page without the search form
export const words = document.getElementById("words").dataset;

export const AGAIN_MS = 5000; // after no answer, until the same is asked again
/** The address that the page shows, without the place on it. */
export const shownAt = { address: location.pathname + location.search };

/** @type {AbortController} */
let asking = null; // the request under way; a newer one takes its place
/** @type {Promise<unknown>} */
let chips = Promise.resolve(); // until the chips are those of the address
let again = 0; // the timer of a question that got no answer

/**
 * Shows the page at `address`. `entry` is "push", "replace" or "none": what becomes of the history.
 * Without an answer this page stays, and the same is asked again. With `keepChips` the chips stay as they are, because one of them is being moved; `place` is where
 * the new answer is to be scrolled to.
 *
 * @typedef {import("./grid/grid.js").Place} Place
 * @param {string} address
 * @param {{entry?: string, keepChips?: boolean, typing?: boolean, place?: Place}} options
 */
export function ask(address, { entry = "push", keepChips = false, typing = false, place } = {}) {
  const shown = answer(address, entry, keepChips, { typing, place });
  if (!keepChips) chips = shown;
  return shown;
}

/** Waits until the chips stand that were asked for: only then the form tells the whole question. */
export const chipsShown = () => chips;

/**
 * @param {string} address
 * @param {string} entry
 * @param {boolean} keepChips
 * @param {{typing: boolean, place: Place}} state
 */
async function answer(address, entry, keepChips, state) {
  asking?.abort();
  clearTimeout(again);
  const mine = (asking = new AbortController());
  document.body.classList.add("waiting");
  main().setAttribute("aria-busy", "true");
  try {
    const page = await fetchPage(address, mine.signal);
    // Such as to sign in; or the server has other scripts and styles now than this page.
    if (!page.querySelector(".options") || sheetOf(page) !== sheetOf(document))
      return location.assign(address);
    notice.textContent = "";
    const shown = page.documentElement.dataset.address ?? address;
    if (entry === "push") history.pushState(state, "", shown);
    if (entry === "replace") history.replaceState(state, "", shown);
    shownAt.address = location.pathname + location.search;
    show(page, keepChips);
  } catch (/** @type {any} */ error) {
    if (error.name === "AbortError" || asking !== mine) return;
    notice.textContent = words.silent;
    again = setTimeout(() => ask(address, { entry, keepChips, ...state }), AGAIN_MS);
  }
  if (asking !== mine) return;
  asking = null;
  document.body.classList.remove("waiting");
  main().removeAttribute("aria-busy");
}

/**
 * The page at an address, as a document; an error is a page too.
 *
 * @param {string} address
 * @param {AbortSignal} [signal]
 */
export async function fetchPage(address, signal) {
  const answer = await fetch(address, { signal, headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!page.getElementById("main")) throw new Error("no page of Limn's");
  if (answer.redirected) page.documentElement.dataset.address = answer.url;
  return page;
}

/**
 * A part of a page, as the server answers it; null where it has none or does not answer.
 *
 * @param {string} address
 */
export async function fetchPart(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (!answer.ok) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html").body;
  } catch {
    return null;
  }
}

/**
 * The address of a page's stylesheet, which has the version of all its files.
 *
 * @param {Document} page
 */
const sheetOf = (page) => page.querySelector("link[rel=stylesheet]").getAttribute("href");

/**
 * Puts the main part of a page in place of this one's; what stays, as a drawn map, is taken over.
 *
 * @param {HTMLElement} next
 */
function replaceMain(next) {
  const last = main();
  const held = /** @type {HTMLElement} */ (document.activeElement);
  last.before(next);
  for (const part of next.querySelectorAll("[data-stays]")) {
    const same = last.querySelector(`[data-stays="${CSS.escape(part.dataset.stays)}"]`);
    if (same) part.replaceWith(same);
  }
  last.remove();
  // What is moved loses the focus.
  if (held !== document.activeElement && held.isConnected) held.focus({ preventScroll: true });
}

/**
 * @param {Document} page
 * @param {boolean} keepChips
 */
function show(page, keepChips) {
  const places = placesNow();
  document.title = page.title;
  document.body.className = page.body.className;
  replaceMain(page.getElementById("main"));
  for (const part of document.querySelectorAll("[data-swap]")) {
    const next = page.querySelector(`[data-swap=${part.dataset.swap}]`);
    if (next && !(keepChips && part.querySelector("[data-chip]"))) part.replaceWith(next);
  }
  // What was read of the words changes while they are typed.
  const readings = page.querySelector(".readings");
  if (readings) document.querySelector(".readings")?.replaceWith(readings);
  const heading = main().querySelector("h1");
  const said = main().querySelector("[data-told]");
  told.textContent = [heading, said].map((part) => part?.textContent.trim() ?? "").join(" · ");
  document.dispatchEvent(new CustomEvent("limn:shown"));
  glideFrom(places);
}
