// Reads the search form, and writes the address that asks what stands in it.

/** @type {(keyof Terms)[]} */
const KINDS = ["text", "similar", "picture"];
/** @type {(keyof Marks)[]} */
const SIDES = ["more", "less"];

export const form = document.querySelector("form.search");

/**
 * The fields of any form, as an address writes them.
 *
 * @param {HTMLFormElement} element
 * @param {HTMLElement} [submitter]
 */
export function fieldsOf(element, submitter) {
  const fields = /** @type {any} */ (new FormData(element, submitter)); // no file among them
  return new URLSearchParams(fields);
}

/**
 * @typedef {{value: string, weight: string}} Term
 * @typedef {{text: Term[], similar: Term[], picture: Term[]}} Terms by kind
 * @typedef {{more: string[], less: string[]}} Marks the ids of pictures
 * @typedef {{q: string, collection: string, where: string[], plain: string[], copies: boolean}} Rest
 * @typedef {{sort: string, strictness: string} & Rest & Terms & Marks} Fields
 */

/**
 * What the form asks: the words in the box, the chips by kind, the marks, the collection, the filters.
 *
 * @returns {Fields}
 */
export function fields() {
  /** @type {Fields} */
  const found = {
    q: form.elements.q.value.trim(),
    collection: "",
    text: [],
    similar: [],
    picture: [],
    more: [],
    less: [],
    where: [],
    plain: [],
    copies: form.querySelector("[name=copies]") !== null,
    sort: form.querySelector("[name=sort]")?.value ?? "",
    strictness: form.querySelector("[name=strictness]")?.value ?? "",
  };
  found.where = [...form.querySelectorAll("[name=where]")].map(({ value }) => value);
  found.plain = [...form.querySelectorAll("[name=plain]")].map(({ value }) => value);
  for (const chip of form.querySelectorAll("[data-chip]")) {
    const [term, weight] = chip.querySelectorAll("input");
    found[/** @type {keyof Terms} */ (term.name)].push({ value: term.value, weight: weight.value });
  }
  /** @type {NodeListOf<HTMLInputElement>} */
  const marks = form.querySelectorAll("[data-mark]");
  for (const { name, value } of marks) found[/** @type {keyof Marks} */ (name)].push(value);
  const collection = form.querySelector("[name=collection]");
  if (collection) found.collection = collection.value;
  return found;
}

/**
 * The address of that question; what is usual is left out, as the server leaves it out. A page may
 * answer questions within its collection itself.
 *
 * @param {Fields} asked
 */
export function addressOf(asked) {
  const { asks, within } = document.getElementById("main").dataset;
  const path = asks && asked.collection === within ? asks : "/";
  const query = new URLSearchParams();
  if (asked.q) query.append("q", asked.q);
  for (const each of asked.plain) query.append("plain", each);
  const weights = [];
  for (const kind of KINDS) {
    for (const { value, weight } of asked[kind]) {
      query.append(kind, value);
      weights.push(weight);
    }
  }
  while (weights.length && Number(weights.at(-1)) === 1) weights.pop();
  for (const weight of weights) query.append("weight", weight);
  for (const side of SIDES) for (const id of asked[side]) query.append(side, id);
  if (asked.collection && path === "/") query.append("collection", asked.collection);
  for (const each of asked.where) query.append("where", each);
  if (asked.sort) query.append("sort", asked.sort);
  if (asked.strictness) query.append("strictness", asked.strictness);
  if (asked.copies) query.append("copies", "1");
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}
