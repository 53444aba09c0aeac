// The map of a queue: areas, names and cases on a canvas. The list beside it has the same cases, and keys and screen
// readers do all of it there. Nothing but a button moves the map once it is shown.
import { canvas, CircleMarker, control, latLngBounds, map as mapOn, polygon, tileLayer, tooltip } from "leaflet";
import { follow } from "./live_stream.js";
import { _, language } from "./messages.js";
import { now } from "./server_time.js";
import { left } from "./time_words.js";

const TONES = ["late", "soon", "calm", "none"];
const COLOURS = { late: "--danger-fill", soon: "--warn", calm: "--accent-fill", none: "--edge" };
const CELL = 40; // pixels in which cases stand as one stack
const REACH = 24;
const LISTED_MAX = 100;
const NAMES_MAX = 40;
const READ_EVERY = 5000;

const place = document.getElementById("map");
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const ground = read("map-ground");
const shapes = Object.fromEntries(Object.entries(ground.shapes).map(([tone, path]) => [tone, new Path2D(path)]));
let pins = read("map-pins");
let stacks = [];
let names = [];

/** One case, or several of one place as their number; what shape it has says its clock. */
const Stack = CircleMarker.extend({
  _updatePath() {
    if (!this._renderer._drawing || this._empty()) return;
    const { tone, danger, count } = this.options;
    const pen = this._renderer._ctx;
    pen.save();
    pen.globalAlpha = 1;
    pen.translate(this._point.x, this._point.y);
    pen.lineWidth = 3;
    pen.strokeStyle = colour(danger ? "--danger" : "--paper");
    pen.fillStyle = colour(COLOURS[tone]);
    if (danger) {
      pen.beginPath();
      pen.arc(0, 0, 14, 0, 2 * Math.PI);
      pen.stroke();
    }
    if (count > 1) pen.scale(1.7, 1.7);
    pen.lineWidth = 1.5;
    pen.strokeStyle = colour("--paper");
    pen.stroke(shapes[tone]);
    pen.fill(shapes[tone]);
    if (count > 1) {
      pen.fillStyle = colour(tone === "soon" || tone === "none" ? "--paper" : "--on-fill");
      pen.font = "600 8px system-ui";
      pen.textAlign = "center";
      pen.fillText(count > 99 ? "99+" : count, 0, tone === "late" ? 5 : 3);
    }
    pen.restore();
  },
});

function show() {
  place.replaceChildren();
  const shown = mapOn(place, { renderer: canvas({ padding: 0.3 }), zoomControl: false, attributionControl: false, zoomSnap: 0.5, maxZoom: 18 });
  control.zoom({ zoomInTitle: _("Closer"), zoomOutTitle: _("Farther") }).addTo(shown);
  control.scale({ imperial: false }).addTo(shown);
  if (ground.basemap) tileLayer(ground.basemap.url, { maxNativeZoom: ground.basemap.max_zoom, maxZoom: 18 }).addTo(shown);
  for (const area of ground.areas) {
    const whole = area.id === place.dataset.unit;
    polygon(area.rings, { color: colour("--edge"), weight: whole ? 2.5 : 1, fillColor: colour("--paper"), fillOpacity: whole && !ground.basemap ? 0.9 : 0, interactive: false }).addTo(shown);
  }
  const everything = latLngBounds([...ground.areas.flatMap((area) => area.rings.flat(2)), ...pins.map((pin) => pin.at)]);
  const asked = new URLSearchParams(location.search).get("within");
  const [west, south, east, north] = (asked || "").split(",").map(Number);
  if (asked && asked.endsWith(ground.crs)) shown.fitBounds([[south, west], [north, east]]);
  else if (everything.isValid()) shown.fitBounds(everything, { maxZoom: 17, padding: [20, 20] });
  else shown.setView([0, 0], 2);
  shown.on("moveend", () => (stack(shown), name(shown), extent(shown)));
  shown.on("click", ({ containerPoint, latlng }) => press(shown, containerPoint, latlng));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => location.reload());
  stack(shown);
  name(shown);
  extent(shown);
  return shown;
}

/** Cases that lie on each other at this zoom stand as one, danger always alone and on top. */
function stack(shown) {
  for (const one of stacks) one.layer.remove();
  const cells = new Map();
  for (const pin of pins) {
    const { x, y } = shown.latLngToContainerPoint(pin.at);
    const cell = pin.danger ? pin.id : shown.project(pin.at).divideBy(CELL).floor().toString();
    if (!cells.has(cell)) cells.set(cell, { x, y, pins: [] });
    cells.get(cell).pins.push(pin);
  }
  const worst = (one) => Math.min(...one.pins.map((pin) => TONES.indexOf(pin.tone)));
  const rank = (one) => (one.pins[0].danger ? -10 : 0) + worst(one);
  stacks = [...cells.values()].sort((one, other) => rank(other) - rank(one));
  for (const one of stacks) {
    const options = { radius: 16, tone: TONES[worst(one)], danger: one.pins[0].danger, count: one.pins.length, interactive: false };
    one.layer = new Stack(one.pins[0].at, options).addTo(shown);
  }
  place.dataset.stacks = stacks.length;
}

