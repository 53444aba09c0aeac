// A case that changed is read again: what was typed, chosen and opened stays, and so does the focus.
import { sayChosen } from "./chosen_files.js";
import { follow } from "./live_stream.js";
import { sessionEnded } from "./lock.js";
import { _ } from "./messages.js";
import { toast } from "./toasts.js";

const UNDO = "[data-undo]";

export function followCase(root) {
  prepare(root);
  const shown = root.getElementById("case");
  if (shown && shown.dataset.live && window.BroadcastChannel) follow(shown.dataset.live, shown.dataset.from, hear);
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(root.getElementById(button.dataset.copy).textContent.trim());
  });
}

function hear({ kind, data }) {
  const here = document.getElementById("case");
  if (kind === "ended") sessionEnded();
  else if (kind === "reset" || (data.id === here.dataset.case && Number(data.version) > Number(here.dataset.version))) reread();
}

/** Several may be under way at once: what stands in the page when an answer comes is renewed, unless it is newer. */
async function reread() {
  const asked = { headers: { "hx-request": "true" }, credentials: "same-origin" };
  const answer = await fetch(location.pathname, asked).catch(() => null);
  if (answer && answer.status === 404) location.reload(); // its reader may see it no more
  if (!answer || !answer.ok) return;
  const made = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("case");
  const here = document.getElementById("case");
  if (!made || Number(made.dataset.version) < Number(here.dataset.version)) return;
  const kept = remembered(here);
  here.replaceWith(made);
  restore(made, kept);
  prepare(document);
  if (window.htmx && window.htmx.process) window.htmx.process(made);
}

function remembered(here) {
  const active = document.activeElement;
  return {
    fields: [...here.querySelectorAll("textarea[id], input[id], select[id]")].filter(isTouched),
    ticks: [...here.querySelectorAll("input[type=checkbox]:checked")].map((one) => [one.name, one.value]),
    open: [...here.querySelectorAll("details[open]")].map(nameOf),
    focus: here.contains(active) ? { id: active.id, from: active.selectionStart, to: active.selectionEnd } : null,
    top: window.scrollY,
  };
}

function restore(made, kept) {
  for (const one of kept.fields) {
    const same = made.querySelector(`[id="${CSS.escape(one.id)}"]`);
    if (!same) continue;
    if (one.type === "file") (same.files = one.files), sayChosen(same);
    else same.value = one.value;
  }
  for (const [name, value] of kept.ticks) {
    const same = [...made.querySelectorAll("input[type=checkbox]")].find((one) => one.name === name && one.value === value);
    if (same) same.checked = true;
  }
  made.querySelectorAll("details").forEach((one) => kept.open.includes(nameOf(one)) && (one.open = true));
  const focused = kept.focus && kept.focus.id && document.getElementById(kept.focus.id);
  if (focused) {
    focused.focus({ preventScroll: true });
    if (focused.setSelectionRange && kept.focus.from !== null && kept.focus.from !== undefined && focused.tagName === "TEXTAREA") {
      focused.setSelectionRange(kept.focus.from, kept.focus.to);
    }
  }
  window.scrollTo(0, kept.top);
}

const isTouched = (one) => (one.type === "file" ? one.files.length > 0 : one.tagName === "SELECT" || one.value !== one.defaultValue);

const nameOf = (details) => {
  const sent = details.querySelector(":scope > form input[name=do]");
  return details.id || (sent ? sent.value : "");
};

/** What only works with script is shown; an offer to take something back goes when its seconds are over. */
function prepare(root) {
  root.querySelectorAll("[data-copy]").forEach((one) => (one.hidden = false));
  const undo = root.querySelector(UNDO);
  if (undo) setTimeout(() => undo.remove(), Number(undo.dataset.undo) * 1000);
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea"); // without https there is no clipboard
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  toast(_("Copied."));
}
