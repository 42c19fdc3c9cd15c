// Which pictures are selected, from however many answers: this tab keeps them until they are used or cleared.

const KEY = "limn-selection";

const form = document.getElementById("select"); // null on a page without a tray
const MOST = Number(form?.dataset.most ?? 0); // what the server takes at once

/** @type {Map<string, string>} titles by id, in the order in which they were selected */
let selected = stored();
/** They were put to use: the next one begins another selection. */
let spent = false;

/** @param {string} id */
export const isSelected = (id) => selected.has(id) && !spent;

/** The selected ids with their titles, in order. */
export const entries = () => [...selected];

/** How many are selected and were not put to use. */
export const count = () => (spent ? 0 : selected.size);

/** What stays selected only until `forget` is called, or another picture is selected. */
export function spend() {
  spent = true;
  tell();
}

/** Takes back that the selection was put to use. */
export function keep() {
  spent = false;
  tell();
}

/** Ends a selection that was put to use. */
export function forget() {
  if (spent) replace([]);
}

/**
 * Selects other pictures in place of these.
 *
 * @param {[string, string][]} others
 */
export function replace(others) {
  spent = false;
  selected = new Map(others);
  write();
}

/**
 * Adds pictures to the selection or takes them out; returns whether there was room for all.
 *
 * @param {string[]} ids
 * @param {boolean} on
 */
export function select(ids, on) {
  if (spent) selected.clear();
  spent = false;
  const titles = ids.length > 1 ? titlesShown() : null;
  let room = true;
  for (const id of ids) {
    if (!on) selected.delete(id);
    else if (selected.size < MOST || selected.has(id)) selected.set(id, titles?.get(id) ?? titleOf(id));
    else room = false;
  }
  write();
  return room;
}

/** @param {string} id */
const titleOf = (id) =>
  /** @type {HTMLImageElement} */ (document.querySelector(`[data-picture-id="${id}"] .shot`))?.alt ?? "";

function titlesShown() {
  const tiles = [...document.querySelectorAll("[data-picture-id]")];
  return new Map(
    tiles.map((tile) => [
      tile.dataset.pictureId,
      /** @type {HTMLImageElement} */ (tile.querySelector(".shot"))?.alt ?? "",
    ]),
  );
}

/** @returns {Map<string, string>} */
function stored() {
  try {
    return new Map(JSON.parse(sessionStorage.getItem(KEY) ?? "[]"));
  } catch {
    return new Map(); // a browser that stores nothing selects for this page alone
  }
}

function write() {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(entries()));
  } catch {
    // as above
  }
  tell();
}

/** Shows in the circles what is selected; a new answer has new circles. */
function paint() {
  for (const box of document.querySelectorAll(".select")) box.checked = isSelected(box.value);
}

function tell() {
  paint();
  document.dispatchEvent(new CustomEvent("limn:selected"));
}

function begin() {
  for (const { value } of document.querySelectorAll("[data-was-selected]"))
    selected.set(value, titleOf(value));
  tell();
}

document.addEventListener("limn:shown", paint);
// Coming back, the browser may show the page as it was left; another may have changed the selection.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  selected = stored();
  spent = false;
  tell();
});
if (form) begin();
