// One document, four screens, each with an address of its own: the back key goes a screen back, a reload stays.
import { _ } from "./messages.js";

export function stepThrough(form, draft) {
  form.classList.add("stepped");
  const go = (path) => {
    history.pushState(null, "", path);
    show(form, path);
    if (path === "/r/send") sumUp(form, draft);
    form.querySelector("section.here h2").focus({ preventScroll: true });
    window.scrollTo(0, 0);
  };
  form.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-to]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    go(link.getAttribute("href"));
  });
  window.addEventListener("popstate", () => {
    show(form, location.pathname);
    sumUp(form, draft);
  });
  form.addEventListener("given-back", (event) => {
    const { said, at } = event.detail;
    const field = document.getElementById({ photo: "may_photo" }[at] || at);
    if (field) go(field.closest("section").dataset.step);
    complain(form, said);
    if (field) field.focus();
  });
  show(form, location.pathname);
  sumUp(form, draft);
}

/** The screen of an address; all of them without one. */
export function show(form, path) {
  form.classList.toggle("stepped", path !== null);
  for (const section of form.querySelectorAll("section[data-step]")) {
    section.classList.toggle("here", section.dataset.step === path);
  }
  for (const link of form.querySelectorAll(".progress a")) {
    if (link.getAttribute("href") === path) link.setAttribute("aria-current", "step");
    else link.removeAttribute("aria-current");
  }
}

function complain(form, said) {
  let place = document.getElementById("said");
  if (!place) {
    place = document.createElement("p");
    place.id = "said";
    place.className = "said wrong";
    place.setAttribute("role", "alert");
    form.before(place);
  }
  place.textContent = said;
}

/** Before it is sent: whom to call first, and what is sent. */
function sumUp(form, draft) {
  const chosen = form.querySelector("input[name=category]:checked");
  const told = chosen && chosen.parentElement.querySelector(".told");
  const first = document.getElementById("first");
  first.replaceChildren(...(told ? [told.cloneNode(true)] : []));
  if (told) first.firstElementChild.classList.add("shown");
  const fields = form.elements;
  const phone = fields.lat.value && (fields.may_place.checked || ["printed", "map"].includes(fields.found.value));
  const place = [fields.address.value, phone ? _("with the position") : ""].filter(Boolean).join(" · ");
  const rows = [
    [_("Photos"), String(draft.photos.length)],
    [_("Place"), place || "–"],
    [_("Category"), [chosen ? chosen.nextElementSibling.textContent : "", fields.words.value].filter(Boolean).join(" · ") || "–"],
  ];
  const list = document.getElementById("summary");
  list.textContent = "";
  for (const [name, value] of rows) {
    const term = document.createElement("dt");
    const said = document.createElement("dd");
    term.textContent = name;
    said.textContent = value;
    list.append(term, said);
  }
}
