// Shows the frame where the browser can't play the film that it is of.

/** @param {HTMLElement} film */
function giveUp(film) {
  const figure = film.closest("figure");
  film.remove();
  figure.querySelector("img").hidden = false;
  figure.querySelector("[data-unplayable]").hidden = false;
}

document.addEventListener("error", ({ target }) => target.matches?.("[data-film]") && giveUp(target), true);
// A film that failed before this was loaded.
/** @type {NodeListOf<HTMLVideoElement>} */
const films = document.querySelectorAll("[data-film]");
for (const film of films) if (film.error) giveUp(film);
