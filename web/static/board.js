// Arranges a board without leaving its page: by dragging, by its buttons, and what is taken off can be put back.

const UNDO_MS = 10_000;
const BEGINS_PX = 6; // a mouse that moves less clicks
const EDGE_PX = 60; // of the window: there the page scrolls
const SCROLL_PX = 14;

const board = document.querySelector(".board[data-board]"); // null on other pages
const told = document.getElementById("told");
/** @type {{item: HTMLElement, place: number, timer: number}} the last one that was taken off */
let off = null;

const items = () => /** @type {HTMLElement[]} */ ([...board.querySelectorAll(":scope > [data-pinned]")]);
/** @param {HTMLElement} item */
const titleOf = (item) => item.querySelector("img").alt;

/** Writes into the buttons where each picture would go from its place now. */
function number() {
  const all = items();
  for (const [at, item] of all.entries()) {
    /** @type {NodeListOf<HTMLButtonElement>} */
    const [before, after] = item.querySelectorAll("button[name=place]");
    before.value = String(Math.max(at - 1, 0));
    before.disabled = at === 0;
    after.value = String(at + 1);
    after.disabled = at === all.length - 1;
  }
}

/**
 * Posts to the board; returns the page that it answers with, or null where it refuses.
 *
 * @param {string} what
 * @param {Record<string, string>} fields
 */
async function post(what, fields) {
  const options = { method: "POST", body: new URLSearchParams(fields) };
  const answer = await fetch(`${board.dataset.board}/${what}`, options).catch(
    () => /** @type {Response} */ (null),
  );
  if (!answer?.ok) {
    say(board.dataset.silent);
    return null;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of [".heading > p", ".heading > form"]) {
    const next = page.querySelector(part);
    if (next) document.querySelector(part)?.replaceWith(next); // how many there are, and their export
  }
  return page;
}

/**
 * Puts a picture at a place, from 0, on the page and on the server.
 *
 * @param {HTMLElement} item
 * @param {number} place
 */
async function move(item, place) {
  const others = items().filter((other) => other !== item);
  const next = others[place] ?? null;
  if (item.nextElementSibling !== next) board.insertBefore(item, next);
  number();
  if (!(await post("move", { picture: item.dataset.pinned, place: String(place) }))) return location.reload();
  const text = board.dataset.moved.replace("{place}", String(place + 1));
  told.textContent = text.replace("{count}", String(others.length + 1));
}

// -- by the buttons

document.addEventListener("submit", async (event) => {
  const item = /** @type {HTMLElement} */ (event.target.closest("[data-pinned]"));
  const button = event.submitter;
  if (!board?.contains(item) || !button?.matches("[name=place], [data-take-off]")) return;
  event.preventDefault();
  if (button.matches("[data-take-off]")) return takeOff(item);
  await move(item, Number(button.value));
  const usable = button.disabled ? item.querySelector("button[name=place]:not(:disabled)") : button;
  /** @type {HTMLElement} */ (usable)?.focus();
});

/** @param {HTMLElement} item */
async function takeOff(item) {
  const place = items().indexOf(item);
  if (!(await post("take-off", { picture: item.dataset.pinned }))) return;
  const hadFocus = item.contains(document.activeElement);
  item.remove();
  number();
  clearTimeout(off?.timer);
  off = { item, place, timer: setTimeout(() => say(""), UNDO_MS) };
  say(board.dataset.off.replace("{what}", titleOf(item)));
  if (hadFocus) document.querySelector("[data-put-back]").focus({ preventScroll: true });
}

async function putBack() {
  const { item, place } = off;
  const note = item.querySelector("textarea").value;
  const fields = { picture: item.dataset.pinned, place: String(place), note };
  if (!(await post("put-back", fields))) return;
  board.insertBefore(item, items()[place] ?? null);
  number();
  clearTimeout(off.timer);
  say("");
  told.textContent = board.dataset.back;
  item.querySelector("a").focus();
}

/**
 * Says what was done, with a way back as long as there is one.
 *
 * @param {string} text
 */
function say(text) {
  const bar = document.querySelector(".board-done");
  if (!text) off = null;
  bar.hidden = !text;
  bar.classList.toggle("used", Boolean(text));
  bar.querySelector("[data-board-done]").textContent = text;
  bar.querySelector("[data-put-back]").hidden = !off;
}

// -- by dragging: the picture with the mouse, the grip with a finger

/** @type {{item: HTMLElement, x: number, y: number, began: boolean, from: number, pointer: number}} */
let drag = null;

/** @param {PointerEvent} event */
function onDown(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const handle = event.pointerType === "mouse" ? "a, [data-grip]" : "[data-grip]";
  if (event.button || !target.closest(handle)) return;
  const item = target.closest("[data-pinned]");
  const { clientX: x, clientY: y, pointerId: pointer } = event;
  drag = { item, x, y, began: false, from: items().indexOf(item), pointer };
}

/** @param {PointerEvent} event */
function onMove({ clientX, clientY, pointerId }) {
  if (!drag || pointerId !== drag.pointer) return;
  if (!drag.began && Math.hypot(clientX - drag.x, clientY - drag.y) < BEGINS_PX) return;
  if (!drag.began) {
    drag.began = true;
    drag.item.classList.add("carried");
    board.classList.add("arranging");
    board.setPointerCapture(drag.pointer);
  }
  if (clientY < EDGE_PX) scrollBy(0, -SCROLL_PX);
  else if (clientY > innerHeight - EDGE_PX) scrollBy(0, SCROLL_PX);
  const over = document.elementsFromPoint(clientX, clientY).find((each) => each.matches("[data-pinned]"));
  if (!over || over === drag.item || !board.contains(over)) return;
  const all = items();
  const forwards = all.indexOf(drag.item) < all.indexOf(/** @type {HTMLElement} */ (over));
  board.insertBefore(drag.item, forwards ? over.nextElementSibling : over);
}

/** @param {boolean} drops */
function finish(drops) {
  if (!drag) return;
  const { item, began, from } = drag;
  drag = null;
  if (!began) return;
  item.classList.remove("carried");
  board.classList.remove("arranging");
  // The link of the picture that was carried is not followed.
  /** @param {Event} event */
  const stop = (event) => event.preventDefault();
  document.addEventListener("click", stop, { capture: true, once: true });
  setTimeout(() => document.removeEventListener("click", stop, true));
  const place = items().indexOf(item);
  if (!drops) board.insertBefore(item, items().filter((other) => other !== item)[from] ?? null);
  else if (place !== from) move(item, place);
}

if (board) {
  for (const grip of board.querySelectorAll("[data-grip]")) grip.hidden = false;
  board.addEventListener("pointerdown", onDown);
  board.addEventListener("dragstart", (event) => event.preventDefault()); // the browser's own, of a link
  document.addEventListener("pointermove", onMove);
  document.addEventListener("pointerup", () => finish(true));
  document.addEventListener("pointercancel", () => finish(false));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && drag?.began) finish(false);
  });
  document.addEventListener("click", ({ target }) => {
    if (target.closest("[data-put-back]")) putBack();
  });
}
