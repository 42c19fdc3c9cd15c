// Facets: a pill opens what can be chosen below it; what is chosen is counted before it is shown.

import { ask, fetchPart } from "./ask.js";
import { fieldsOf } from "./form.js";
import { place, prepareDates } from "./facet_sheet.js";
import "./facet_map.js";

const REST_MS = 120;

const opener = (/** @type {string} */ name) => document.querySelector(`[data-facet="${CSS.escape(name)}"]`);
const sheet = () => document.querySelector(".sheet.facet");
const plain = (/** @type {MouseEvent} */ event) => !(event.ctrlKey || event.metaKey || event.shiftKey);

let opening = 0; // a newer one takes the place of one under way
/** @type {string} */
let returning = null; // the facet whose pill gets the focus when the answer comes

/** @param {string} address */
const remember = (address) => history.replaceState(history.state, "", address);

/**
 * Opens what the link of a facet leads to, below the pill that the link is in.
 *
 * @param {HTMLAnchorElement} link
 */
async function open(link) {
  const mine = ++opening;
  const part = await fetchPart(`/facet${link.search}`);
  const next = part?.querySelector(".sheet");
  if (!next || mine !== opening) return;
  const pill = link.closest(".pill");
  close();
  pill.append(next);
  pill.querySelector(".opener").setAttribute("aria-expanded", "true");
  remember(link.href);
  show(next);
  next.querySelector("input:not([type=hidden]), select, .item")?.focus({ preventScroll: true });
}

/** @param {HTMLElement} next */
function show(next) {
  prepareDates(next);
  place(next);
}

/** Closes what is open; true if anything was. */
function close() {
  const open = sheet();
  if (!open) return false;
  const address = open.querySelector("[data-close]").getAttribute("href");
  open.closest(".pill").querySelector(".opener").setAttribute("aria-expanded", "false");
  open.remove();
  remember(address);
  return true;
}

function closeAndReturn() {
  const pill = sheet()?.closest(".pill").querySelector(".opener");
  if (close()) pill.focus();
  return Boolean(pill);
}

document.addEventListener("click", (event) => {
  const { target } = event;
  if (!plain(event)) return;
  /** @type {HTMLAnchorElement} */
  const link = target.closest("a[data-facet]");
  if (link) {
    event.preventDefault();
    if (link.ariaExpanded === "true") closeAndReturn();
    else open(link);
  } else if (target.closest("[data-close]")) {
    event.preventDefault();
    closeAndReturn();
  } else if (target.closest("a[data-returns]")) {
    event.preventDefault();
    const chosen = target.closest("a[data-returns]");
    showAnswer(chosen.getAttribute("href"), chosen.dataset.returns);
  } else if (!target.closest(".sheet.facet")) close();
});

document.addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Escape" || !sheet()) return;
    event.stopPropagation();
    closeAndReturn();
  },
  true,
);

/**
 * @param {string} address
 * @param {string} facet
 */
function showAnswer(address, facet) {
  returning = facet;
  return ask(address);
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches(".facet-form")) return;
  event.preventDefault();
  showAnswer(
    `${event.target.getAttribute("action")}?${fieldsOf(event.target)}`,
    event.target.dataset.returns,
  );
});

// -- what the form would leave

let resting = 0;

/** @param {HTMLFormElement} form */
function recount(form) {
  clearTimeout(resting);
  resting = setTimeout(async () => {
    const part = await fetchPart(`${form.getAttribute("action")}/count?${fieldsOf(form)}`);
    const button = part?.querySelector("[data-show]");
    if (button && form.isConnected) form.querySelector("[data-show]").replaceWith(button);
  }, REST_MS);
}

for (const kind of /** @type {const} */ (["input", "change"]))
  document.addEventListener(kind, ({ target }) => {
    const form = target.closest("form.facet-form");
    if (form) recount(/** @type {HTMLFormElement} */ (form));
  });

// -- a new answer, and the bar above the line

document.addEventListener("limn:shown", () => {
  const open = sheet();
  if (open) show(open);
  if (returning) (open?.querySelector("[aria-invalid]") ?? opener(returning) ?? opener("more"))?.focus();
  returning = null;
});
if (sheet()) show(sheet());

addEventListener("resize", () => sheet() && place(sheet()));
new ResizeObserver(([{ target }]) => {
  document.documentElement.style.setProperty("--bar-height", `${target.getBoundingClientRect().height}px`);
}).observe(document.querySelector(".bar"));
