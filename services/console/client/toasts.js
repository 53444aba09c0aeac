// Short sentences in a corner, also read out; they go by themselves unless something can be pressed.
import { _ } from "./messages.js";

const STAYS = 6000;

/** `press`: {label, does}; `stays`: milliseconds, 0: until it is closed. Returns what takes the toast away. */
export function toast(text, { wrong = false, press = null, stays = STAYS } = {}) {
  const box = document.createElement("div");
  box.className = wrong ? "toast wrong" : "toast";
  const words = document.createElement("p");
  words.textContent = text;
  box.append(words);
  const away = () => box.remove();
  if (press) box.append(button(press.label, () => (away(), press.does())));
  box.append(button(_("Close"), away));
  document.getElementById("toasts").append(box);
  if (stays) setTimeout(away, stays);
  return away;
}

function button(label, does) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "quiet";
  made.textContent = label;
  made.addEventListener("click", does);
  return made;
}
