// Loads what a map needs on pages that have one.

function begin() {
  const map = document.querySelector("[data-map]:not([data-begun])");
  if (!map) return;
  map.dataset.begun = "";
  import("./map/map.js").then(({ start }) => start(map));
}

document.addEventListener("limn:shown", begin);
document.addEventListener("limn:renewed", begin);
begin();
