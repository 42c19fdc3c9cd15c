// The map of places: a box is drawn on it with the pointer, whose edges the form has in numbers too.

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
  elements.south.dispatchEvent(new Event("input", { bubbles: true })); // to be counted
});

document.addEventListener("dragstart", (event) => event.target.closest(".earth") && event.preventDefault());
