// Selects by the circles: one, a range with Shift, several in one sweep, all under a heading, all of the answer.

import { made } from "../grid/tiles.js";
import { isSelected, select } from "../selection.js";
import { idsKnownUnder, idsUnder, knownIds, wholeAnswer } from "./answer.js";
import { silent, tooMany, words } from "./tray.js";

/** The picture that a range begins at. */
let anchor = "";
let shift = false; // held down while the pointer or the key went down
/** @type {{from: HTMLElement, on: boolean, moved: boolean}} */
let sweep = null;

/**
 * @param {string[]} ids
 * @param {boolean} on
 */
const choose = (ids, on) => select(ids, on) || tooMany();

/**
 * Selects all from the picture that was selected last to this one, in the order of the answer.
 *
 * @param {string} id
 * @param {boolean} on
 */
export function chooseTo(id, on) {
  const ids = knownIds();
  const [from, to] = [ids.indexOf(anchor), ids.indexOf(id)];
  choose(from < 0 || to < 0 ? [id] : ids.slice(Math.min(from, to), Math.max(from, to) + 1), on);
  anchor = id;
}

/** @param {string} id */
export function toggle(id) {
  anchor = id;
  choose([id], !isSelected(id));
}

export const chooseAll = () => chooseTold(wholeAnswer(), true);

/**
 * @param {Promise<string[]>} ids
 * @param {boolean} on
 */
async function chooseTold(ids, on) {
  try {
    choose(await ids, on);
  } catch {
    silent();
  }
}

/**
 * The circle that selects all under a heading.
 *
 * @param {string} heading
 */
function circle(heading) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "day";
  button.ariaPressed = "false";
  button.ariaLabel = words.day.replace("{what}", heading);
  button.append(made('<svg viewBox="0 0 24 24" aria-hidden="true"><path d="m5 12.5 4.5 4.5L19 7.5"/></svg>'));
  return button;
}

/** Gives each heading its circle, filled where all under it are selected. */
function dress() {
  if (!words.day) return;
  for (const group of document.querySelectorAll(".grid .group:not(.rule)")) {
    let button = group.querySelector(".day");
    if (!button) group.prepend((button = circle(group.textContent.trim())));
    const ids = idsKnownUnder(group);
    button.ariaPressed = String(ids.length > 0 && ids.every(isSelected));
  }
}

document.addEventListener("change", ({ target }) => {
  if (!target.matches(".select")) return;
  if (shift) return chooseTo(target.value, target.checked);
  anchor = target.value;
  choose([target.value], target.checked);
});

document.addEventListener("click", ({ target }) => {
  const day = target.closest(".day");
  if (day) chooseTold(idsUnder(day.closest(".group")), day.ariaPressed !== "true");
  else if (target.closest("[data-select-all]")) chooseAll();
});

document.addEventListener("keydown", (event) => (shift = event.shiftKey), true);

// -- a sweep: the mouse goes down on a circle and over other pictures

/** @param {Event} event */
const tileOf = ({ target }) => /** @type {Element} */ (target).closest?.(".tile[data-picture-id]");

document.addEventListener(
  "pointerdown",
  (event) => {
    shift = event.shiftKey;
    const from = tileOf(event);
    if (event.pointerType !== "mouse" || event.button || !from || !event.target.closest(".tick")) return;
    sweep = { from, on: !isSelected(from.dataset.pictureId), moved: false };
  },
  true,
);
document.addEventListener("selectstart", (event) => sweep && event.preventDefault());
document.addEventListener("pointerover", (event) => {
  const tile = tileOf(event);
  if (!sweep || !tile || (tile === sweep.from && !sweep.moved)) return;
  const ids = sweep.moved
    ? [tile.dataset.pictureId]
    : [sweep.from, tile].map((each) => each.dataset.pictureId);
  sweep.moved = true;
  choose(ids, sweep.on);
  anchor = tile.dataset.pictureId;
});
document.addEventListener("pointerup", () => {
  const moved = sweep?.moved;
  sweep = null;
  if (!moved) return;
  // Where the sweep ends on the circle that it began at, the browser would click it.
  /** @param {Event} event */
  const stop = (event) => event.preventDefault();
  document.addEventListener("click", stop, { capture: true, once: true });
  setTimeout(() => document.removeEventListener("click", stop, true));
});

for (const kind of ["limn:shown", "limn:selected", "limn:answer", "limn:headings"])
  document.addEventListener(kind, dress);
dress();
