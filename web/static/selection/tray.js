// The tray: what is selected, as small pictures, and what can be done with it; whatever is done can be undone.

import { fieldsOf } from "../form.js";
import { count, entries, forget, keep, replace, select, spend } from "../selection.js";
import { knownCount } from "./answer.js";
import { showShots } from "./shots.js";

const UNDO_MS = 10_000;

const form = document.getElementById("select");
export const words = form?.dataset ?? {};
/** @param {string} what */
const part = (what) => form.querySelector(what);
const told = document.getElementById("told");

/** @type {{timer: number, undo: () => unknown, leaves: boolean}} what was done and can be undone */
let last = null;

/** @param {number} number */
const written = (number) => number.toLocaleString(document.documentElement.lang);

function show() {
  if (last && count()) end(); // another selection begins
  const size = last ? 0 : count();
  form.classList.toggle("some", size > 0);
  part("[data-selected]").textContent = words.count.replace("{count}", written(size));
  const all = part("[data-select-all]");
  all.hidden = knownCount() < 2 || size >= knownCount();
  all.textContent = words.all.replace("{count}", written(knownCount()));
  part("[data-notice]").textContent = "";
  showShots(part(".shots"), size ? entries() : []);
}

/** @param {string} text */
function tell(text) {
  part("[data-notice]").textContent = text;
}

export const silent = () => tell(words.silent);

export const tooMany = () => tell(words.tooMany.replace("{most}", written(Number(words.most))));

/**
 * Says what was done, and offers to undo it for a while.
 *
 * @param {string} text
 * @param {{undo: () => unknown, address?: string, leaves?: boolean}} options `leaves` where leaving
 *   the page ends it too
 */
function done(text, { undo, address, leaves = false }) {
  clearTimeout(last?.timer);
  const hadFocus = form.contains(document.activeElement);
  last = { undo, leaves, timer: setTimeout(end, UNDO_MS) };
  for (const sheet of form.querySelectorAll("details")) sheet.open = false;
  form.classList.add("used");
  show();
  part(".done").hidden = false;
  part("[data-done]").textContent = told.textContent = text;
  const link = /** @type {HTMLAnchorElement} */ (part("[data-open]"));
  link.hidden = !address;
  if (address) link.href = address;
  if (hadFocus) part("[data-undo]").focus({ preventScroll: true });
}

/** Ends what can be undone; a selection that was put to use ends with it. */
function end() {
  clearTimeout(last?.timer);
  const hadFocus = form.contains(document.activeElement);
  last = null;
  form.classList.remove("used");
  part(".done").hidden = true;
  forget();
  if (!hadFocus || count()) return;
  const next = document.querySelector(".grid .tile .frame") ?? document.getElementById("main");
  next.focus({ preventScroll: true });
}

/** @param {HTMLButtonElement} button */
async function put(button) {
  const size = count();
  if (size > Number(words.mostOnBoard)) {
    const text = words.tooManyOnBoard.replace("{most}", written(Number(words.mostOnBoard)));
    return tell(text.replace("{count}", written(size)));
  }
  const answer = await post(button.formAction, fieldsOf(form, button));
  if (!answer) return;
  const { address, name, added, is_new: isNew } = await answer.json();
  const text = (added.length ? words.put : words.putBefore).replace("{board}", name);
  const undo = async () => {
    if (isNew) return post(`${address}/delete`);
    if (!added.length) return true;
    const back = new URLSearchParams(added.map((/** @type {number} */ id) => ["picture", String(id)]));
    return post(`${address}/take-off`, back);
  };
  spend();
  done(text.replace("{count}", written(added.length)), { undo, address, leaves: true });
}

/**
 * Posts a form; where it is refused, says why and returns null.
 *
 * @param {string} address
 * @param {URLSearchParams} [body]
 */
async function post(address, body) {
  const headers = { Accept: "application/json" };
  const answer = await fetch(address, { method: "POST", body, headers }).catch(
    () => /** @type {Response} */ (null),
  );
  if (answer?.ok) return answer;
  const text = answer ? await answer.text() : "";
  const page = new DOMParser().parseFromString(text, "text/html");
  tell(page.querySelector(".refused p, .state p")?.textContent ?? words.silent);
  return null;
}

/** Opens the list of boards, if the reader may put pictures on them. */
export function openBoards() {
  const sheet = part("[data-boards]")?.closest("details");
  if (!sheet || !count()) return false;
  sheet.open = true;
  sheet.querySelector("[name=name]").focus();
  return true;
}

export function download() {
  form.requestSubmit(form.querySelector("button[data-download]"));
  return true;
}

export function clear() {
  const before = entries();
  replace([]);
  done(words.cleared.replace("{count}", written(before.length)), { undo: () => replace(before) });
}

async function undo() {
  const { undo: back } = last;
  if ((await back()) === null) return; // it says why
  keep();
  end();
  show();
  told.textContent = words.undone;
}

function listen() {
  document.addEventListener("limn:selected", () => {
    show();
    if (count() && !last) told.textContent = part("[data-selected]").textContent;
  });
  document.addEventListener("limn:answer", show);
  document.addEventListener("limn:shown", show);
  document.addEventListener("submit", (event) => {
    if (event.target !== form) return;
    if (event.submitter?.matches("[data-put]")) {
      event.preventDefault();
      put(event.submitter);
    } else {
      const size = written(count()); // the browser saves what comes
      setTimeout(() => {
        spend();
        done(words.sent.replace("{count}", size), { undo: () => true });
      });
    }
  });
  // What the form sends: all that are selected, in the order in which they were.
  document.addEventListener("formdata", ({ target, formData }) => {
    if (target !== form) return;
    formData.delete("id");
    for (const [id] of entries()) formData.append("id", id);
  });
  form.addEventListener("click", ({ target }) => {
    const out = target.closest("[data-take-out]");
    if (out) select([out.dataset.takeOut], false);
    else if (target.closest("[data-clear]")) clear();
    else if (target.closest("[data-undo]")) undo();
  });
  document.addEventListener("click", ({ target }) => {
    for (const sheet of form.querySelectorAll("details[open]"))
      if (!sheet.contains(target)) sheet.removeAttribute("open");
  });
  addEventListener("pagehide", () => last?.leaves && end());
  for (const hidden of form.querySelectorAll(".shots, [data-clear]")) hidden.hidden = false;
  show();
}

if (form) listen();
