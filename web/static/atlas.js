// Loads what a map needs on pages that have one.

function begin() {
  const stage = document.querySelector("[data-map]:not([data-begun])");
  if (!stage) return;
  stage.dataset.begun = "";
  import("./map/map.js").then(({ start }) => start(stage));
}

document.addEventListener("limn:shown", begin);
document.addEventListener("limn:renewed", begin);
begin();
