// The viewer: a picture's page laid over the answer. Each picture is an entry of the history, so Back
// leads to the same place; opened by its address, the same part is a page.

import { fetchPage, shownAt, words } from "../ask.js";
import { Stage } from "./stage.js";

const PICTURE = /\/pictures\/\d+$/; // the end of a picture's address
const KEPT = 8; // pages of neighbours that are kept
const SOON_MS = 60; // without an answer for so long, the tile's picture is shown

/** @type {HTMLDialogElement} */
let dialog = null;
/** @type {Stage} */
let stage = null;
let answerTitle = document.title;
/** @type {AbortController} */
let asking = null;
/** @type {HTMLElement} the link that was followed, for the focus to return to */
let opener = null;
/** @type {Map<string, Promise<Document>>} pages of neighbours by their address */
const pages = new Map();

/** The viewer that is shown, over an answer or as the page. */
export const viewer = () =>
  /** @type {HTMLElement} */ (document.querySelector("dialog[open] .viewer, main > .viewer"));

/** What is shown of the picture: its zoom, and the frame on it. */
export const stageNow = () => stage;

/** @param {string} address */
const isPicture = (address) => PICTURE.test(new URL(address, location.href).pathname);

/**
 * A picture's page; it is asked for once.
 *
 * @param {string} address
 * @returns {Promise<Document>}
 */
function pageOf(address) {
  const known = pages.get(address);
  if (known) return known;
  const page = fetchPage(address);
  page.catch(() => pages.delete(address));
  pages.set(address, page);
  if (pages.size > KEPT) pages.delete(pages.keys().next().value);
  return page;
}

/**
 * Shows the picture at an address. `entry` is "push", "replace" or "none": what becomes of the history.
 *
 * @param {string} address
 * @param {"push" | "replace" | "none"} entry
 */
export async function show(address, entry = "push") {
  asking?.abort();
  const mine = (asking = new AbortController());
  const { depth = 0 } = history.state ?? {};
  const soon = setTimeout(() => mine.signal.aborted || preview(), SOON_MS);
  try {
    const page = await pageOf(address);
    if (mine.signal.aborted) return;
    const next = page.querySelector(".viewer");
    if (!next) return location.assign(address); // an error is a page of its own
    if (entry === "push") history.pushState({ depth: depth + 1 }, "", address);
    if (entry === "replace") history.replaceState({ depth }, "", address);
    put(/** @type {HTMLElement} */ (next.cloneNode(true)));
    document.title = page.title;
  } catch {
    if (mine.signal.aborted) return;
    if (!viewer()) preview();
    if (viewer()) tell(words.silent);
    else location.assign(address);
  } finally {
    clearTimeout(soon);
  }
}

/**
 * Tells on the viewer that something went wrong; what is shown stays.
 *
 * @param {string} message
 */
function tell(message) {
  const told = viewer().querySelector(".told") ?? document.createElement("p");
  told.className = "told";
  told.role = "alert";
  viewer().append(told);
  told.textContent = message;
}

/** Shows the picture of the tile that was opened, until its page comes. */
function preview() {
  const shot = /** @type {HTMLImageElement} */ (opener?.querySelector(".shot"));
  if (viewer() || !shot?.currentSrc) return;
  const shown = document.createElement("div");
  shown.className = "viewer coming";
  const paper = document.createElement("div");
  paper.className = "paper";
  const large = Object.assign(new Image(), { className: "large", src: shot.currentSrc, alt: shot.alt });
  paper.append(large);
  shown.append(paper);
  lay(shown);
}

/** @param {HTMLElement} shown */
function lay(shown) {
  answerTitle = document.title;
  dialog = document.createElement("dialog");
  dialog.className = "over-answer";
  dialog.tabIndex = -1; // so that no control has a ring before somebody uses the keyboard
  dialog.append(shown);
  dialog.addEventListener("cancel", (event) => event.preventDefault()); // Esc undoes one thing at a time
  document.body.append(dialog);
  dialog.showModal();
}

/** @param {HTMLElement} next */
function put(next) {
  const old = viewer();
  const { rel, dataset } = /** @type {HTMLAnchorElement} */ (
    old?.querySelector("a[rel]:focus, a[data-look]:focus") ?? document.createElement("a")
  );
  const again = rel ? `[rel=${rel}]` : dataset.look && `[data-look=${dataset.look}]`;
  stage?.end();
  const small = /** @type {HTMLImageElement} */ (
    old?.querySelector(".coming .large") ?? next.querySelector(".strip [aria-current] img")
  );
  const large = /** @type {HTMLImageElement} */ (next.querySelector(".large"));
  if (small) large.style.background = `url("${small.currentSrc || small.src}") center / contain no-repeat`;
  if (old) old.replaceWith(next);
  else lay(next);
  dialog?.setAttribute("aria-label", next.querySelector("h1").textContent);
  begin(next);
  if (old) (again && next.querySelector(again))?.focus({ preventScroll: true });
}

