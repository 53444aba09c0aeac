// A page at which nobody does anything is covered: nothing of it is to be seen until its person enters the PIN, and what
// was typed is still there then. The server has locked the session by itself; this only shows it.
const USED = "whistle-used";
const TELL_EVERY = 60000;
let section = null;
let usedAt = performance.now();
let toldAt = usedAt;

/** Covers the page after so many seconds without key or pointer in any tab; tells the server of both now and then. */
export function lockWhenIdle(root) {
  section = root.getElementById("lock");
  if (!section) return;
  const channel = window.BroadcastChannel && new BroadcastChannel(USED);
  const used = () => {
    if (!section.hidden || performance.now() - usedAt < 1000) return;
    usedAt = performance.now();
    if (channel) channel.postMessage("");
    if (usedAt - toldAt < TELL_EVERY) return;
    toldAt = usedAt;
    send("/signin/here", new URLSearchParams()).catch(() => {});
  };
  if (channel) channel.addEventListener("message", () => (usedAt = performance.now()));
  for (const sign of ["pointerdown", "keydown", "wheel"]) root.addEventListener(sign, used, { passive: true });
  setInterval(() => isIdle() && cover(), 1000);
  section.querySelector("form").addEventListener("submit", unlock);
}

/** The stream says that the session has ended: as idle it is covered, else the page is left. */
export function sessionEnded() {
  if (section && isIdle(90000)) cover();
  else location.reload();
}

const isIdle = (early = 0) => performance.now() - usedAt >= Number(section.dataset.after) * 1000 - early;

function cover() {
  if (!section.hidden) return;
  section.hidden = false;
  document.body.classList.add("locked");
  section.dataset.title = document.title;
  document.title = section.querySelector("h2").textContent;
  section.querySelector("input[type=password]").focus();
}

async function unlock(event) {
  event.preventDefault();
  event.stopPropagation();
  const said = section.querySelector("[role=alert]");
  const answer = await send("/signin/unlock", new URLSearchParams(new FormData(event.target))).catch(() => null);
  event.target.reset();
  said.hidden = Boolean(answer && answer.ok);
  if (!answer || !answer.ok) return void (said.textContent = answer ? await answer.text() : said.dataset.away);
  const { csrf } = await answer.json();
  document.querySelectorAll("input[name=csrf]").forEach((one) => (one.value = csrf));
  usedAt = toldAt = performance.now();
  section.hidden = true;
  document.body.classList.remove("locked");
  document.title = section.dataset.title;
}

const send = (path, body) => fetch(path, { method: "POST", body, credentials: "same-origin" });
