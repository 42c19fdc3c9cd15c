// Copies the path of a picture, where the browser allows it.

import { words } from "./ask.js";

const told = document.getElementById("told");

function begin() {
  // Absent where the page came over plain HTTP from elsewhere.
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
}

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  const label = button.querySelector("span");
  label.dataset.was ??= label.textContent;
  label.textContent = told.textContent = words.copied;
  setTimeout(() => (label.textContent = label.dataset.was), 1500);
});

document.addEventListener("limn:viewed", begin);
begin();
