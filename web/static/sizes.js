// The size of the pictures: another is shown at once, and remembered in the cookie that the server reads.

import { layAnew } from "./scroll.js";

const COOKIE = "limn_size"; // as the server names it
const YEAR_S = 365 * 24 * 3600;

/** @param {string} size */
function show(size) {
  document.documentElement.dataset.size = size;
  for (const link of document.querySelectorAll("[data-tile-size]")) {
    if (link.dataset.tileSize === size) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  layAnew();
}

/** An address that chooses a size would choose it again when it is loaded. */
function forgetChoice() {
  const address = new URL(location.href);
  if (!address.searchParams.has("size")) return;
  address.searchParams.delete("size");
  history.replaceState(history.state, "", address);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-tile-size]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const size = link.dataset.tileSize;
  document.cookie = `${COOKIE}=${size}; path=/; max-age=${YEAR_S}; samesite=lax`;
  forgetChoice();
  show(size);
});

// A page that is shown again as it was left, after another size was chosen elsewhere.
addEventListener("pageshow", (event) => {
  const size = event.persisted && new RegExp(`${COOKIE}=(\\w+)`).exec(document.cookie)?.[1];
  if (size) show(size);
});
