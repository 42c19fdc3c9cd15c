// Puts a dropped, pasted or chosen picture into the search form, shows it, and submits the form.
// Everything else works without this file.

const form = document.querySelector("form.search");
const input = form.elements.image;
const chosen = document.getElementById("chosen");
const notice = document.getElementById("notice");
const mostBytes = Number(form.dataset.mostBytes);

function searchBy(file) {
  const refusal = whyNot(file);
  notice.textContent = refusal;
  if (refusal) {
    input.value = "";
    return;
  }
  if (input.files[0] !== file) {
    const carrier = new DataTransfer();
    carrier.items.add(file);
    input.files = carrier.files;
  }
  show(file);
  form.requestSubmit();
}

// What the server would refuse anyway is refused before it is sent. Some systems do not know the
// type of a HEIC file and leave it empty.
function whyNot(file) {
  if (file.type && !file.type.startsWith("image/")) {
    return `${file.name} is not a picture (${file.type}); choose a photograph or another image.`;
  }
  if (file.size > mostBytes) {
    const limit = (mostBytes / 1e6).toFixed(1);
    return `${file.name} has ${(file.size / 1e6).toFixed(1)} MB; a picture may have ${limit} MB.`;
  }
  return "";
}

function show(file) {
  const preview = chosen.querySelector("img");
  URL.revokeObjectURL(preview.src);
  preview.src = URL.createObjectURL(file);
  for (const chip of form.querySelectorAll(".chip")) chip.hidden = chip !== chosen;
}

input.addEventListener("change", () => input.files.length && searchBy(input.files[0]));

document.addEventListener("paste", (event) => {
  const [file] = event.clipboardData.files;
  if (!file) return; // words, which go where the cursor is
  event.preventDefault();
  searchBy(file);
});

const carriesFiles = (event) => event.dataTransfer.types.includes("Files");
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
  if (event.dataTransfer.files.length) searchBy(event.dataTransfer.files[0]);
});

// A changed weight or collection is another search, where there is one already.
form.addEventListener("change", ({ target }) => {
  const searched = new URLSearchParams(location.search);
  const asked = ["q", "similar", "picture"].some((name) => searched.has(name));
  if (asked && (target.name === "weight" || target.name === "collection")) form.requestSubmit();
});

form.addEventListener("submit", () => document.body.classList.add("waiting"));

// Coming back, the browser may show the page as it was left.
addEventListener("pageshow", (event) => {
  document.body.classList.remove("waiting");
  if (!event.persisted) return;
  input.value = "";
  for (const chip of form.querySelectorAll(".chip")) chip.hidden = chip === chosen;
});

// The file of a picture may have gone since it was indexed: its words then stand in its place.
document.addEventListener("error", ({ target }) => target.closest?.(".frame")?.classList.add("gone"), true);
