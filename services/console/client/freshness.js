// How fresh the page is: 实时, or 已断开12秒. Only a page that is renewed by itself says so.
import { _ } from "./messages.js";

const place = () => document.getElementById("freshness");

export function live() {
  show(_("Live"), false);
}

export function lost(seconds) {
  show(_("Disconnected for %(seconds)s s", { seconds: Math.round(seconds) }), true);
}

function show(text, isLost) {
  const here = place();
  if (!here) return;
  here.hidden = false;
  here.classList.toggle("lost", isLost);
  if (here.textContent !== text) here.textContent = text;
}
