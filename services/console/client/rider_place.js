// Where it is: the phone's own position (WGS-84) with how exact it is, else a sketch under a cross-hair, else words.
import { _, counted } from "./messages.js";

const WAIT = 8000;
const INEXACT = 100;
const CHOSEN = ["printed", "map"];
const point = ["lon", "lat", "crs", "found"];

export function askForPlace(form, changed) {
  const said = document.getElementById("position");
  const place = document.getElementById("sketch");
  const fields = form.elements;
  const say = (text) => (said.textContent = text);
  const set = (lon, lat, found) => {
    [lon, lat, lon && "wgs84", found].forEach((value, n) => (fields[point[n]].value = value));
    changed();
  };

  /** The sketch at an address of ours; without a network words still do. */
  async function sketch(address, focused) {
    try {
      const answer = await fetch(address, { headers: { "hx-request": "true" }, credentials: "same-origin" });
      if (!answer.ok) throw new Error();
      const shown = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("sketched");
      place.replaceChildren(shown);
      (shown.querySelector(`[data-move="${focused}"]`) || shown.querySelector("[data-take]")).focus();
    } catch {
      say(_("The sketch cannot be shown now: please say the place in words."));
      fields.address.focus();
    }
  }
  const start = () => {
    const at = fields.lon.value ? { at: `${fields.lon.value},${fields.lat.value}` } : { place: fields.address.value };
    return sketch(`/r/map?${new URLSearchParams(at)}`);
  };

  place.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (link) event.preventDefault();
    if (link && link.dataset.take) {
      const [lon, lat] = link.dataset.take.split(",");
      set(lon, lat, "map");
      if (!fields.address.value) fields.address.value = link.dataset.near;
      place.replaceChildren();
      say(_("The place is that under the cross-hair."));
      changed();
      fields.address.focus();
    } else if (link) sketch(link.getAttribute("href"), link.dataset.move);
    else if (event.target.closest("svg")) tapped(event);
  });

  /** What was tapped comes under the cross-hair. */
  function tapped(event) {
    const svg = event.target.closest("svg");
    const box = svg.getBoundingClientRect();
    const metres = svg.dataset.span / box.width;
    const [lon, lat] = svg.dataset.at.split(",").map(Number);
    const north = lat + ((box.top + box.height / 2 - event.clientY) * metres) / 111195;
    const east = lon + ((event.clientX - box.left - box.width / 2) * metres) / (111195 * Math.cos((lat * Math.PI) / 180));
    const span = new URLSearchParams(place.querySelector("[data-move=n]").search).get("span");
    sketch(`/r/map?${new URLSearchParams({ at: `${east.toFixed(6)},${north.toFixed(6)}`, span })}`);
  }

  const found = ({ coords, timestamp }) => {
    set(coords.longitude.toFixed(6), coords.latitude.toFixed(6), "phone");
    const metres = Math.round(coords.accuracy);
    const minutes = Math.round((Date.now() - timestamp) / 60000);
    if (minutes >= 1) say(counted(
      "The last known position, of %(count)s minute ago, to %(metres)s m.",
      "The last known position, of %(count)s minutes ago, to %(metres)s m.",
      minutes,
      { metres },
    ));
    else if (metres > INEXACT) say(_("Found to %(metres)s m only: please show it on the sketch, or say it in words.", { metres }));
    else say(_("Found to %(metres)s m (WGS-84).", { metres }));
    if (metres > INEXACT) start();
  };
  const missed = () => {
    say(_("The position could not be found: please show it on the sketch, or say it in words."));
    start();
  };
  document.getElementById("by-sketch").addEventListener("click", (event) => (event.preventDefault(), start()));
  document.getElementById("locate").addEventListener("click", () => {
    if (!fields.may_place.checked) {
      say(_("Tick first that the position may be used."));
      fields.may_place.focus();
      return;
    }
    if (!navigator.geolocation) return missed();
    say(_("Looking for the position…"));
    navigator.geolocation.getCurrentPosition(found, () => {
      navigator.geolocation.getCurrentPosition(found, missed, { maximumAge: 600000, timeout: 1000 });
    }, { enableHighAccuracy: true, timeout: WAIT, maximumAge: 0 });
  });
  fields.may_place.addEventListener("change", () => {
    if (fields.may_place.checked || CHOSEN.includes(fields.found.value)) return;
    set("", "", "");
    say("");
  });
}
