// The chips' sliders and their minus: a moved weight is another search, at once.

import { ask } from "./ask.js";
import { form } from "./form.js";
import { search, searchSoon } from "./live.js";

function ready() {
  for (const hidden of document.querySelectorAll("[data-flip], [data-part]")) hidden.hidden = false;
}

/** @param {HTMLElement} chip */
function tell(chip) {
  const weight = Number(chip.querySelector("[name=weight]").value);
  chip.querySelector("output").textContent = String(weight);
  chip.classList.toggle("against", weight < 0);
  chip.classList.toggle("waits", weight === 0);
  chip.querySelector("[data-flip]").setAttribute("aria-pressed", String(weight < 0));
}

form.addEventListener("input", ({ target }) => {
  if (target.name !== "weight") return;
  tell(target.closest("[data-chip]"));
  searchSoon({ typing: true, keepChips: true });
});

document.addEventListener("click", (event) => {
  const flip = event.target.closest("[data-flip]");
  if (flip) {
    const chip = flip.closest("[data-chip]");
    const slider = chip.querySelector("[name=weight]");
    slider.value = String(-Number(slider.value) || -1);
    tell(chip);
    searchSoon({ keepChips: true });
    return;
  }
  const reading = event.target.closest(".take-back");
  if (reading && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    const piece = document.createElement("input");
    Object.assign(piece, { type: "hidden", name: "plain", value: reading.dataset.plain });
    reading.closest(".chip").replaceWith(piece);
    search().then(() => form.elements.q.focus());
    return;
  }
  const link = event.target.closest(".drop-term, .acts a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.matches(".acts a")) form.elements.q.value = "";
  if (form.contains(link)) {
    link.closest(".chip").remove(); // its address is from before what was typed since
    search().then(() => form.elements.q.focus());
  } else ask(link.getAttribute("href")).then(() => scrollTo({ top: 0 }));
});

document.addEventListener("limn:shown", ready);
ready();
