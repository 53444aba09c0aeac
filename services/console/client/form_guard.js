// Forms are sent once, and never by the Enter that confirms a pinyin candidate.
const AGAIN_AFTER = 8000; // an answer that is a file leaves the page as it is: then it may be pressed again

export function isComposing(event) {
  return event.isComposing || event.keyCode === 229;
}

export function guardForms(root) {
  root.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && isComposing(event)) event.preventDefault();
  });
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
    setTimeout(() => release(form), AGAIN_AFTER);
  });
  window.addEventListener("pageshow", () => root.querySelectorAll("form[data-sent]").forEach(release));
}

/** The form may be sent again. */
export function release(form) {
  delete form.dataset.sent;
  form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
}
