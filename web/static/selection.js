// Which pictures of an answer are selected, wherever it is scrolled to: a tile that is out of sight counts too.

/** @type {Set<string>} */
const selected = new Set();

/** @param {string} id */
export const isSelected = (id) => selected.has(id);

const form = () => document.getElementById("select");

function tell() {
  const told = document.querySelector("[data-selected]");
  if (!told) return;
  told.dataset.words ??= told.textContent;
  told.textContent = `${told.dataset.words}: ${selected.size.toLocaleString()}`;
  form().classList.toggle("some", selected.size > 0);
}

function begin() {
  selected.clear();
  for (const box of document.querySelectorAll(".select:checked, [data-was-selected]"))
    selected.add(box.value);
  for (const box of document.querySelectorAll(".select")) box.checked = isSelected(box.value);
  tell();
}

document.addEventListener("change", ({ target }) => {
  if (!target.matches(".select")) return;
  if (target.checked) selected.add(target.value);
  else selected.delete(target.value);
  tell();
});

// What the form sends: all that are selected, in the order in which they were.
document.addEventListener("formdata", ({ target, formData }) => {
  if (target !== form()) return;
  formData.delete("id");
  for (const id of selected) formData.append("id", id);
});

document.addEventListener("limn:shown", begin);
begin();
