// The queue's page while it is open: takes changes frame by frame, tells of them, and reads the page again where that is
// quicker or surer.
import { catchUp, danger, settle } from "./alarm.js";
import { change, fits, flush, newWaiting, parsed, prepare, queue, renewPage, watchPointer } from "./live_rows.js";
import { follow } from "./live_stream.js";
import { sessionEnded } from "./lock.js";
import { _, counted, language } from "./messages.js";
import { readOut } from "./read_out.js";

const PENDING_MAX = 200;
const A_FRAME = 25;
const FRAME = 8; // milliseconds of a frame for changes: what they do to the page's layout comes on top
const PAUSE = 125; // between frames that change something
const READ_MAX = 10000;
const READ_REST = 2000;
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
let drawing = false;
let drawnAt = 0;
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
    if (!root.hidden && ((missed && age > READ_REST) || age > READ_EVERY || (changed && age > COUNTS_EVERY))) read();
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
  if (missed) return null; // the page will be read, and has it then
  pending.push(data);
  if (pending.length > PENDING_MAX) readAgain();
  else draw();
  return null;
}

/** At once after a pause, else with what comes until its end. Frames come only while the page is shown. */
function draw() {
  if (drawing) return;
  drawing = true;
  setTimeout(() => requestAnimationFrame(take), Math.max(0, drawnAt + PAUSE - performance.now()));
}

function take() {
  drawing = false;
  if (reading || missed) return;
  drawnAt = performance.now();
  const [now, fresh] = [pending.splice(0, A_FRAME), []];
  prepare(now);
  do {
    if (now.length) fresh.push(change(now.shift()));
  } while (now.length && performance.now() - drawnAt < FRAME);
  pending.unshift(...now);
  if (fresh.some(Boolean)) tell(fresh.filter(Boolean));
  changed = true;
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
  const words = count ? counted("%(count)s new case", "%(count)s new cases", count) : "";
  if (button.textContent === words) return;
  button.hidden = !count;
  button.textContent = words;
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

/** Soon, not all browsers at once, and not one after the other where more changes than can be drawn. */
function readAgain(within = 0) {
  missed = true;
  pending = [];
  setTimeout(() => document.hidden || !missed || read(), Math.max(Math.random() * within, readAt + READ_REST - performance.now()));
}

async function read() {
  if (reading) return;
  [reading, missed] = [true, false]; // what is told from now on is kept, or missed again
  let done = false;
  const askedAt = performance.now();
  const gone = new AbortController(); // a connection that is dead says nothing for ever
  const late = setTimeout(() => gone.abort(), READ_MAX);
  try {
    const answer = await fetch(location.href, { headers: { "hx-request": "true" }, signal: gone.signal });
    if (answer.headers.get("hx-redirect")) return location.reload();
    const fresh = answer.ok && parsed(await answer.text()).querySelector("#queue");
    if (fresh) {
      catchUp(fresh, askedAt); // before its rows go into the page
      renewPage(fresh);
      [done, changed, readAt] = [true, false, performance.now()];
      pill();
    }
  } catch {
    // not reachable: the next tick tries again
  } finally {
    clearTimeout(late);
    reading = false;
    missed = missed || !done;
    if (pending.length) draw();
  }
  return null;
}
