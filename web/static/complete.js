// Completes the question while it is typed: a list under the box, by the combobox pattern of ARIA.

import { ask } from "./ask.js";
import { form } from "./form.js";
import { search } from "./live.js";

const REST_MS = 120;

const box = document.getElementById("q");
const list = document.getElementById("completions");
/** @type {AbortController} */
let asking = null;
let timer = 0;
let active = -1;

/** @typedef {{kind: string, text: string, q: string, pictures: number, address: string}} Completion */

/** @returns {HTMLElement[]} */
const rows = () => [...list.querySelectorAll("li")];

function close() {
  clearTimeout(timer);
  asking?.abort();
  list.hidden = true;
  active = -1;
  box.setAttribute("aria-expanded", "false");
  box.removeAttribute("aria-activedescendant");
}

async function complete() {
  asking?.abort();
  const mine = (asking = new AbortController());
  const query = new URLSearchParams({ q: box.value });
  const collection = form.querySelector("[name=collection]");
  if (collection?.value) query.append("collection", collection.value);
  try {
    const answer = await fetch(`/api/v1/complete?${query}`, { signal: mine.signal });
    if (!answer.ok || asking !== mine || document.activeElement !== box) return;
    if (query.get("q") !== box.value) return; // it became a chip meanwhile
    show(await answer.json());
  } catch {
    close(); // a newer one is under way, or the server is away: the search itself says so
  }
}

/** @param {{completions: Completion[], did_you_mean: string}} answer */
function show(answer) {
  const options = answer.completions.map(option);
  if (answer.did_you_mean) {
    const meant = list.dataset.meant.replace("{question}", answer.did_you_mean);
    options.unshift(row(meant, answer.did_you_mean, ""));
  }
  options.forEach((each, place) => (each.id = `completion-${place}`));
  list.replaceChildren(...options);
  active = -1;
  list.hidden = options.length === 0;
  box.setAttribute("aria-expanded", String(options.length > 0));
  box.removeAttribute("aria-activedescendant");
}

/** @param {Completion} completion */
function option(completion) {
  const one = row(completion.text, completion.q, completion.address ?? "");
  const detail = document.createElement("span");
  detail.className = "count";
  detail.textContent = completion.pictures ? String(completion.pictures) : "";
  one.append(" ", detail);
  return one;
}

/**
 * @param {string} text
 * @param {string} question
 * @param {string} address
 */
function row(text, question, address) {
  const one = document.createElement("li");
  one.setAttribute("role", "option");
  one.setAttribute("aria-selected", "false");
  one.textContent = text;
  one.dataset.q = question;
  one.dataset.address = address;
  return one;
}

/** @param {number} place */
function move(place) {
  const all = rows();
  active = ((place % all.length) + all.length) % all.length;
  all.forEach((each, at) => each.setAttribute("aria-selected", String(at === active)));
  box.setAttribute("aria-activedescendant", all[active].id);
  all[active].scrollIntoView({ block: "nearest" });
}

/** @param {HTMLElement} one */
function choose(one) {
  close();
  if (one.dataset.address) {
    box.value = new URLSearchParams(one.dataset.address).get("q") ?? "";
    ask(`/?${one.dataset.address}`);
    return;
  }
  box.value = one.dataset.q;
  search();
}

box.addEventListener("input", (event) => {
  clearTimeout(timer);
  if (!box.value.trim()) close();
  else if (!event.isComposing) timer = setTimeout(complete, REST_MS);
});

// Before the keys that walk through the pictures, and before Enter searches.
box.addEventListener(
  "keydown",
  (event) => {
    if (list.hidden || event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) move(active < 0 && step < 0 ? -1 : active + step);
    else if (event.key === "Enter" && active >= 0) choose(rows()[active]);
    else if (event.key === "Escape") close();
    else {
      if (event.key === "Enter") close();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  },
  true,
);

list.addEventListener("mousedown", (event) => {
  event.preventDefault(); // the box stays focused
  const one = rows().find((each) => each.contains(/** @type {Node} */ (event.target)));
  if (one) choose(one);
});

box.addEventListener("blur", close);
form.addEventListener("submit", close);
