// Keeps the parts of a page that tell of collections level with what comes in; forms stay as they are.

import { fetchPage } from "./ask.js";

const AT_WORK_MS = 2000; // while a job of the page runs
const AT_REST_MS = 10000; // something may begin elsewhere

const main = () => document.getElementById("main");

/**
 * Shows the page as it is now; one that names no parts is shown anew as a whole.
 *
 * @returns {Promise<void>}
 */
export async function renew() {
  const { follows } = main().dataset;
  const page = await fetchPage(follows ?? location.href).catch(() => /** @type {Document} */ (null));
  if (!page || follows !== main().dataset.follows) return; // no answer, or another page meanwhile
  if (!follows) main().replaceWith(page.getElementById("main"));
  else for (const part of document.querySelectorAll("[data-live]")) level(part, page);
  document.dispatchEvent(new CustomEvent("limn:renewed"));
}

/**
 * @param {HTMLElement} part
 * @param {Document} page
 */
function level(part, page) {
  const next = page.querySelector(`[data-live="${part.dataset.live}"]`);
  const filled = "once" in part.dataset && part.children.length; // forms that somebody may write in
  const busy = "calm" in part.dataset && part.matches(":has(:focus, :checked)"); // pictures in use
  if (!next || filled || busy) return;
  const held = /** @type {HTMLElement} */ (document.activeElement);
  for (const job of next.querySelectorAll("[data-job]")) {
    const shown = part.querySelector(`[data-job="${job.dataset.job}"]`);
    if (shown) job.replaceWith(shown.cloneNode(true)); // it is kept level by events of its own
  }
  if (part.isEqualNode(next)) return;
  for (const job of next.querySelectorAll("[data-job]")) {
    const shown = part.querySelector(`[data-job="${job.dataset.job}"]`);
    if (shown) job.replaceWith(shown);
  }
  part.replaceWith(next);
  if (held !== document.activeElement && held.isConnected) held.focus({ preventScroll: true });
}

async function look() {
  if (main().dataset.follows && !document.hidden) await renew();
  setTimeout(look, document.querySelector("[data-job]") ? AT_WORK_MS : AT_REST_MS);
}

setTimeout(look, AT_WORK_MS);
document.addEventListener("visibilitychange", () => main().dataset.follows && !document.hidden && renew());
