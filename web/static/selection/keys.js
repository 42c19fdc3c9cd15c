// The keys of the selection: Shift+X selects a range, Ctrl+A all, B puts on a board, D downloads, Esc clears.

import { count } from "../selection.js";
import { chooseAll, chooseTo, toggle } from "./circles.js";
import { clear, download, openBoards } from "./tray.js";

/** @param {HTMLElement} target */
const writing = (target) => target.matches("input:not([type=checkbox]), textarea, select, [contenteditable]");

/**
 * Whether something is selected: the picture that has the focus, if nothing else.
 *
 * @param {HTMLElement} target
 */
function something(target) {
  const id = target.closest(".tile")?.dataset.pictureId;
  if (!count() && id) toggle(id);
  return count() > 0;
}

/** @type {Record<string, (target: HTMLElement) => boolean>} whether there was something to do */
const KEYS = {
  X: (target) => {
    const tile = target.closest(".tile");
    if (tile) chooseTo(tile.dataset.pictureId, true);
    return Boolean(tile);
  },
  b: (target) => something(target) && openBoards(),
  d: (target) => something(target) && download(),
  Escape: () => {
    const open = document.querySelector("#select details[open]");
    if (open) {
      open.removeAttribute("open");
      open.querySelector("summary").focus();
    } else if (document.querySelector("[data-back]") || !count()) return false;
    else clear();
    return true;
  },
};

if (document.getElementById("select"))
  document.addEventListener(
    "keydown",
    (event) => {
      const { key, target } = event;
      if (event.altKey || document.querySelector("dialog[open]")) return;
      const inTray = target.closest("#select") !== null;
      if (writing(target) && !(key === "Escape" && inTray)) return;
      let done = false;
      if (event.ctrlKey || event.metaKey) {
        done = key === "a" && target.closest(".grid") !== null;
        if (done) chooseAll();
      } else done = KEYS[key]?.(target) ?? false;
      if (!done) return;
      event.preventDefault();
      event.stopImmediatePropagation(); // Esc undoes one thing
    },
    true,
  );
