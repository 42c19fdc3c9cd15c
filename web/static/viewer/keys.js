// The keys of the viewer; those of the answer below it wait until it is left.

import { leave, stageNow, toggleFull, toggleSide, viewer, walk } from "./viewer.js";

const PAN_PX = 80;
const ZOOM = 1.6;

/** @type {Record<string, [number, number]>} */
const WAYS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** @type {Record<string, string>} what a key presses */
const PRESSED = {
  m: "[data-mark-as=more]",
  l: "[data-mark-as=less]",
  s: "[data-similar]",
  d: "[data-download]",
  w: "[data-look=places]",
  t: "[data-look=text]",
  p: "[data-part-of]",
  x: "[data-select]",
};

/** Undoes one thing: an open menu, the frame, a close look, then the viewer itself. */
function undo() {
  const menu = viewer().querySelector("details.menu[open]");
  const stage = stageNow();
  if (menu) menu.removeAttribute("open");
  else if (stage.part.drop()) return;
  else if (stage.scale > 1) stage.zoom(1 / stage.scale);
  else leave();
}

/** @param {string} key */
function toward(key) {
  const [x, y] = WAYS[key];
  const stage = stageNow();
  if (stage.scale > 1) stage.pan(x * PAN_PX, y * PAN_PX);
  else if (x) walk(x > 0 ? "prev" : "next");
  else return false;
  return true;
}

/**
 * Does what a key does in the viewer; false where it does nothing.
 *
 * @param {string} key
 */
export function press(key) {
  const stage = stageNow();
  if (!stage) {
    if (key === "Escape") leave();
    return key === "Escape";
  }
  if (key in WAYS) return toward(key);
  if (key === "Escape") undo();
  else if (key === "f") toggleFull();
  else if (key === "i") toggleSide();
  else if (key === "+" || key === "=") stage.zoom(ZOOM);
  else if (key === "-") stage.zoom(1 / ZOOM);
  else if (key === "z") stage.zoom(stage.scale > 1 ? 1 / stage.scale : ZOOM ** 2);
  else if (key === "b") viewer().querySelector(".boarding summary")?.click();
  else if (key in PRESSED) viewer().querySelector(PRESSED[key])?.click();
  else return false;
  return true;
}
