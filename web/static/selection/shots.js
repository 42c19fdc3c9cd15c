// The small pictures in the tray: each takes its picture out of the selection.

import { words } from "./tray.js";

const MOST = 200; // in the document; the first of a longer selection are a number

/**
 * Shows these pictures, the last selected at the end; what is there already stays.
 *
 * @param {HTMLElement} list
 * @param {[string, string][]} entries
 */
export function showShots(list, entries) {
  const shown = entries.slice(-MOST);
  const ids = new Set(shown.map(([id]) => id));
  const has = new Set();
  let next = null;
  for (const item of [...list.children]) {
    const button = item.querySelector("button");
    const id = button?.dataset.takeOut;
    if (ids.has(id)) has.add(id);
    else {
      if (button === document.activeElement) next = item.nextElementSibling ?? item.previousElementSibling;
      item.remove();
    }
  }
  if (entries.length > shown.length) list.prepend(number(entries.length - shown.length));
  let grew = false;
  for (const [id, title] of shown) {
    if (has.has(id)) continue;
    list.append(shot(id, title));
    grew = true;
  }
  next?.querySelector("button")?.focus();
  if (grew) list.scrollLeft = list.scrollWidth;
}

/** @param {number} others */
function number(others) {
  const item = document.createElement("li");
  item.className = "others";
  item.textContent = words.more.replace("{count}", others.toLocaleString(document.documentElement.lang));
  return item;
}

/**
 * @param {string} id
 * @param {string} title
 */
function shot(id, title) {
  const image = document.createElement("img");
  Object.assign(image, {
    src: words.shot.replace("/0/", `/${id}/`),
    alt: "",
    width: 48,
    height: 48,
    loading: "lazy",
  });
  const button = document.createElement("button");
  Object.assign(button, { type: "button", title });
  button.dataset.takeOut = id;
  button.ariaLabel = words.out.replace("{what}", title || words.picture.replace("{id}", id));
  button.append(image);
  const item = document.createElement("li");
  item.append(button);
  return item;
}
