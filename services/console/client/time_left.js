// One ticker renews every <time data-due="…"> of the page.
import { language } from "./messages.js";
import { now } from "./server_time.js";
import { left } from "./time_words.js";

const EVERY = 10000;

export function renew(root) {
  for (const element of root.querySelectorAll("[data-due]")) {
    const { said, late } = left(Date.parse(element.dataset.due), now(), language);
    if (element.textContent !== said) element.textContent = said;
    element.classList.toggle("late", late);
  }
}

export function tick(root) {
  setInterval(() => renew(root), EVERY);
  root.addEventListener("visibilitychange", () => renew(root));
}
