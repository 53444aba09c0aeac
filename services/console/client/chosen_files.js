// Fields for photos: their button and what was chosen are said in the page's language. Without script they are as the
// browser has them.
import { counted } from "./messages.js";

const FIELD = ".files input[type=file]";

/** From now on, also for fields that come into the page later. */
export function sayChosenFiles(root) {
  root.documentElement.classList.add("scripted");
  root.addEventListener("change", ({ target }) => target.matches(FIELD) && sayChosen(target));
  root.addEventListener("reset", ({ target }) => setTimeout(() => target.querySelectorAll(FIELD).forEach(sayChosen)));
  window.addEventListener("pageshow", () => root.querySelectorAll(FIELD).forEach(sayChosen));
}

/** How many photos a field has; a script that puts some into it calls this. */
export function sayChosen(field) {
  const said = field.closest(".files") && field.closest(".files").querySelector("output");
  const many = field.files.length;
  if (said) said.textContent = many ? counted("%(count)s photo is chosen.", "%(count)s photos are chosen.", many) : "";
}
