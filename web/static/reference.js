// The reference of the API: sends a request from its form, and shows status, time and answer.

import "./page.js";

const MOST_CHARACTERS = 20_000;
const MOST_PICTURES = 8;

/** @param {HTMLFormElement} form */
function requestOf(form) {
  const data = new FormData(form);
  if (form.dataset.try === "POST") {
    const headers = { "Content-Type": "application/json" };
    return {
      address: form.dataset.path,
      options: { method: "POST", headers, body: String(data.get("body")) },
    };
  }
  const query = new URLSearchParams();
  let path = form.dataset.path;
  for (const [name, value] of data) {
    const part = `{${name}}`;
    if (path.includes(part)) path = path.replace(part, encodeURIComponent(String(value)));
    else if (value) query.append(name, String(value));
  }
  return { address: query.size ? `${path}?${query}` : path, options: {} };
}

/** @param {{thumbnail: string}} hit */
const thumbnailOf = (hit) => hit.thumbnail;

/** @param {Response} answer */
async function textOf(answer) {
  const type = answer.headers.get("Content-Type") ?? "";
  if (type.includes("json")) {
    const body = await answer.json();
    return { text: JSON.stringify(body, null, 2), pictures: (body.hits ?? []).map(thumbnailOf) };
  }
  if (type.startsWith("text/")) return { text: await answer.text(), pictures: [] };
  const bytes = await answer.blob();
  const shown = type.startsWith("image/") ? [URL.createObjectURL(bytes)] : [];
  return { text: `${type}, ${bytes.size.toLocaleString()} B`, pictures: shown };
}

/** @param {HTMLElement} place @param {string[]} addresses */
function showPictures(place, addresses) {
  const pictures = addresses.slice(0, MOST_PICTURES).map((address) => {
    const picture = new Image();
    picture.src = address;
    picture.alt = "";
    return picture;
  });
  place.replaceChildren(...pictures);
}

/** @param {HTMLFormElement} form */
async function send(form) {
  const place = form.parentElement.querySelector("[data-sent]");
  const { address, options } = requestOf(form);
  const button = form.querySelector("button");
  const began = performance.now();
  button.disabled = true;
  let status = place.dataset.noAnswer;
  /** @type {{text: string, pictures: string[]}} */
  let shown = { text: "", pictures: [] };
  try {
    const answer = await fetch(address, options);
    shown = await textOf(answer);
    status = `${answer.status} ${answer.statusText}`;
  } catch (error) {
    shown.text = String(error);
  }
  button.disabled = false;
  const cut = shown.text.length > MOST_CHARACTERS ? "\n…" : "";
  place.querySelector("[data-status]").textContent = status;
  place.querySelector("[data-took]").textContent = `${Math.round(performance.now() - began)} ms`;
  const link = place.querySelector("a");
  link.textContent = address;
  if (options.method) link.removeAttribute("href");
  else link.href = address;
  place.querySelector("[data-body]").textContent = shown.text.slice(0, MOST_CHARACTERS) + cut;
  showPictures(place.querySelector("[data-pictures]"), shown.pictures);
  place.hidden = false;
  document.getElementById("told").textContent = status;
}

for (const part of document.querySelectorAll("[data-scripted]")) part.hidden = false;

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-try]")) return;
  event.preventDefault();
  send(event.target);
});

// A link to a document opens it: it is folded up.
function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
}
addEventListener("hashchange", openTarget);
openTarget();
