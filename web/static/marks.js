// Marks a picture without leaving the page, and keeps notes as they are written.

import { ask, chipsShown, words } from "./ask.js";
import { fieldsOf } from "./form.js";
import { placeNow } from "./scroll.js";

const told = document.getElementById("told");

document.addEventListener("click", async (event) => {
  /** @type {HTMLButtonElement} */
  const button = event.target.closest("[data-mark-as]");
  const form = button?.form;
  if (!form) return;
  event.preventDefault();
  await chipsShown();
  const fields = fieldsOf(form, button);
  const marked = button.closest(".tile");
  const picture = marked?.dataset.pictureId;
  const answer = await fetch(form.action, {
    method: "POST",
    body: fields,
    headers: { Accept: "application/json" },
  });
  if (!answer.ok) return form.requestSubmit(button); // the page of the error says what is wrong
  const { address } = await answer.json();
  if (!picture) return location.assign(address);
  const place = placeNow();
  await ask(address, { place: place && { ...place, focus: marked.id } });
  if (place) return; // it stays where it was scrolled to
  const tile = document.querySelector(`[data-picture-id="${picture}"]`) ?? document.querySelector(".tile");
  tile?.querySelector(".frame").focus({ preventScroll: true });
});

/** @param {HTMLFormElement} note */
async function keepNote(note) {
  const answer = await fetch(note.action, { method: "POST", body: fieldsOf(note) });
  if (!answer.ok) return note.requestSubmit(); // the page of the error says what is wrong
  told.textContent = words.noted;
}

document.addEventListener("change", ({ target }) => {
  /** @type {HTMLFormElement} */
  const note = target.closest("[data-note]");
  if (note) keepNote(note);
});
