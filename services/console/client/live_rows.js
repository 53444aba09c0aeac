// The rows of a queue as they change: placed by deadline, older versions lose, and nothing moves under the pointer or
// the row that has the focus: what would move it waits behind a pill. Nothing here asks the browser for a layout.
import { now } from "./server_time.js";
import { renew } from "./time_left.js";

const MOST = 100;
const BEHIND = 150;
const waiting = new Map(); // id → change
const known = new Map(); // id → newest version that was heard
const OUTSIDE = { before: null };
const AFTER = Node.DOCUMENT_POSITION_FOLLOWING;
const hovers = matchMedia("(hover: hover)");
let touching = false;
let said = "";
let asked = {};

export const queue = () => document.getElementById("queue");
const list = () => document.getElementById("cases");
const rowOf = (id) => document.getElementById(`row-${id}`);
const order = (due) => (due ? Date.parse(due) : Infinity);

export function parsed(html) {
  return new DOMParser().parseFromString(html, "text/html").body;
}

/** Makes the rows of changes that belong here, all in one document: one for each would cost more than all else. */
export function prepare(changes) {
  const those = changes.filter((data) => !data.made && fits(data, rowOf(data.id)));
  const rows = those.length ? [...parsed(those.map(({ html }) => html).join("")).children] : [];
  those.forEach((data, at) => (data.made = rows[at]));
}

/** The page's filter, read anew only where it is another. */
function filter() {
  if (queue().dataset.filter !== said) asked = JSON.parse((said = queue().dataset.filter));
  return asked;
}

/** Whether a change belongs on this page; `row`: it stands there already. */
export function fits(data, row) {
  const [{ unit, me }, asked] = [queue().dataset, filter()];
  const has = (values, value) => !values.length || values.includes(value);
  return (
    !data.gone &&
    (asked.below ? data.below : data.queues).includes(unit) &&
    has(asked.state, data.state) &&
    has(asked.priority, data.priority) &&
    has(asked.category, data.category) &&
    (!asked.mine || data.assignee === me) &&
    (!asked.overdue || order(data.due) <= now()) &&
    (!asked.words || Boolean(row))
  );
}

/** A change of the stream. Answers the row that is new to the page, if one is. */
export function change(data) {
  const row = rowOf(data.id);
  const newest = Math.max(known.get(data.id) || 0, row ? Number(row.dataset.version) : 0);
  if (data.version <= newest) return null;
  if (known.size > 5000) known.clear();
  known.set(data.id, data.version);
  const stays = fits(data, row);
  if (!row && !stays) {
    waiting.delete(data.id);
    return null;
  }
  const wasWaiting = waiting.has(data.id);
  const fresh = stays ? data.made || parsed(data.html).firstElementChild : null;
  if (fresh) renew(fresh);
  place({ id: data.id, fresh }, false);
  return fresh && !row && !wasWaiting ? fresh : null;
}

/** The page as it was read again. */
export function renewPage(fresh) {
  const here = queue();
  for (const name of ["filter", "from", "own", "me"]) here.dataset[name] = fresh.dataset[name];
  for (const part of [".counts", ".paging"]) {
    const [old, made] = [here.querySelector(part), fresh.querySelector(part)];
    if (old && made && !old.isEqualNode(made) && !old.contains(document.activeElement)) old.replaceWith(made);
  }
  const rows = [...fresh.querySelectorAll("[data-case]")];
  const ids = new Set(rows.map((row) => row.dataset.case));
  for (const row of [...list().children]) if (!ids.has(row.dataset.case)) place({ id: row.dataset.case, fresh: null }, false);
  for (const row of rows) {
    const { case: id, version } = row.dataset;
    if ((known.get(id) || 0) > Number(version)) continue;
    known.set(id, Number(version));
    const old = rowOf(id);
    if (old && old.dataset.version === version) renewRow(old, row); // only its words are of another time
    else place({ id, fresh: row }, false);
  }
}

/** What waits is shown; `forced`: although somebody points at the list. */
export function flush(forced) {
  for (const one of [...waiting.values()]) place(one, forced);
}

