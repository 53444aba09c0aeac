// Keys of the queue: j and k down and up, x ticks, Enter opens. Never in fields, never while pinyin is composed. And what
// goes with ticks: their number, all of a page, and a press that may be taken back.
import { isComposing } from "./form_guard.js";
import { _ } from "./messages.js";

const FIELDS = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";
const rows = () => [...document.querySelectorAll("#cases > [data-case]")];
const here = () => rows().findIndex((row) => row.contains(document.activeElement));
const ticks = () => [...document.querySelectorAll("#cases input[name=case]")];

export function hearKeys(root) {
  if (!root.querySelector("[data-keys]")) return;
  root.addEventListener("keydown", (event) => {
    if (isComposing(event) || event.ctrlKey || event.metaKey || event.altKey || event.target.closest(FIELDS)) return;
    if (root.querySelector("dialog[open]")) return;
    if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "x") tick();
    else return;
    event.preventDefault();
  });
  root.addEventListener("change", (event) => {
    if (event.target.id === "tick-all") ticks().forEach((one) => (one.checked = event.target.checked));
    count();
  });
  root.addEventListener("click", (event) => {
    if (!event.target.closest("[data-close]")) return;
    event.preventDefault();
    event.target.closest("[data-outcome]").remove();
  });
  root.addEventListener("htmx:after:swap", settle);
  settle();
}

function settle() {
  document.querySelectorAll("[data-all]").forEach((one) => (one.hidden = false));
  count();
  for (const form of document.querySelectorAll("[data-undo]")) setTimeout(() => form.remove(), Number(form.dataset.undo) * 1000);
}

function count() {
  const place = document.querySelector("[data-ticked]");
  if (!place) return;
  const ticked = ticks().filter((one) => one.checked).length;
  place.hidden = !ticked;
  place.textContent = ticked ? _("%(count)s ticked", { count: ticked }) : "";
}

function step(by) {
  const all = rows();
  const at = here();
  const goal = all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)];
  if (!goal) return;
  goal.querySelector(".case-what a").focus({ preventScroll: true });
  goal.scrollIntoView({ block: "nearest" });
}

function tick() {
  const box = here() >= 0 && rows()[here()].querySelector("input[name=case]");
  if (!box) return;
  box.checked = !box.checked;
  count();
}
