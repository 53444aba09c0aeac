// A screen that nobody touches: it is read again every ten seconds, says when it could not be, and comes back alone.
// Another edition (a new version, or four in the morning) loads the page anew, but only once the server has answered.
import { _ } from "./messages.js";

const EVERY = 10000;
const PATIENCE = 8000;
const SILENT = 25000;
let heardAt = performance.now();

/** The address of the QR code carries the key where no server sees it. */
function takeKey() {
  const form = document.getElementById("wall-key");
  const key = location.hash.slice(1);
  if (!form || !key) return;
  history.replaceState(null, "", location.pathname);
  form.elements.wall_key.value = key;
  form.requestSubmit ? form.requestSubmit() : form.submit();
}

async function renew() {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  try {
    const answer = await fetch(location.pathname, { credentials: "same-origin", cache: "no-store", signal: stop.signal });
    if (answer.status === 403) return location.reload();
    if (!answer.ok) return null;
    const old = document.getElementById("wall");
    const made = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("wall");
    if (!old || !made || made.dataset.edition !== old.dataset.edition) return location.reload();
    old.replaceWith(made);
    heardAt = performance.now();
  } catch {
    // not reachable: the next turn tries again
  } finally {
    clearTimeout(timer);
  }
  return null;
}

function say() {
  const silence = performance.now() - heardAt;
  const place = document.getElementById("fresh");
  if (!place || silence < SILENT) return;
  place.classList.add("lost");
  place.textContent = _("Disconnected for %(seconds)s s", { seconds: Math.round(silence / 1000) });
}

takeKey();
if (document.getElementById("wall") || document.getElementById("waits")) {
  setInterval(renew, EVERY);
  setInterval(say, 1000);
}
