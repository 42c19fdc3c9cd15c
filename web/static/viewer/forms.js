// The forms of the viewer, sent without leaving it: a board for the picture, a caption of it.

import { fieldsOf } from "../form.js";
import { renew, viewer } from "./viewer.js";

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-boarding], [data-caption]")) return;
  event.preventDefault();
  const body = fieldsOf(form, event.submitter);
  const headers = { Accept: "application/json, text/html;q=0.5" };
  const answer = await fetch(form.action, { method: "POST", body, headers }).catch(
    () => /** @type {Response} */ (null),
  );
  if (!answer?.ok) return form.submit(); // the page of the error says what is wrong
  if (form.matches("[data-caption]")) return renew();
  const { address } = await answer.json();
  form.querySelector("details").open = false;
  const done = viewer().querySelector(".done");
  done.hidden = false;
  done.querySelector("a").href = address;
});
