// Selects by touch: a long press begins, and then a tap adds a picture or takes it out.

import { count } from "../selection.js";
import { toggle } from "./circles.js";

const LONG_MS = 400;
const STILL_PX = 10; // a finger that moves further scrolls

let timer = 0;
let pressed = false; // long enough: the click that follows is no opening
let touch = false; // the last pointer was a finger
let [x, y] = [0, 0];

/** @param {Event} event */
const tileOf = ({ target }) =>
  /** @type {Element} */ (target).closest?.(".frame")?.closest(".tile[data-picture-id]");

document.addEventListener(
  "pointerdown",
  (event) => {
    touch = event.pointerType === "touch";
    pressed = false;
    clearTimeout(timer);
    const tile = tileOf(event);
    if (!touch || !tile) return;
    [x, y] = [event.clientX, event.clientY];
    timer = setTimeout(() => {
      pressed = true;
      toggle(tile.dataset.pictureId);
      navigator.vibrate?.(15);
    }, LONG_MS);
  },
  true,
);
document.addEventListener("pointermove", ({ clientX, clientY }) => {
  if (Math.hypot(clientX - x, clientY - y) > STILL_PX) clearTimeout(timer);
});
for (const kind of ["pointerup", "pointercancel"]) document.addEventListener(kind, () => clearTimeout(timer));

// The browser's own menu of the link would come in the way.
document.addEventListener("contextmenu", (event) => {
  if (touch && tileOf(event)) event.preventDefault();
});

// Before all that opens a picture.
document.addEventListener(
  "click",
  (event) => {
    const tile = touch && tileOf(event);
    if (!tile || !(pressed || count())) return;
    event.preventDefault();
    event.stopPropagation();
    if (!pressed) toggle(tile.dataset.pictureId);
    pressed = false;
  },
  true,
);
