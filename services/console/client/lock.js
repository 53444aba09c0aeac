// A page at which nobody does anything is covered: nothing of it is to be seen until its person enters the PIN, and what
// was typed is still there then. The server has locked the session by itself; this only shows it.
const USED = "whistle-used";
const TELL_EVERY = 60000;
let section = null;
let channel = null;
let usedAt = performance.now();
let toldAt = usedAt;
let left = null; // where the person was: scrolled to, and with the focus on
let asking = false;

/** Covers the page after so many seconds without key or pointer in any tab; tells the server of both now and then. */
export function lockWhenIdle(root) {
  section = root.getElementById("lock");
  if (!section) return;
  channel = window.BroadcastChannel && new BroadcastChannel(USED);
  const used = () => {
    if (!section.hidden || performance.now() - usedAt < 1000) return;
    usedAt = performance.now();
    tell("");
    if (usedAt - toldAt < TELL_EVERY) return;
    toldAt = usedAt;
    send("/signin/here", new URLSearchParams()).catch(() => {});
  };
  if (channel) channel.addEventListener("message", ({ data }) => (data ? openedElsewhere(data) : (usedAt = performance.now())));
  for (const sign of ["pointerdown", "keydown", "wheel"]) root.addEventListener(sign, used, { passive: true });
  setInterval(() => isIdle() && cover(), 1000);
  form().addEventListener("submit", unlock);
  tell({ who: who(), csrf: form().elements.csrf.value }); // whoever signed in anew, in whatever way, goes on everywhere
}

/** The stream says that the session has ended: as idle it is covered, else the page is left. */
export function sessionEnded() {
  if (section && isIdle(90000)) cover();
  else location.reload();
}

const form = () => section.querySelector("form");
const who = () => form().elements.who.value;
const tell = (said) => channel && channel.postMessage(said);
const isIdle = (early = 0) => performance.now() - usedAt >= Number(section.dataset.after) * 1000 - early;

function cover() {
  if (!section.hidden) return;
  left = { top: window.scrollY, focus: document.activeElement, title: document.title };
  section.hidden = false;
  document.body.classList.add("locked");
  document.title = section.querySelector("h1").textContent;
  form().elements.pin.focus();
}

async function unlock(event) {
  event.preventDefault();
  event.stopPropagation();
  if (asking) return; // of two sessions the page would know the wrong one
  asking = true;
  const said = section.querySelector("[role=alert]");
  const answer = await send("/signin/unlock", new URLSearchParams(new FormData(form()))).catch(() => null);
  asking = false;
  form().elements.pin.value = "";
  said.hidden = Boolean(answer && answer.ok);
  if (!said.hidden) {
    form().elements.pin.focus();
    said.textContent = answer ? await answer.text() : said.dataset.away;
    return;
  }
  const { csrf } = await answer.json();
  uncover(csrf);
  tell({ who: who(), csrf });
}

/** Somebody is there in another tab of this browser. This page is its own person's alone. */
function openedElsewhere(opened) {
  if (opened.who === who()) uncover(opened.csrf);
}

function uncover(csrf) {
  document.querySelectorAll("input[name=csrf]").forEach((one) => (one.value = csrf));
  usedAt = toldAt = performance.now();
  if (section.hidden) return;
  section.hidden = true;
  document.body.classList.remove("locked");
  document.title = left.title;
  window.scrollTo(0, left.top);
  left.focus.focus({ preventScroll: true });
}

const send = (path, body) => fetch(path, { method: "POST", body, credentials: "same-origin" });
