// Choosing a part of a picture to search by: a frame drawn on it, or its four edges moved by keys.

import { ask } from "./ask.js";
import { addressOf, fields, form } from "./form.js";

const dialog = document.getElementById("crop");
/** @type {Record<string, HTMLInputElement>} */
const edges = dialog.querySelector("form").elements;
const canvas = dialog.querySelector(".canvas");
const frame = dialog.querySelector(".frame-of");
const picture = dialog.querySelector("img");
/** @type {HTMLInputElement} */
let term = null; // the hidden input of the chip that is cropped

document.addEventListener("click", (event) => {
  const part = event.target.closest("[data-part]");
  if (!part) return;
  term = part.closest("[data-chip]").querySelector("input");
  picture.src = part.dataset.picture;
  put((term.value.split("@")[1] ?? "0,0,100,100").split(",").map(Number));
  dialog.returnValue = "";
  dialog.showModal();
});

/** @param {number[]} edges_ in percent */
function put([left, top, right, bottom]) {
  edges.left.value = String(left);
  edges.top.value = String(top);
  edges.right.value = String(right);
  edges.bottom.value = String(bottom);
  draw();
}

const chosen = () => [edges.left, edges.top, edges.right, edges.bottom].map((edge) => Number(edge.value));

function draw() {
  const [left, top, right, bottom] = chosen();
  frame.style.inset = `${top}% ${100 - right}% ${100 - bottom}% ${left}%`;
}

// Of two edges that meet, the one that is moved pushes the other.
dialog.addEventListener("input", ({ target }) => {
  for (const [low, high] of [
    [edges.left, edges.right],
    [edges.top, edges.bottom],
  ]) {
    if (Number(low.value) < Number(high.value)) continue;
    if (target === low) high.value = String(Number(low.value) + 1);
    else low.value = String(Number(high.value) - 1);
  }
  draw();
});

canvas.addEventListener("pointerdown", (down) => {
  down.preventDefault();
  canvas.setPointerCapture(down.pointerId);
  const box = picture.getBoundingClientRect();
  /** @param {number} value @param {number} from @param {number} size */
  const percent = (value, from, size) => Math.round(Math.min(1, Math.max(0, (value - from) / size)) * 100);
  const start = [percent(down.clientX, box.left, box.width), percent(down.clientY, box.top, box.height)];
  /** @param {PointerEvent} event */
  const move = (event) => {
    const x = percent(event.clientX, box.left, box.width);
    const y = percent(event.clientY, box.top, box.height);
    if (x === start[0] || y === start[1]) return;
    put([Math.min(x, start[0]), Math.min(y, start[1]), Math.max(x, start[0]), Math.max(y, start[1])]);
  };
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener("pointerup", () => canvas.removeEventListener("pointermove", move), { once: true });
});

dialog.addEventListener("close", () => {
  if (dialog.returnValue !== "crop" || !form.contains(term)) return;
  const edges_ = chosen();
  const whole = edges_.join() === "0,0,100,100";
  term.value = term.value.split("@")[0] + (whole ? "" : `@${edges_.join()}`);
  ask(addressOf(fields()));
});