/** As many names as have room, areas first. */
function name(shown) {
  for (const one of names) one.remove();
  names = [];
  const taken = [];
  const areas = ground.areas.filter((area) => area.id !== place.dataset.unit && area.rings.length);
  const wanted = [...areas.map((area) => ({ ...area, at: latLngBounds(area.rings.flat(2)).getCenter(), look: "area" })), ...ground.places];
  for (const one of wanted) {
    const { x, y } = shown.latLngToContainerPoint(one.at);
    const half = one.name.length * 8 + 10;
    const free = taken.every((other) => Math.abs(other.y - y) > 26 || Math.abs(other.x - x) > half + other.half);
    if (!free || names.length >= NAMES_MAX || !shown.getBounds().contains(one.at)) continue;
    taken.push({ x, y, half });
    const words = document.createTextNode(one.name.slice(0, 40));
    names.push(tooltip({ permanent: true, direction: "center", className: `name ${one.look || ""}`, interactive: false }).setLatLng(one.at).setContent(() => words).addTo(shown));
  }
}

function extent(shown) {
  const link = document.querySelector("[data-extent]");
  const bounds = shown.getBounds();
  const edges = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()].map((degrees) => degrees.toFixed(6));
  const query = new URLSearchParams(place.dataset.filter);
  query.set("within", [...edges, ground.crs].join(","));
  link.href = `?${query}`;
  link.hidden = false;
}

/** What lies there as a list; nothing: a report may be entered there. The place goes back with its datum. */
function press(shown, at, { lat, lng }) {
  const near = stacks.filter((one) => shown.latLngToContainerPoint(one.pins[0].at).distanceTo(at) < REACH);
  const cases = near.reverse().flatMap((one) => one.pins).slice(0, LISTED_MAX);
  const list = document.getElementById("pin-list");
  list.querySelector("h2").textContent = cases.length ? _("Cases here: %(count)s", { count: near.reduce((sum, one) => sum + one.pins.length, 0) }) : _("No case here");
  list.querySelector("ol").replaceChildren(...cases.map(line));
  const enter = list.querySelector("[data-enter-here]");
  enter.hidden = false;
  enter.href = `${place.dataset.enter}?at=${lng.toFixed(6)},${lat.toFixed(6)},${ground.crs}`;
  list.showModal();
}

function line(pin) {
  const item = document.createElement("li");
  const link = Object.assign(document.createElement("a"), { href: pin.href, className: "tap" });
  const badge = Object.assign(document.createElement("span"), { className: `badge ${pin.priority}`, textContent: pin.said });
  link.append(badge, ` ${pin.name}`);
  item.append(link);
  if (pin.due) {
    const { said, late } = left(Date.parse(pin.due), now(), language);
    item.append(" ", Object.assign(document.createElement("span"), { className: `left ${late ? "late" : ""}`, textContent: said }));
  }
  return item;
}

/** The list and its cases as they are now; the map stays where it is. */
async function renew(shown) {
  const answer = await fetch(location.href, { headers: { "hx-request": "true" }, credentials: "same-origin" }).catch(() => null);
  if (!answer || !answer.ok) return answer && answer.headers.get("hx-redirect") && location.reload();
  const made = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("map-cases");
  const old = document.getElementById("map-cases");
  if (!made) return null;
  const focused = old.contains(document.activeElement) && document.activeElement.closest("[data-case]");
  old.replaceWith(made);
  const again = focused && made.querySelector(`[data-case="${CSS.escape(focused.dataset.case)}"] a`);
  if (again) again.focus({ preventScroll: true });
  pins = read("map-pins");
  stack(shown);
  extent(shown);
  return null;
}

document.querySelector("[data-close-list]").addEventListener("click", (event) => event.target.closest("dialog").close());

/** Shows the map and keeps it as the list is. */
function begin() {
  const shown = show();
  let changed = false;
  follow(place.dataset.live, place.dataset.from, ({ kind }) => {
    if (kind === "ended") location.reload();
    changed = true;
  });
  setInterval(() => {
    if (!changed || document.hidden) return;
    changed = false;
    renew(shown);
  }, READ_EVERY);
  place.dataset.shown = "yes";
}

// A module may run before the page's styles are there, and the map is as wide as they make it.
if (document.readyState === "complete") begin();
else addEventListener("load", begin);
