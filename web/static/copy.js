// Copies the path of a picture, where the browser allows it.

import { words } from "./ask.js";

const told = document.getElementById("told");

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard; // absent where the page came over plain HTTP from elsewhere
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    const label = button.querySelector("span");
    label.dataset.was ??= label.textContent;
    label.textContent = told.textContent = words.copied;
    setTimeout(() => (label.textContent = label.dataset.was), 1500);
  });
}
