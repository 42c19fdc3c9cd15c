// Takes a name that is free into the field whose name was not taken.

function begin() {
  for (const button of document.querySelectorAll("[data-take]")) button.hidden = false;
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-take]");
  if (!button) return;
  const field = document.querySelector(`[name][aria-describedby="${CSS.escape(button.dataset.at)}"]`);
  if (!(field instanceof HTMLInputElement)) return;
  field.value = button.dataset.take;
  field.removeAttribute("aria-invalid");
  field.focus();
});

document.addEventListener("limn:shown", begin);
begin();
