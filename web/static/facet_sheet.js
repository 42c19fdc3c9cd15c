// What opens below a facet's pill: its place on the screen, and the two ends of its dates.

const MARGIN_PX = 8;
const GAP_PX = 6;
const PHONE = matchMedia("(max-width: 639px)");

/**
 * Puts a sheet below its pill; on a phone it lies at the foot.
 *
 * @param {HTMLElement} sheet
 */
export function place(sheet) {
  for (const edge of /** @type {const} */ (["left", "top", "maxHeight"])) sheet.style[edge] = "";
  const pill = sheet.closest(".pill");
  pill.scrollIntoView({ block: "nearest", inline: "nearest" });
  if (PHONE.matches) return;
  const { left, bottom } = pill.getBoundingClientRect();
  const most = innerWidth - sheet.offsetWidth - MARGIN_PX;
  sheet.style.left = `${Math.max(MARGIN_PX, Math.min(left, most))}px`;
  sheet.style.top = `${bottom + GAP_PX}px`;
  sheet.style.maxHeight = `${innerHeight - bottom - GAP_PX - MARGIN_PX}px`;
}

/**
 * Shows the ends that are moved over the histogram.
 *
 * @param {HTMLElement} sheet
 */
export function prepareDates(sheet) {
  const ends = sheet.querySelector(".ends");
  if (ends) ends.hidden = false;
}

document.addEventListener("input", ({ target }) => {
  /** @type {HTMLFormElement} */
  const form = target.closest(".facet form");
  if (!form || !target.dataset.end) return;
  const ends = form.querySelectorAll("[data-end]");
  const [least, most] = [...ends].map((end) => Number(end.value));
  if (least > most) target.value = String(target.dataset.end === "least" ? most : least); // neither passes the other
  const [first, last] = [...ends].map((end) => Number(end.value));
  form.elements.least.selectedIndex = first;
  form.elements.most.selectedIndex = last;
  mark(form, ends, first, last);
});

document.addEventListener("change", ({ target }) => {
  /** @type {HTMLFormElement} */
  const form = target.closest(".facet form");
  if (!form || !target.matches("select")) return;
  const ends = form.querySelectorAll("[data-end]");
  const [first, last] = [form.elements.least, form.elements.most].map((select) => select.selectedIndex);
  ends[0].value = String(first);
  ends[1].value = String(last);
  mark(form, ends, first, last);
});

/**
 * @param {HTMLFormElement} form
 * @param {NodeListOf<HTMLInputElement>} ends
 * @param {number} first
 * @param {number} last
 */
function mark(form, ends, first, last) {
  for (const end of ends) end.ariaValueText = form.elements[end.dataset.end].value;
  form
    .querySelectorAll(".bars rect")
    .forEach((bar, n) => bar.classList.toggle("outside", n < first || n > last));
}
