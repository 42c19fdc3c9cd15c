// Answers while words are typed: after a short rest, without a trail of half words in the history.

import { ask, chipsShown, shownAt } from "./ask.js";
import { form, fields, addressOf } from "./form.js";

const REST_MS = 120;

const box = document.getElementById("q");
let timer = 0;

/** Searches by what stands in the form. One stretch of typing is one step of the history. */
export async function search({ typing = false, keepChips = false } = {}) {
  clearTimeout(timer);
  await chipsShown();
  const address = addressOf(fields());
  if (address === location.pathname + location.search && !location.hash) {
    if (!typing) settle();
    return;
  }
  const entry = history.state?.typing ? "replace" : "push";
  await ask(address, { entry, keepChips, typing });
}

/**
 * Searches when nothing has changed for a moment.
 *
 * @param {Parameters<typeof search>[0]} options
 */
export function searchSoon(options) {
  clearTimeout(timer);
  timer = setTimeout(() => search(options), REST_MS);
}

function settle() {
  if (history.state?.typing) history.replaceState({ ...history.state, typing: false }, "");
}

box.addEventListener("input", (event) => {
  if (!event.isComposing) searchSoon({ typing: true, keepChips: true });
});
box.addEventListener("compositionend", () => searchSoon({ typing: true, keepChips: true }));
box.addEventListener("blur", settle);

form.addEventListener("submit", (event) => {
  if (form.elements.image.files.length) {
    document.body.classList.add("waiting");
    return; // pictures go the long way: they are sent, held, and get an address
  }
  event.preventDefault();
  const keep = event.submitter?.name === "keep" && box.value.trim();
  if (keep) {
    const kept = fields();
    kept.text.push({ value: box.value.trim(), weight: "1" });
    box.value = "";
    ask(addressOf({ ...kept, q: "" }));
    box.focus();
    return;
  }
  search();
});

form.addEventListener("change", ({ target }) => {
  if (target.name === "collection") search();
});

document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-order] select")) ask(addressOf({ ...fields(), sort: target.value }));
});

addEventListener("popstate", async () => {
  if (location.pathname + location.search === shownAt.address) return; // another place on the page
  await ask(location.pathname + location.search, { entry: "none" });
  box.value = new URLSearchParams(location.search).get("q") ?? "";
});

// Coming back, the browser may show the page as it was left.
addEventListener("pageshow", () => document.body.classList.remove("waiting"));
