// Entering a report: pictures are pasted, a press on the map is the place, and what is around is asked while one types.
import { sayChosen } from "./chosen_files.js";
import { _, counted } from "./messages.js";
import { toast } from "./toasts.js";

const ASKS = ["csrf", "draft", "channel", "kind", "text", "address", "lon", "lat", "category", "offered", "same_as", "framed", "pick"];
const KEPT = "whistle-draft";

export function enterReports(root) {
  const form = root.getElementById("enter");
  if (!form) return;
  let asked = 0;
  const look = async () => {
    const turn = (asked += 1);
    const body = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (ASKS.includes(name)) body.append(name, value);
    const headers = { "hx-request": "true" };
    const answer = await fetch("/enter", { method: "POST", body, headers, credentials: "same-origin" }).catch(() => null);
    if (!answer || !answer.ok || turn !== asked) return;
    const made = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("around");
    const old = root.getElementById("around");
    const focused = document.activeElement && old.contains(document.activeElement) ? document.activeElement.id : "";
    const chosen = chosenSince(form, body);
    old.replaceWith(made);
    for (const [name, value] of chosen) if (form.elements[name]) form.elements[name].value = value;
    prepare(form, look);
    if (focused && root.getElementById(focused)) root.getElementById(focused).focus();
  };
  form.addEventListener("change", (event) => {
    if (event.target.name === "done") form.querySelector(".handled").hidden = event.target.value !== "handled";
    if (["text", "address", "lon", "lat", "category"].includes(event.target.name)) {
      if (event.target.name === "address") form.lon.value = form.lat.value = "";
      look();
    }
  });
  form.addEventListener("paste", (event) => {
    const pictures = [...event.clipboardData.files].filter((file) => file.type.startsWith("image/"));
    if (!pictures.length) return;
    event.preventDefault();
    const all = new DataTransfer();
    for (const file of [...form.photos.files, ...pictures].slice(0, 9)) all.items.add(file);
    form.photos.files = all.files;
    sayChosen(form.photos);
    toast(counted("%(count)s photo is ready.", "%(count)s photos are ready.", all.files.length));
  });
  keep(form);
  prepare(form, look);
}

/** What was typed or ticked around while the answer was under way: it stays. */
function chosenSince(form, sent) {
  const now = new FormData(form);
  return ["same_as", "category", "lon", "lat"].filter((name) => now.get(name) !== sent.get(name)).map((name) => [name, now.get(name) ?? ""]);
}

function prepare(form, look) {
  const handled = form.querySelector(".handled");
  if (handled) handled.hidden = form.elements.done.value !== "handled";
  const map = form.querySelector("[data-pick] svg");
  if (map) {
    map.classList.add("pressed");
    map.addEventListener("click", (event) => {
      const box = map.getBoundingClientRect();
      const share = (at, from, size) => ((at - from) / size).toFixed(4);
      form.pick.value = `${share(event.clientX, box.left, box.width)},${share(event.clientY, box.top, box.height)}`;
      look();
    });
  }
  const here = form.querySelector("[data-here]");
  if (!here || !navigator.geolocation) return;
  here.hidden = false;
  here.addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        form.lon.value = coords.longitude.toFixed(6);
        form.lat.value = coords.latitude.toFixed(6);
        look();
      },
      () => toast(_("Where you are is not known here."), { wrong: true }),
      { timeout: 8000, enableHighAccuracy: true },
    );
  });
}

/** A camera may kill the page: words that this person typed in this tab stand there again, under the same key. */
function keep(form) {
  const names = ["draft", "text", "address", "how_text"];
  const channel = form.querySelector("[name=channel]").value;
  const place = `${KEPT}-${form.dataset.who}-${channel === "patrol" ? channel : "entry"}`;
  const kept = JSON.parse(sessionStorage.getItem(place) || "null");
  if (kept && !form.text.value) for (const name of names) if (form[name] && kept[name]) form[name].value = kept[name];
  form.addEventListener("input", () => {
    sessionStorage.setItem(place, JSON.stringify(Object.fromEntries(names.map((name) => [name, form[name] ? form[name].value : ""]))));
  });
  form.addEventListener("submit", (event) => {
    if (event.submitter && event.submitter.value === "send") sessionStorage.removeItem(place);
  });
}