/** How many new rows wait. */
export function newWaiting() {
  return [...waiting.values()].filter((one) => one.fresh && !rowOf(one.id)).length;
}

function place(one, forced) {
  const row = rowOf(one.id);
  const moves = !row || !one.fresh || row.dataset.order !== one.fresh.dataset.order || waiting.has(one.id);
  if (row && one.fresh) renewRow(row, one.fresh);
  if (!moves) return null;
  const goal = one.fresh ? goalOf(one.fresh, row) : null;
  if (goal === OUTSIDE || !(row || goal) || (row && goal && row.nextElementSibling === goal.before)) return waiting.delete(one.id);
  if (!forced && (isHeld(row) || (goal && isHeld(goal.before)))) {
    if (row && !one.fresh) row.classList.add("gone");
    return waiting.set(one.id, one);
  }
  waiting.delete(one.id);
  if (!one.fresh) {
    if (row) row.remove();
  } else put(row || one.fresh, goal.before);
  const { children: rows, lastElementChild: last } = list();
  if (filter().more && rows.length > MOST && (canGo(last) || rows.length > BEHIND)) last.remove();
  const empty = queue().querySelector("[data-empty]");
  if (empty.hidden !== rows.length > 0) empty.hidden = rows.length > 0;
  return null;
}

function canGo(row) {
  return !row.matches(":hover") && !row.contains(document.activeElement) && !row.querySelector("input:checked");
}

function put(row, before) {
  const focused = row.contains(document.activeElement) ? document.activeElement : null;
  list().insertBefore(row, before);
  if (focused) focused.focus({ preventScroll: true });
}

/** Before which other row a row belongs (null: last), or that it belongs on another page. */
function goalOf(fresh, row) {
  const mine = order(fresh.dataset.order);
  let last = null;
  let before = list().firstElementChild;
  for (; before; before = before.nextElementSibling) {
    if (before === row) continue;
    const theirs = order(before.dataset.order);
    if (mine < theirs || (mine === theirs && fresh.dataset.case < before.dataset.case)) break;
    last = before;
  }
  const outside = (!last && !filter().first) || (!before && last && filter().more);
  return outside && !row ? OUTSIDE : { before };
}

/** Whether a change at this place would move a row that must stay where it is. */
function isHeld(at) {
  if (touching) return true;
  const [pointed, focused] = held();
  return [pointed, focused].some((one) => one && at && (one === at || at.compareDocumentPosition(one) & AFTER));
}

/** The row under the pointer, and the one that has the focus. */
function held() {
  const row = document.activeElement && document.activeElement.closest("#cases > [data-case]");
  return [hovers.matches ? list().querySelector(":scope > :hover") : null, row];
}

/** New words in an old row: what has the focus or is ticked stays so. */
function renewRow(row, fresh) {
  const tone = fresh.className + (row.classList.contains("new") ? " new" : "");
  if (row.className !== tone) row.className = tone;
  for (const name of Object.keys(fresh.dataset)) row.dataset[name] = fresh.dataset[name];
  [...fresh.children].forEach((made, index) => {
    const old = row.children[index];
    if (made.isEqualNode(old) || old.querySelector("input")) return;
    const [link, newLink] = [old.querySelector("a"), made.querySelector("a")];
    if (link && newLink) link.replaceChildren(...newLink.cloneNode(true).childNodes);
    else old.replaceWith(made.cloneNode(true));
  });
}

/** Calls `released` when nobody points at the list any more. */
export function watchPointer(root, released) {
  const touch = (is) => (event) => {
    if (event.pointerType === "mouse" || !event.target.closest || !event.target.closest("#cases")) return;
    touching = is;
    if (!is) released();
  };
  root.addEventListener("pointerdown", touch(true));
  for (const end of ["pointerup", "pointercancel"]) root.addEventListener(end, touch(false));
  root.addEventListener("mouseout", (event) => {
    if (event.target.closest("#cases, [data-pill]") && !(event.relatedTarget && event.relatedTarget.closest("#cases"))) released();
  });
  root.addEventListener("focusout", (event) => event.target.closest("#cases") && released());
}
