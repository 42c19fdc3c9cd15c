// Fetches the next hits before the end of the page is reached.
//
// Each page of hits is a grid of its own, which the browser neither lays out nor paints while it is
// far away (content-visibility). The last, open row of one moves to the next, so that no seam shows.

import { fetchPage } from "./ask.js";

const AHEAD = "1800px 0px";

const seen = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) extend(target);
  },
  { rootMargin: AHEAD },
);

function watch() {
  seen.disconnect();
  for (const more of document.querySelectorAll(".more:has([rel=next])")) seen.observe(more);
}

async function extend(more) {
  seen.unobserve(more);
  more.setAttribute("aria-busy", "true");
  try {
    const page = await fetchPage(more.querySelector("a").href);
    if (!more.isConnected) return; // another search was made meanwhile
    append(more, page);
  } catch {
    more.removeAttribute("aria-busy"); // the link stays, to be followed by hand
  }
}

function append(more, page) {
  const grid = page.querySelector(".grid");
  const last = [...document.querySelectorAll(".grid")].at(-1);
  if (grid) {
    grid.prepend(...openRow(last));
    last.classList.add("full");
    more.before(grid);
  }
  const next = page.querySelector(".more:has([rel=next])");
  if (next) {
    more.replaceWith(next);
    seen.observe(next);
  } else {
    more.remove();
  }
}

function openRow(grid) {
  const tiles = [...grid.children];
  const top = tiles.at(-1)?.offsetTop;
  const row = [];
  while (tiles.length > 1 && tiles.at(-1).offsetTop === top) row.unshift(tiles.pop());
  return tiles.length > 1 ? row : [];
}

document.addEventListener("limn:shown", watch);
watch();
