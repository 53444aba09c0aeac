// One stream for all tabs of a browser: one tab leads (Web Locks), the others hear what it hears (BroadcastChannel).
// It comes back for ever, from where it was; silence is said.
import { live, lost } from "./freshness.js";
import { language } from "./messages.js";
import { hearTime } from "./server_time.js";

const NAME = "whistle-live";
const SILENT = 33000; // the server beats every 15 s
const DOWN = 5000;
const PATIENCE = 3000; // with a request that may never be answered
const BACK_OFF = [200, 500, 1000, 2000];
const KINDS = ["case", "beat", "reset", "ended"];

/** `hear({kind, data, language})`: case, reset, ended. `from`: the cursor of the page. Returns {leads(), from(cursor)}. */
export function follow(address, from, hear) {
  const channel = new BroadcastChannel(NAME);
  let last = from;
  let heardAt = performance.now();
  let upAt = heardAt;
  let source = null;
  let tries = 0;
  let timer = 0;
  let openedAt = 0;
  let leads = false;

  const silence = () => performance.now() - heardAt;

  function take(message) {
    if (message.kind === "ask") return leads && channel.postMessage({ kind: "told", at: last });
    if (message.kind === "told") return isBehind(last, message.at) && hear({ kind: "reset" });
    if (message.kind === "down") return lost(message.seconds);
    heardAt = performance.now();
    if (message.at) last = message.at;
    if (message.kind === "beat") hearTime(message.data.now);
    live();
    if (message.kind !== "beat") hear(message);
  }

  function pass(message) {
    channel.postMessage(message);
    take(message);
  }

  function open() {
    clearTimeout(timer);
    if (source) source.close();
    openedAt = performance.now();
    const mine = new EventSource(`${address}?from=${encodeURIComponent(last)}`);
    source = mine;
    for (const kind of KINDS) {
      mine.addEventListener(kind, (event) => {
        tries = 0;
        upAt = performance.now();
        pass({ kind, at: event.lastEventId, data: JSON.parse(event.data), language });
      });
    }
    mine.addEventListener("open", () => channel.postMessage({ kind: "told", at: last }));
    mine.addEventListener("error", () => mine === source && mine.readyState === EventSource.CLOSED && again());
  }

  function again() {
    clearTimeout(timer);
    timer = setTimeout(open, BACK_OFF[Math.min(tries++, BACK_OFF.length - 1)] * (0.75 + Math.random() / 2));
  }

  function watch() {
    if (leads && source.readyState === EventSource.OPEN && silence() < SILENT) upAt = performance.now();
    if (leads && silence() > SILENT) probe();
    if (leads && performance.now() - upAt > DOWN) pass({ kind: "down", seconds: silence() / 1000 });
    if (silence() > SILENT) lost(silence() / 1000);
  }

  /** Whether anything passes again is asked every second by small requests: one that met a dead connection is never
   *  answered, and a stream each would be too many for a server that hears and is not heard. */
  async function probe() {
    const gone = new AbortController();
    setTimeout(() => gone.abort(), PATIENCE);
    const answer = await fetch("/livez", { cache: "no-store", signal: gone.signal }).catch(() => null);
    if (answer && leads && silence() > SILENT && performance.now() - openedAt > PATIENCE) open();
  }

  function lead() {
    leads = true;
    upAt = performance.now();
    open();
  }

  function rest() {
    leads = false;
    clearTimeout(timer);
    if (source) source.close();
  }

  channel.addEventListener("message", (event) => take(event.data));
  window.addEventListener("online", () => leads && open());
  setInterval(watch, 1000);
  if (navigator.locks) {
    navigator.locks.request(NAME, () => new Promise(lead));
    channel.postMessage({ kind: "ask" });
  } else {
    // Not a secure context: a stream for each tab that is looked at.
    const look = () => (document.hidden ? rest() : lead());
    document.addEventListener("visibilitychange", look);
    look();
  }
  return { leads: () => leads, from: (cursor) => isBehind(last, cursor) && (last = cursor) };
}

/** Whether changes lie between two cursors of the server: `epoch-number`. */
function isBehind(mine, other) {
  const [[epoch, number], [theirs, reached]] = [mine, other].map((cursor) => cursor.split("-"));
  return epoch !== theirs || Number(number) < Number(reached);
}
