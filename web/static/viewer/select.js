// Selects the picture of the viewer, for the tray of the answer below it.

import { isSelected } from "../selection.js";
import { toggle } from "../selection/circles.js";
import { viewer } from "./viewer.js";

function show() {
  const button = viewer()?.querySelector("[data-select]");
  button?.setAttribute("aria-pressed", String(isSelected(viewer().dataset.viewer)));
}

document.addEventListener("click", ({ target }) => {
  if (target.closest(".viewer [data-select]")) toggle(viewer().dataset.viewer);
});
document.addEventListener("limn:viewed", show);
document.addEventListener("limn:selected", show);
