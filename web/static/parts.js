// Fills the parts of a page that take the server a moment, so that the page itself need not wait.

/** @type {WeakSet<Element>} */
const asked = new WeakSet();

async function fill(/** @type {HTMLElement} */ part) {
  asked.add(part);
  const answer = await fetch(part.dataset.fill).catch(() => /** @type {Response} */ (null));
  if (!answer?.ok || !part.isConnected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  part.replaceWith(...page.body.childNodes);
}

function begin() {
  for (const part of document.querySelectorAll("[data-fill]")) if (!asked.has(part)) fill(part);
}

document.addEventListener("limn:shown", begin);
document.addEventListener("limn:renewed", begin);
begin();
