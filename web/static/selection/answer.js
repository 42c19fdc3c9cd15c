// The ids of an answer in their order, those too whose tiles are not in the document.

/** @typedef {import("../grid/grid.js").Answer} Answer */

/** @type {Answer} */
let known = null; // null until the answer that is shown has been told whole

/** @param {Answer} answer */
export function setAnswer(answer) {
  known = answer;
  document.dispatchEvent(new CustomEvent("limn:answer"));
}

/** The ids of the tiles in the document, in their order. */
const shownIds = () =>
  [...document.querySelectorAll(".grid .tile[data-picture-id]")].map((tile) => tile.dataset.pictureId);

/** The ids that are known without asking the server. */
export const knownIds = () => known?.ids.map(String) ?? shownIds();

/** How many pictures the answer has for sure, or 0 where that is not known yet. */
export function knownCount() {
  if (known) return sureOf(known).length;
  return document.querySelector(".grid[data-shapes]") ? 0 : shownIds().length;
}

/** The ids of all that the answer has for sure; of all where nothing is sure. */
export async function wholeAnswer() {
  const answer = await told();
  return answer ? sureOf(answer).map(String) : shownIds();
}

/** @param {Answer} answer */
const sureOf = ({ ids, sure }) => (sure ? ids.slice(0, sure) : ids);

/** @returns {Promise<Answer>} null where the page has all of it */
async function told() {
  const list = document.querySelector(".grid[data-shapes]");
  if (known || !list) return known;
  const answer = await fetch(list.dataset.shapes);
  if (!answer.ok) throw new Error(answer.statusText);
  known = await answer.json();
  return known;
}

/**
 * The ids under a heading; those that are known now, or all of them after asking.
 *
 * @param {HTMLElement} group
 */
export const idsKnownUnder = (group) => (known ? under(group, known) : shownUnder(group));

/** @param {HTMLElement} group */
export async function idsUnder(group) {
  const answer = await told();
  return answer ? under(group, answer) : shownUnder(group);
}

/**
 * @param {HTMLElement} group
 * @param {Answer} answer
 */
function under(group, { ids, headings = [] }) {
  const rank = Number(group.dataset.rank ?? group.nextElementSibling.id.slice("hit-".length));
  const starts = headings.map(([start]) => start);
  const first = starts.filter((start) => start <= rank).at(-1) ?? rank;
  const next = starts.find((start) => start > rank) ?? ids.length + 1;
  return ids.slice(first - 1, next - 1).map(String);
}

/** @param {HTMLElement} group */
function shownUnder(group) {
  const ids = [];
  for (let next = group.nextElementSibling; next && !next.matches(".group"); next = next.nextElementSibling)
    if (next.matches("[data-picture-id]")) ids.push(/** @type {HTMLElement} */ (next).dataset.pictureId);
  return ids;
}
