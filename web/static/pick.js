// Puts a dropped, pasted or chosen picture into the search form, shows it, and submits the form.

import { words } from "./ask.js";
import { form } from "./form.js";

const input = form.elements.image;
const notice = document.getElementById("notice");
const mostBytes = Number(form.dataset.mostBytes);

/** @param {File[]} files */
function searchBy(files) {
  const refusal = files.map(whyNot).find(Boolean) ?? "";
  notice.textContent = refusal;
  if (refusal) {
    input.value = "";
    return;
  }
  if (input.files[0] !== files[0]) {
    const carrier = new DataTransfer();
    for (const file of files) carrier.items.add(file);
    input.files = carrier.files;
  }
  show(files[0]);
  form.requestSubmit();
}

/**
 * What the server would refuse anyway is refused before it is sent. Some systems do not know the
 * type of a HEIC file and leave it empty.
 *
 * @param {File} file
 */
function whyNot(file) {
  if (file.type && !file.type.startsWith("image/")) {
    return words.noPicture.replace("{name}", file.name).replace("{type}", file.type);
  }
  if (file.size > mostBytes) {
    const [size, limit] = [file.size, mostBytes].map((bytes) => (bytes / 1e6).toFixed(1));
    return words.tooLarge.replace("{name}", file.name).replace("{size}", size).replace("{limit}", limit);
  }
  return "";
}

/** @param {File} file */
function show(file) {
  const chosen = document.getElementById("chosen");
  const preview = chosen.querySelector("img");
  URL.revokeObjectURL(preview.src);
  preview.src = URL.createObjectURL(file);
  for (const chip of form.querySelectorAll(".chip")) chip.hidden = chip !== chosen;
}

input.addEventListener("change", () => input.files.length && searchBy([...input.files]));

document.addEventListener("paste", (event) => {
  const files = [...event.clipboardData.files];
  if (!files.length) return; // words, which go where the cursor is
  event.preventDefault();
  searchBy(files);
});

// A field that takes files to keep them has its own use for them.
/** @param {PageEvents["drop"]} event */
const carriesFiles = (event) =>
  event.dataTransfer.types.includes("Files") && !event.target.closest?.("[data-takes-files]");
let depth = 0; // entering a child comes before leaving its parent

document.addEventListener("dragenter", (event) => {
  if (carriesFiles(event)) document.body.classList.toggle("dropping", ++depth > 0);
});
document.addEventListener("dragleave", (event) => {
  if (carriesFiles(event)) document.body.classList.toggle("dropping", --depth > 0);
});
document.addEventListener("dragover", (event) => {
  if (carriesFiles(event)) event.preventDefault(); // or the browser would open the file
});
document.addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  depth = 0;
  document.body.classList.remove("dropping");
  if (event.dataTransfer.files.length) searchBy([...event.dataTransfer.files]);
});

// Coming back, the browser may show the page as it was left.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  input.value = "";
  for (const chip of form.querySelectorAll(".chip")) chip.hidden = chip.id === "chosen";
});

// The file of a picture may have gone since it was indexed: its words then stand in its place.
document.addEventListener("error", ({ target }) => target.closest?.(".frame")?.classList.add("gone"), true);
