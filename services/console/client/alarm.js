// A danger rings until somebody has acknowledged it. Browsers allow sound only after a press: so there is a button, and
// it says where sound is blocked.
import { _ } from "./messages.js";

const EVERY = 30000;
const KEPT = "whistle-sound";
const dangers = new Set();
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
  if (own.includes(queue.dataset.unit)) {
    for (const row of queue.querySelectorAll('[data-priority="danger"][data-state="queued"]')) dangers.add(row.dataset.case);
  }
  setInterval(ring, EVERY);
  say();
}

/** A change: it rings at once where it is a new danger of one's own unit. */
export function danger(data) {
  if (!place) return;
  const is = !data.gone && data.priority === "danger" && data.state === "queued" && data.queues.some((unit) => own.includes(unit));
  if (is === dangers.has(data.id)) return;
  if (is) {
    dangers.add(data.id);
    ring();
  } else {
    dangers.delete(data.id);
    muted.delete(data.id);
  }
  say();
}

function ring() {
  const loud = [...dangers].some((id) => !muted.has(id));
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
  dangers.forEach((id) => muted.add(id));
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
  place.querySelector("[data-mute]").hidden = !isOn() || ![...dangers].some((id) => !muted.has(id));
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
