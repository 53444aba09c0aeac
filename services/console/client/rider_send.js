// Reports that wait: sent once, under the key that was born with the draft, which is kept until an answer came.
import { discard, drafts, save } from "./rider_draft.js";
import { sendPhoto } from "./rider_photos.js";
import { counted } from "./messages.js";

const WAITS = [2000, 4000, 8000, 16000, 30000, 60000];
let running = false;
let failed = 0;
let timer = 0;
let shown = "";
let why = "";

/** Sends what is ready. `here`: the key of the draft that this page shows, which leads to its report. */
export async function flush({ here = "" } = {}) {
  shown = here || shown;
  if (running) return;
  running = true;
  clearTimeout(timer);
  try {
    await (navigator.locks ? navigator.locks.request("rider-send", sendAll) : sendAll());
  } finally {
    running = false;
  }
}

async function sendAll() {
  let waits = false;
  why = "";
  for (const draft of (await drafts().catch(() => [])).filter((one) => one.ready)) {
    waits = !(await sendOne(draft, draft.key === shown)) || waits;
  }
  await showOutbox(why);
  failed = waits ? failed + 1 : 0;
  if (waits) timer = setTimeout(flush, WAITS[Math.min(failed, WAITS.length) - 1]);
}

/** Whether it is done with: arrived, or given back to be changed. */
async function sendOne(draft, isHere) {
  if (draft.fields.may_photo) {
    for (const photo of draft.photos.filter((one) => !one.id && !one.refused)) {
      if (!(await sendPhoto(photo))) return false;
      await save(draft);
    }
  }
  const body = new FormData();
  for (const [name, value] of Object.entries(draft.fields)) body.set(name, value);
  draft.photos.filter((photo) => photo.id).forEach((photo, n) => body.set(`photo_${n + 1}_id`, photo.id));
  body.set("key", draft.key);
  let answer;
  try {
    answer = await fetch("/r", { method: "POST", body, headers: { accept: "application/json" }, credentials: "same-origin" });
  } catch {
    return false;
  }
  if (answer.ok) {
    const { url } = await answer.json();
    await discard(draft);
    if (isHere) location.assign(url);
    return true;
  }
  const told = await answer.json().catch(() => ({}));
  if ([400, 403, 413, 422].includes(answer.status)) {
    draft.ready = false;
    await save(draft);
    giveBack(told);
    return true;
  }
  if (answer.status === 401) why = told.said;
  return false;
}

/** The form is shown again, with what is wrong at which field. */
export function giveBack({ said = "", at = "" }) {
  const form = document.getElementById("report");
  if (form) form.dispatchEvent(new CustomEvent("given-back", { detail: { said, at } }));
}

/** What waits is said, with where it lies. */
export async function showOutbox(said = "") {
  const box = document.getElementById("outbox");
  if (!box) return;
  const waiting = (await drafts().catch(() => [])).filter((one) => one.ready).length;
  box.hidden = !waiting;
  const words = counted(
    "%(count)s report is kept on this phone, sent as soon as there is a network.",
    "%(count)s reports are kept on this phone, sent as soon as there is a network.",
    waiting,
  );
  if (waiting) box.textContent = said || words;
}
