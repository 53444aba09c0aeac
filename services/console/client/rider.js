// What the rider's page runs. Without it the page is one form.
import { clearDrafts, draftOf, save, discard } from "./rider_draft.js";
import { sayChosenFiles } from "./chosen_files.js";
import { guardForms } from "./form_guard.js";
import { showPhotos, takePhotos } from "./rider_photos.js";
import { askForPlace } from "./rider_place.js";
import { _ } from "./messages.js";
import { flush, giveBack, showOutbox } from "./rider_send.js";
import { show, stepThrough } from "./rider_steps.js";

const PLACE = ["address", "lon", "lat", "crs", "found"];

async function begin(form) {
  for (const element of document.querySelectorAll(".stepping")) element.hidden = false;
  readPrinted(form.elements);
  const printed = form.elements.found.value !== "" || new URLSearchParams(location.search).has("place");
  const draft = await draftOf(form);
  if (draft.restored) fill(form, draft, printed ? PLACE : []);
  document.getElementById("kept").hidden = !draft.restored;
  form.addEventListener("input", () => save(draft, form));
  form.addEventListener("change", () => save(draft, form));
  document.getElementById("discard").addEventListener("click", () => discard(draft).then(() => location.replace("/r")));
  takePhotos(form, draft);
  askForPlace(form, () => save(draft, form));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (draft.photos.length && !form.elements.may_photo.checked) {
      return giveBack({ said: _("Tick that the photo may be used, or send without it."), at: "photo" });
    }
    draft.ready = true;
    await save(draft, form);
    form.hidden = true;
    await showOutbox();
    flush({ here: draft.key });
  });
  form.addEventListener("given-back", () => {
    draft.ready = false;
    form.hidden = false;
  });
  stepThrough(form, draft);
  showPhotos(form, draft);
  document.documentElement.dataset.ready = "yes";
}

/** The place of a printed code: a page that was opened without a network does not have it yet. */
function readPrinted(fields) {
  const asked = new URLSearchParams(location.search);
  const point = /^(-?[\d.]{1,12}),(-?[\d.]{1,12})$/.exec(asked.get("at") || "");
  if (fields.found.value || !asked.get("place")) return;
  fields.address.value = asked.get("place").slice(0, 200);
  if (point) [fields.lon.value, fields.lat.value, fields.crs.value, fields.found.value] = [point[1], point[2], "wgs84", "printed"];
}

/** What the draft holds stands in the form again, but for `kept`. */
function fill(form, draft, kept) {
  for (const [name, value] of Object.entries(draft.fields).filter(([name]) => !kept.includes(name))) {
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (field.type === "checkbox" || field.type === "radio") field.checked = field.value === value;
      else if (field.type !== "file") field.value = value;
    }
  }
}

const form = document.getElementById("report");
const enter = document.getElementById("enter");
guardForms(document);
sayChosenFiles(document);
if (form) begin(form).catch(() => show(form, null));
if (enter) enter.submit();
const clear = document.getElementById("clear");
if (clear) {
  for (const element of document.querySelectorAll(".stepping")) element.hidden = false;
  clear.addEventListener("click", () => clearDrafts().then(() => (clear.disabled = true)));
}
if (document.getElementById("erased")) clearDrafts();
for (const when of ["online", "pageshow"]) window.addEventListener(when, () => flush());
document.addEventListener("visibilitychange", () => document.hidden || flush());
showOutbox();
if ("serviceWorker" in navigator) navigator.serviceWorker.register("/r/worker.js", { scope: "/r" }).catch(() => {});
