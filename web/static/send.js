// Sends the files of a form with a bar that shows how far they are. Without this the form does it.

/** @param {HTMLFormElement} form */
function send(form) {
  const sending = form.querySelector("[data-sending]");
  const notice = form.querySelector("[data-notice]");
  const files = [...form.querySelector("[type=file]").files];
  const most = Number(form.dataset.mostBytes);
  const size = files.reduce((sum, file) => sum + file.size, 0);
  if (size > most) {
    const [much, limit] = [size, most].map((bytes) => (bytes / 1e6).toFixed(0));
    notice.textContent = notice.dataset.large.replace("{size}", much).replace("{limit}", limit);
    return;
  }
  const bar = sending.querySelector("progress");
  const button = form.querySelector("button:not([type])");
  const request = new XMLHttpRequest(); // fetch can't tell how far an upload has come
  /** @param {string} text */
  const ready = (text) => {
    sending.hidden = true;
    button.disabled = false;
    notice.textContent = text;
  };
  request.upload.addEventListener("progress", ({ loaded, total }) => (bar.value = loaded / total));
  request.addEventListener("error", () => ready(notice.dataset.lost));
  request.addEventListener("abort", () => ready(""));
  request.addEventListener("load", () => {
    if (request.status < 400) return location.assign(request.responseURL);
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    const told = page.querySelector(".refused, .state");
    if (!told) return ready(notice.dataset.lost);
    ready("");
    notice.append(...told.querySelectorAll("p[lang], ul")); // why, and the files that were not taken
  });
  sending.querySelector("button").onclick = () => request.abort();
  notice.textContent = "";
  sending.hidden = false;
  button.disabled = true;
  request.open("POST", form.action);
  request.send(new FormData(form));
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-send]")) return;
  event.preventDefault();
  send(event.target);
});
