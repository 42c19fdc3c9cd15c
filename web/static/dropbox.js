// Sends what is dropped on the first page before anything is indexed: files, and folders with all in them.

/** @returns {HTMLFormElement} */
const dropForm = () => document.querySelector("form.dropbox");

/**
 * @param {FileSystemEntry} entry
 * @returns {Promise<File[]>} the file, or all files in the folder
 */
async function filesOf(entry) {
  if (entry.isFile) {
    const file = /** @type {FileSystemFileEntry} */ (entry);
    return [await new Promise((resolve, reject) => file.file(resolve, reject))];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  /** @type {File[]} */
  const files = [];
  for (;;) {
    // A folder tells of its entries in pieces of a hundred.
    /** @type {FileSystemEntry[]} */
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!entries.length) return files;
    for (const inside of entries) files.push(...(await filesOf(inside)));
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {File[]} files
 */
function send(form, files) {
  const shown = files.filter((file) => !file.name.startsWith("."));
  if (!shown.length) return;
  const list = new DataTransfer();
  for (const file of shown) list.items.add(file);
  form.querySelector("[name=files]").files = list.files;
  form.requestSubmit();
}

document.addEventListener("dragover", (event) => {
  if (dropForm() && event.dataTransfer.types.includes("Files")) event.preventDefault();
});

document.addEventListener(
  "drop",
  async (event) => {
    const form = dropForm();
    if (!form || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // there is nothing yet to search by a picture
    document.body.classList.remove("dropping");
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const files = [...event.dataTransfer.files];
    const all = entries.length ? (await Promise.all(entries.map(filesOf))).flat() : files;
    send(form, all);
  },
  { capture: true },
);

document.addEventListener("change", ({ target }) => {
  if (target.matches(".dropbox [data-sends]") && target.files.length) send(dropForm(), [...target.files]);
});
