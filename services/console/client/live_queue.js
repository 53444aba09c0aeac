// The queue's page while it is open: takes changes frame by frame, tells of them, and reads the page again where that is
// quicker or surer.
import { danger, settle } from "./alarm.js";
import { change, fits, flush, newWaiting, parsed, queue, renewPage, watchPointer } from "./live_rows.js";
import { follow } from "./live_stream.js";
import { sessionEnded } from "./lock.js";
import { _, counted, language } from "./messages.js";
import { readOut } from "./read_out.js";
import { renew } from "./time_left.js";

const PENDING_MAX = 200;
const A_FRAME = 25;
const READ_EVERY = 300000;
const COUNTS_EVERY = 60000;
const TOLD_MAX = 3;
const RELEASE_AFTER = 1000;
let releasing = 0;
let pending = [];
let missed = false;
let reading = false;
let changed = false;
let readAt = performance.now();
let drawing = 0;
const unseen = new Set();
let title = "";

export function followQueue(root) {
  const here = queue();
  if (!here || !here.dataset.live || !window.BroadcastChannel) return;
  title = document.title;
  const stream = follow(here.dataset.live, here.dataset.from, hear);
  settle(root, stream.leads, here);
  watchPointer(root, release);
  root.addEventListener("click", (event) => event.target.closest("[data-pill]") && showAll());
  root.addEventListener("htmx:after:swap", () => (readAgain(), pill()));
  root.addEventListener("visibilitychange", () => root.hidden || shown());
  for (const sign of ["pointerdown", "keydown"]) root.addEventListener(sign, look);
  window.addEventListener("focus", look);
  window.addEventListener("pageshow", (event) => event.persisted && readAgain());
  setInterval(() => {
    const age = performance.now() - readAt;
    if (!root.hidden && (missed || age > READ_EVERY || (changed && age > COUNTS_EVERY))) read();
  }, 2000);
}

function hear({ kind, data, language: said }) {
  if (kind === "ended") return sessionEnded();
  if (kind === "reset" || said !== language) return readAgain(kind === "reset" ? 1500 : 0);
  danger(data);
  if (document.hidden && !data.gone && !document.getElementById(`row-${data.id}`) && unseen.size < 1000 && fits(data)) {
    unseen.add(data.id);
    retitle();
  }
  pending.push(data);
  if (pending.length > PENDING_MAX) {
    pending = [];
    missed = true;
  }
  draw();
  return null;
}

/** Frames come only while the page is shown. */
function draw() {
  drawing = drawing || requestAnimationFrame(take);
}

function take() {
  drawing = 0;
  if (reading || missed) return;
  const fresh = pending.splice(0, A_FRAME).map(change).filter(Boolean);
  if (fresh.length) tell(fresh);
  changed = true;
  renew(queue());
  pill();
  if (pending.length) draw();
}

function tell(rows) {
  for (const row of rows) {
    row.classList.add("new");
    unseen.add(row.dataset.case);
  }
  const words = rows.map((row) => row.querySelector(".case-what a").textContent.trim().replace(/\s+/g, " "));
  readOut(
    rows.length > TOLD_MAX
      ? counted("%(count)s new case", "%(count)s new cases", rows.length)
      : words.map((what) => _("New case: %(what)s", { what })).join(" "),
  );
  retitle();
}

function retitle() {
  document.title = unseen.size ? `(${unseen.size}) ${title}` : title;
}

function look() {
  if (!unseen.size || document.hidden) return;
  unseen.clear();
  retitle();
}

function pill() {
  const button = queue().querySelector("[data-pill]");
  const count = newWaiting();
  button.hidden = !count;
  button.textContent = count ? counted("%(count)s new case", "%(count)s new cases", count) : "";
}

function showAll() {
  flush(true);
  pill();
}

/** Nobody points at the list any more; whoever is on the way to the pill finds it there. */
function release() {
  clearTimeout(releasing);
  releasing = setTimeout(() => {
    if (!queue().querySelector("[data-pill]:hover")) flush(false);
    pill();
  }, RELEASE_AFTER);
}

function shown() {
  if (missed) read();
  else draw();
}

/** Soon, and not all browsers at once. */
function readAgain(within = 0) {
  missed = true;
  setTimeout(() => document.hidden || read(), Math.random() * within);
}

async function read() {
  if (reading) return;
  reading = true;
  try {
    const answer = await fetch(location.href, { headers: { "hx-request": "true" }, credentials: "same-origin" });
    if (answer.headers.get("hx-redirect")) return location.reload();
    const fresh = answer.ok && parsed(await answer.text()).querySelector("#queue");
    if (fresh) {
      renewPage(fresh);
      [missed, changed, readAt] = [false, false, performance.now()];
      renew(queue());
      pill();
    }
  } catch {
    // not reachable: the next tick tries again
  } finally {
    reading = false;
    if (pending.length) draw();
  }
  return null;
}
