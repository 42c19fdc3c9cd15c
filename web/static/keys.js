// The keyboard: / to write, arrows to walk through the pictures, ? to be told so.

import { press } from "./viewer/keys.js";
import { viewer } from "./viewer/viewer.js";

const box = document.getElementById("q"); // null on a page without the search form
const help = document.getElementById("help");

/** @type {Record<string, string>} */
const SIDES = { m: "more", l: "less" };

// Presses what belongs to the picture that has the focus.
/** @param {HTMLElement} target @param {string} what */
const act = (target, what) => target.closest(".tile")?.querySelector(what)?.click();

const shownFrames = () => [...document.querySelectorAll(".grid a.frame")];
/** @param {HTMLElement} target */
const writing = (target) => target.matches("input:not([type=checkbox]), textarea, select, [contenteditable]");

/**
 * @param {string} key
 * @param {HTMLElement} target
 */
function walk(key, target) {
  const all = shownFrames();
  const at = all.indexOf(target.closest(".tile")?.querySelector(".frame"));
  if (at < 0) return all[0];
  if (key === "ArrowRight") return all[at + 1];
  if (key === "ArrowLeft") return all[at - 1];
  return beside(all, at, key === "ArrowDown" ? 1 : -1);
}

/**
 * The picture in the next row that is the nearest to the middle of this one.
 *
 * @param {HTMLElement[]} all
 * @param {number} at
 * @param {number} step
 */
function beside(all, at, step) {
  const here = all[at].getBoundingClientRect();
  const middle = here.left + here.width / 2;
  let best = null;
  let row = null;
  for (let index = at + step; all[index]; index += step) {
    const there = all[index].getBoundingClientRect();
    if (Math.abs(there.top - here.top) < 2) continue;
    row ??= there.top;
    if (Math.abs(there.top - row) > 2) break;
    const away = Math.abs(there.left + there.width / 2 - middle);
    if (!best || away < best.away) best = { away, frame: all[index] };
  }
  return best?.frame;
}

/** @param {HTMLElement} tile */
function inSight(tile) {
  const { top, bottom } = tile.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

/** @param {PageEvents["keydown"]} event */
function onArrow(event) {
  const { key, target } = event;
  const onTile = target.closest(".tile");
  if (box && target === box ? key !== "ArrowDown" : writing(target)) return;
  if (onTile && !inSight(onTile)) {
    event.preventDefault();
    return onTile.scrollIntoView({ block: "center" }); // what is beside it comes with it
  }
  if (!onTile && target !== box && (key === "ArrowUp" || key === "ArrowDown")) return; // the page scrolls
  const next = walk(key, target);
  if (next) {
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  } else if (box && onTile && key === "ArrowUp") {
    event.preventDefault();
    box.focus();
  }
}

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (document.querySelector("dialog[open]:not(.over-answer)")) return;
  if (viewer() && key !== "?") {
    if ((key === "Escape" || !writing(target)) && press(key)) event.preventDefault();
  } else if (key.startsWith("Arrow")) onArrow(event);
  else if (key === "Enter" && event.shiftKey && box && target === box) {
    event.preventDefault();
    box.form.requestSubmit(box.form.querySelector(".keep"));
  } else if (key === "/" && box && !writing(target)) {
    event.preventDefault();
    box.focus();
    box.select();
  } else if (key === "?" && !writing(target)) help.showModal();
  else if (key in SIDES && !writing(target)) act(target, `[data-mark-as=${SIDES[key]}]`);
  else if (key === "x" && !writing(target)) act(target, ".select");
});

for (const opener of document.querySelectorAll("[data-help]")) opener.hidden = false;
document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-help]")) help.showModal();
});
