// Marks a picture without leaving the page, keeps notes as they are written, counts the selection.

import { ask, chipsShown, words } from "./ask.js";

const told = document.getElementById("told");

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-mark-as]");
  const form = button?.form;
  if (!form) return;
  event.preventDefault();
  await chipsShown();
  const fields = new URLSearchParams(new FormData(form, button));
  const picture = button.closest("[data-picture-id]")?.dataset.pictureId;
  const answer = await fetch(form.action, { method: "POST", body: fields, headers: { Accept: "application/json" } });
  if (!answer.ok) return form.requestSubmit(button); // the page of the error says what is wrong
  const { address } = await answer.json();
  if (!picture) return location.assign(address);
  await ask(address);
  const tile = document.querySelector(`[data-picture-id="${picture}"]`) ?? document.querySelector(".tile");
  tile?.querySelector(".frame").focus({ preventScroll: true });
});

function count() {
  const told = document.querySelector("[data-selected]");
  if (!told) return;
  told.dataset.words ??= told.textContent;
  told.textContent = `${told.dataset.words}: ${document.querySelectorAll(".select:checked").length}`;
}

async function keepNote(note) {
  const answer = await fetch(note.action, { method: "POST", body: new URLSearchParams(new FormData(note)) });
  if (!answer.ok) return note.requestSubmit(); // the page of the error says what is wrong
  told.textContent = words.noted;
}

document.addEventListener("change", ({ target }) => {
  if (target.matches(".select")) count();
  const note = target.closest("[data-note]");
  if (note) keepNote(note);
});
document.addEventListener("limn:shown", count);
