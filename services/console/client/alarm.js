// A danger rings until somebody has acknowledged it. Browsers allow sound only after a press: so there is a button, and
// it says where sound is blocked.
import { _ } from "./messages.js";

const EVERY = 30000;
const KEPT = "whistle-sound";
const KNOWN_MAX = 5000;
const dangers = new Map(); // case → the units that have it in their queue
const heardAt = new Map(); // case → when the stream told of it last
const muted = new Set();
let audio = null;
let own = [];
let leads = () => true;
let place = null;

/** `leading`: whether this tab is the one of the browser that rings. */
export function settle(root, leading, queue) {
  place = root.querySelector("[data-alarm]");
  if (!place || !(window.AudioContext || window.webkitAudioContext)) return;
  leads = leading;
  own = queue.dataset.own.split(" ").filter(Boolean);
  place.hidden = false;
  place.querySelector("[data-sound]").addEventListener("click", turn);
  place.querySelector("[data-mute]").addEventListener("click", mute);
  if (localStorage.getItem(KEPT) === "on") start();
  standing(queue);
  setInterval(ring, EVERY);
  say();
}

/** The page as it was read again, asked for at `askedAt`: a danger that came unheard rings at once, and one that was
 *  taken unheard rings no more. What the stream told of since is newer than the page. */
export function catchUp(page, askedAt) {
  if (!place) return;
  if (standing(page, askedAt)) ring();
  say();
}

/** Takes over which dangers stand on a page; whether any is new. */
function standing(page, askedAt = Infinity) {
  const { unit, filter } = page.dataset;
  if (!own.includes(unit)) return false;
  const { first, more, below, ...narrow } = JSON.parse(filter);
  const whole = first && !more && Object.values(narrow).every((one) => !one || one.length === 0);
  const rows = [...page.querySelectorAll("[data-case]")].map((row) => row.dataset);
  const rung = rows.filter(({ priority, state }) => priority === "danger" && state === "queued").map((row) => row.case);
  const isOlder = (id) => (heardAt.get(id) || 0) < askedAt;
  for (const [id, units] of dangers) {
    const told = whole ? units.includes(unit) : rows.some((row) => row.case === id);
    if (told && isOlder(id) && !rung.includes(id)) forget(id);
  }
  const fresh = rung.filter((id) => isOlder(id) && !dangers.has(id));
  for (const id of fresh) dangers.set(id, [unit]);
  return fresh.length > 0;
}

function forget(id) {
  dangers.delete(id);
  muted.delete(id);
}

/** A change: it rings at once where it is a new danger of one's own unit. */
export function danger(data) {
  if (!place) return;
  const is = !data.gone && data.priority === "danger" && data.state === "queued" && data.queues.some((unit) => own.includes(unit));
  if (heardAt.size > KNOWN_MAX) heardAt.clear();
  heardAt.set(data.id, performance.now());
  if (is === dangers.has(data.id)) return;
  if (is) {
    dangers.set(data.id, data.queues);
    ring();
  } else forget(data.id);
  say();
}

function ring() {
  const loud = [...dangers.keys()].some((id) => !muted.has(id));
  document.documentElement.dataset.rings = String(loud && leads());
  if (loud && leads() && isOn()) tone();
}

function turn() {
  if (isOn()) {
    localStorage.setItem(KEPT, "off");
    audio.suspend().then(say);
    return;
  }
  localStorage.setItem(KEPT, "on");
  start();
  audio.resume().then(() => (tone(), say()));
}

function mute() {
  for (const id of dangers.keys()) muted.add(id);
  say();
}

function start() {
  audio = audio || new (window.AudioContext || window.webkitAudioContext)();
  audio.onstatechange = say;
}

function isOn() {
  return Boolean(audio) && audio.state === "running";
}

function say() {
  const blocked = audio && !isOn() && localStorage.getItem(KEPT) === "on";
  const words = isOn() ? _("Sound off") : blocked ? _("Sound is blocked: press to turn it on") : _("Sound on");
  const button = place.querySelector("[data-sound]");
  if (button.textContent !== words) button.textContent = words;
  button.classList.toggle("danger", Boolean(blocked));
  place.querySelector("[data-mute]").hidden = !isOn() || ![...dangers.keys()].some((id) => !muted.has(id));
}

function tone() {
  for (const [at, pitch] of [[0, 880], [0.25, 660], [0.5, 880]]) {
    const [wave, volume] = [audio.createOscillator(), audio.createGain()];
    const from = audio.currentTime + at;
    wave.frequency.value = pitch;
    volume.gain.setValueAtTime(0.25, from);
    volume.gain.exponentialRampToValueAtTime(0.001, from + 0.22);
    wave.connect(volume).connect(audio.destination);
    wave.start(from);
    wave.stop(from + 0.22);
  }
}
