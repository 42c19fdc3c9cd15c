// The filter panel: its links and forms search in place, dates and places are drawn with the pointer.

import { ask } from "./ask.js";
import { fieldsOf, form } from "./form.js";
import { search } from "./live.js";

const panel = () => document.querySelector(".panel");

// The panel comes anew with each answer: whoever used it goes on where they were.
/** @type {{top: number, focus: string, open: boolean[]}} */
let kept = null;

function keep() {
  const shown = panel();
  kept = shown && {
    top: shown.scrollTop,
    focus: document.activeElement?.closest("[data-key]")?.dataset.key,
    open: [...shown.querySelectorAll("details")].map((each) => each.open),
  };
}

function restore() {
  const shown = panel();
  for (const hidden of document.querySelectorAll("[data-histogram] .ends")) hidden.hidden = false;
  if (!shown || !kept) return;
  const details = [...shown.querySelectorAll("details")];
  if (details.length === kept.open.length) details.forEach((each, n) => (each.open ||= kept.open[n]));
  shown.scrollTop = kept.top;
  const focused = [...shown.querySelectorAll("[data-key]")].find(({ dataset }) => dataset.key === kept.focus);
  focused?.focus({ preventScroll: true });
  kept = null;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest(".panel a, a[data-filters]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(link.getAttribute("href"), link);
});

/**
 * @param {string} address
 * @param {HTMLElement} from
 */
async function go(address, from) {
  keep();
  const opener = from.matches("[data-filters]");
  if (opener)
    await toggle(); // its address is from before what was typed since
  else await ask(address);
  if (opener || from.dataset.key === "close") {
    (panel()?.querySelector("a") ?? document.querySelector("a[data-filters]"))?.focus();
  }
}

function toggle() {
  const open = form.querySelector("[name=panel]");
  if (open) open.remove();
  else
    form
      .querySelector(".options")
      .append(Object.assign(document.createElement("input"), { type: "hidden", name: "panel", value: "1" }));
  return search();
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches(".narrow")) return;
  event.preventDefault();
  narrow(event.target);
});

/** @param {HTMLFormElement} asking */
function narrow(asking) {
  keep();
  ask(`${asking.getAttribute("action")}?${fieldsOf(asking)}`);
}

// -- dates: two ends over the histogram

document.addEventListener("input", ({ target }) => {
  /** @type {HTMLFormElement} */
  const dates = target.closest("[data-histogram]");
  if (!dates || !target.dataset.end) return;
  const ends = dates.querySelectorAll("[data-end]");
  const [least, most] = [...ends].map((end) => Number(end.value));
  if (least > most) target.value = String(target.dataset.end === "least" ? most : least); // neither passes the other
  const [first, last] = [...ends].map((end) => Number(end.value));
  dates.elements.least.selectedIndex = first;
  dates.elements.most.selectedIndex = last;
  for (const end of ends) end.ariaValueText = dates.elements[end.dataset.end].value;
  dates.querySelectorAll("rect").forEach((bar, n) => bar.classList.toggle("outside", n < first || n > last));
});

let resting = 0;
document.addEventListener("change", ({ target }) => {
  /** @type {HTMLFormElement} */
  const dates = target.closest("[data-histogram]");
  clearTimeout(resting);
  if (dates && target.dataset.end) resting = setTimeout(() => narrow(dates), 250); // keys step on
});

// -- places: a box drawn on the map

/**
 * @typedef {SVGGraphicsElement & SVGFitToViewBox} Earth
 * @typedef {{x: number, y: number, width: number, height: number}} Box
 * @type {{map: Earth, from: {x: number, y: number}, moved: boolean, box?: Box}}
 */
let drawing = null;

/**
 * @param {Earth} map
 * @param {PointerEvent} event
 */
function place(map, event) {
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
  return { x: Math.min(180, Math.max(-180, at.x)), y: Math.min(90, Math.max(-90, at.y)) };
}

/** @param {Event} event */
function swallow(event) {
  event.preventDefault();
  event.stopPropagation();
}

document.addEventListener("pointerdown", (event) => {
  /** @type {Earth} */
  const map = event.target.closest(".earth");
  if (!map || event.button || (event.pointerType === "touch" && event.target.closest("a"))) return;
  drawing = { map, from: place(map, event), moved: false };
});

document.addEventListener("pointermove", (event) => {
  if (!drawing) return;
  const { map, from } = drawing;
  const to = place(map, event);
  const box = {
    x: Math.min(from.x, to.x),
    y: Math.min(from.y, to.y),
    width: Math.abs(to.x - from.x),
    height: Math.abs(to.y - from.y),
  };
  const least = map.viewBox.baseVal.width / 60;
  if (!drawing.moved && Math.max(box.width, box.height) < least) return; // a click, not a box
  drawing.moved = true;
  drawing.box = box;
  for (const [name, value] of Object.entries(box))
    map.querySelector(".drawn").setAttribute(name, String(value));
  event.preventDefault();
});

document.addEventListener("pointerup", () => {
  const drawn = drawing;
  drawing = null;
  if (!drawn?.moved) return;
  addEventListener("click", swallow, { capture: true }); // that of the pointer's release
  setTimeout(() => removeEventListener("click", swallow, { capture: true }));
  const { elements } = drawn.map.closest("form");
  const { x, y, width, height } = drawn.box;
  const edges = { south: -(y + height), west: x, north: -y, east: x + width };
  for (const [name, value] of Object.entries(edges)) elements[name].value = value.toFixed(4);
  narrow(drawn.map.closest("form"));
});

document.addEventListener("dragstart", (event) => event.target.closest(".earth") && event.preventDefault());
document.addEventListener("limn:shown", restore);
restore();