/** @param {HTMLElement} next */
function begin(next) {
  for (const each of next.querySelectorAll("[data-full], [data-side], [data-part-of]")) each.hidden = false;
  next.querySelector("[data-select]").hidden = !document.getElementById("select"); // no tray, no selection
  sideShown(localStorage.getItem("side") !== "closed");
  stage = new Stage(next, walk);
  if (location.hash === "#copies") next.querySelector("#copies")?.scrollIntoView();
  next.querySelector(".strip [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
  if (dialog && !next.contains(document.activeElement)) dialog.focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent("limn:viewed"));
  prepare(next);
}

/**
 * Asks for the neighbours before they are wanted: their pages and pictures.
 *
 * @param {HTMLElement} shown
 */
async function prepare(shown) {
  const large = /** @type {HTMLImageElement} */ (shown.querySelector(".large"));
  await large.decode().catch(() => {});
  large.style.background = "";
  if (!shown.isConnected) return;
  /** @type {NodeListOf<HTMLAnchorElement>} */
  const links = shown.querySelectorAll(".step[rel]");
  for (const link of links) {
    const page = await pageOf(link.href).catch(() => /** @type {Document} */ (null));
    const next = /** @type {HTMLImageElement} */ (page?.querySelector(".viewer .large"));
    if (!next || !shown.isConnected) continue;
    const image = new Image();
    image.sizes = next.sizes;
    image.srcset = next.srcset;
  }
}

/** Shows the picture as it is now, after something of it has changed. */
export function renew() {
  pages.clear();
  return show(location.href, "none");
}

/** @param {"prev" | "next"} way */
export function walk(way) {
  /** @type {HTMLAnchorElement} */
  const link = viewer()?.querySelector(`.step[rel=${way}]`);
  if (link) show(link.href);
}

/** Goes back to the answer that the viewer lies over, or to the one that its page names. */
export function leave() {
  const { depth = 0 } = history.state ?? {};
  if (dialog && depth) history.go(-depth);
  else if (dialog)
    close(); // the page of the picture has not come yet
  else location.assign(viewer().querySelector("[data-back]").getAttribute("href"));
}

/** Takes the viewer away: the answer below it is what the address names again. */
export function close() {
  if (!dialog) return;
  asking?.abort();
  const rank = viewer()?.dataset.rank;
  stage?.end();
  stage = null;
  dialog.remove();
  dialog = null;
  document.title = answerTitle;
  document.dispatchEvent(new CustomEvent("limn:closed", { detail: { rank: Number(rank), opener } }));
}

/** @param {boolean} shown */
function sideShown(shown) {
  viewer()?.classList.toggle("alone", !shown);
  viewer()?.querySelector(".top [data-side]")?.setAttribute("aria-pressed", String(shown));
}

export function toggleSide() {
  const shown = viewer().classList.contains("alone");
  localStorage.setItem("side", shown ? "open" : "closed");
  sideShown(shown);
}

export function toggleFull() {
  if (document.fullscreenElement) document.exitFullscreen();
  else viewer()?.requestFullscreen?.();
}

document.addEventListener("click", (event) => {
  const { target } = event;
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const shown = target.closest(".viewer");
  if (shown && target.closest("[data-side]")) return toggleSide();
  if (shown && target.closest("[data-full]")) return toggleFull();
  const link = /** @type {HTMLAnchorElement} */ (target.closest("a[href]"));
  if (!link || link.origin !== location.origin || link.hasAttribute("download")) return;
  if (shown && link.matches("[data-back]") && dialog) {
    event.preventDefault();
    leave();
  } else if (isPicture(link.href) && (shown || document.querySelector("form.search"))) {
    event.preventDefault();
    if (!shown) opener = link;
    show(link.href, link.matches("[data-look]") ? "replace" : "push");
  }
});

// Before others see it: an entry of a picture belongs to the viewer, and so does the one below it.
addEventListener("popstate", (event) => {
  if (isPicture(location.href)) {
    event.stopImmediatePropagation();
    show(location.href, "none");
  } else if (dialog) {
    if (shownAt.address === location.pathname + location.search) event.stopImmediatePropagation();
    close();
  } else if (viewer()) location.reload(); // the page of a picture, whose answer was not loaded
});

if (viewer()) begin(viewer());
