// Puts the picture of the viewer on a board without leaving it.

import { fieldsOf } from "../form.js";

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-boarding]")) return;
  event.preventDefault();
  const answer = await fetch(form.action, { method: "POST", body: fieldsOf(form) }).catch(
    () => /** @type {Response} */ (null),
  );
  if (!answer?.ok) return form.submit(); // the page of the error says what is wrong
  const done = form.querySelector(".done");
  done.hidden = false;
  done.querySelector("a").href = answer.url;
});
