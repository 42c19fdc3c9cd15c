// Plays a film's moment without sound where the pointer or the focus rests on its tile.

const REST_MS = 400;
const still = matchMedia("(prefers-reduced-motion: reduce)");

let resting = 0;
/** @type {HTMLElement} */
let tile = null;

/** @param {HTMLElement} next */
function rest(next) {
  if (next === tile) return;
  clearTimeout(resting);
  tile?.querySelector("video")?.remove();
  tile = next;
  if (tile && !still.matches) resting = setTimeout(play, REST_MS);
}

function play() {
  if (!tile.isConnected) return;
  const film = document.createElement("video");
  Object.assign(film, { muted: true, loop: true, playsInline: true, disablePictureInPicture: true });
  film.ariaHidden = "true";
  film.tabIndex = -1;
  film.addEventListener("error", () => film.remove()); // the browser can't play it: its frame stays
  film.addEventListener("playing", () => film.classList.add("playing"));
  film.src = tile.dataset.moment;
  film.play().catch(() => film.remove());
  tile.querySelector(".frame").append(film);
}

/** @param {EventTarget} target */
const moment = (target) => (target instanceof Element ? target.closest("[data-moment]") : null);

document.addEventListener("pointerover", ({ pointerType, target }) => {
  if (pointerType !== "touch") rest(moment(target)); // a tap opens it
});
document.addEventListener("focusin", ({ target }) => rest(moment(target)));
document.addEventListener("focusout", () => rest(null));
document.documentElement.addEventListener("pointerleave", () => rest(null));
