// Photos of a draft: made small in the browser, kept as bytes, sent one at a time as soon as they may be.
import { newKey, save } from "./rider_draft.js";
import { _ } from "./messages.js";

const SIDE = 1600;
const BYTES = 400 * 1024;
const MOST = 3;
const WAITS = [1000, 2000, 4000, 8000, 16000, 30000, 60000];

export function takePhotos(form, draft) {
  const picker = document.getElementById("photo");
  const take = document.getElementById("take");
  // The camera may end this page: everything is kept before it opens.
  take.addEventListener("click", () => (save(draft, form), picker.click()));
  picker.addEventListener("click", () => save(draft, form));
  picker.addEventListener("change", async () => {
    if (!form.elements.observed.value) form.elements.observed.value = new Date().toISOString();
    for (const file of [...picker.files].slice(0, MOST - draft.photos.length)) {
      const small = await shrunk(file);
      draft.photos.push({ key: newKey(), bytes: await small.arrayBuffer(), type: small.type, id: "" });
      await save(draft, form);
    }
    picker.value = "";
    showPhotos(form, draft);
    upload(form, draft);
  });
  form.elements.may_photo.addEventListener("change", () => upload(form, draft));
  upload(form, draft);
}

/** At most 1,600 pixels and 400 kB; as it was where the browser cannot read it. */
export async function shrunk(file) {
  const url = URL.createObjectURL(file);
  try {
    const picture = new Image();
    picture.src = url;
    await picture.decode();
    let scale = Math.min(1, SIDE / Math.max(picture.naturalWidth, picture.naturalHeight));
    for (const quality of [0.8, 0.65, 0.5, 0.5, 0.4]) {
      const canvas = document.createElement("canvas");
      canvas.width = Math.max(1, Math.round(picture.naturalWidth * scale));
      canvas.height = Math.max(1, Math.round(picture.naturalHeight * scale));
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      const made = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
      if (made && made.size <= BYTES) return made;
      if (quality <= 0.5) scale *= 0.75;
    }
    return file;
  } catch {
    return file;
  } finally {
    URL.revokeObjectURL(url);
  }
}

export function showPhotos(form, draft) {
  const list = document.getElementById("shots");
  list.textContent = "";
  draft.photos.forEach((photo, n) => {
    const item = document.createElement("li");
    const picture = new Image();
    picture.alt = _("Photo %(number)s", { number: n + 1 });
    picture.src = URL.createObjectURL(new Blob([photo.bytes], { type: photo.type }));
    picture.onload = () => URL.revokeObjectURL(picture.src);
    const state = document.createElement("p");
    state.className = "hint";
    state.dataset.photo = photo.key;
    state.textContent = said(photo);
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = _("Remove");
    remove.setAttribute("aria-label", _("Remove photo %(number)s", { number: n + 1 }));
    remove.addEventListener("click", async () => {
      draft.photos = draft.photos.filter((one) => one !== photo);
      await save(draft, form);
      showPhotos(form, draft);
      document.getElementById("take").focus();
    });
    item.append(picture, state, remove);
    list.append(item);
  });
  document.getElementById("take").disabled = draft.photos.length >= MOST;
}

function said(photo) {
  if (photo.id) return _("Arrived");
  return photo.refused ? photo.refused : _("Kept on this phone");
}

let uploading = false;

/** While the form is open: one photo after the other; the longer nothing gets through, the longer it waits. */
async function upload(form, draft) {
  if (uploading) return;
  uploading = true;
  for (let failed = 0; form.elements.may_photo.checked && !draft.ready; ) {
    const photo = draft.photos.find((one) => !one.id && !one.refused);
    if (!photo) break;
    const place = () => document.querySelector(`[data-photo="${photo.key}"]`);
    const came = await sendPhoto(photo, (part) => place() && (place().textContent = `${Math.round(part * 100)} %`));
    if (draft.ready) break;
    failed = came ? 0 : failed + 1;
    await save(draft, form);
    if (place()) place().textContent = said(photo);
    if (!came) await new Promise((done) => setTimeout(done, WAITS[Math.min(failed, WAITS.length) - 1]));
  }
  uploading = false;
}

/** Whether it arrived, or was refused for good. The same photo under the same key is one. */
export function sendPhoto(photo, progress = () => {}) {
  return new Promise((done) => {
    const body = new FormData();
    body.append("key", photo.key);
    body.append("may_photo", "yes");
    body.append("photo", new Blob([photo.bytes], { type: photo.type }), "photo");
    const request = new XMLHttpRequest();
    request.open("POST", "/r/photos");
    request.setRequestHeader("accept", "application/json");
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onerror = () => done(false);
    request.onload = () => {
      if (request.status === 201) photo.id = JSON.parse(request.responseText).id;
      else if ([400, 413, 415, 422].includes(request.status)) photo.refused = _("This photo cannot be used; take another.");
      done(Boolean(photo.id || photo.refused));
    };
    request.send(body);
  });
}
