// The draft of a report, kept in this browser from the first letter until the report has arrived. Its key is born with it.
const MAX_AGE = 30 * 24 * 3600 * 1000;
let opened = null;

function store(mode) {
  opened = opened || new Promise((done, failed) => {
    const asked = indexedDB.open("whistle-rider", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("drafts", { keyPath: "key" });
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  return opened.then((database) => database.transaction("drafts", mode).objectStore("drafts"));
}

const asked = (request) => new Promise((done, failed) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => failed(request.error);
});

export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, "0")).join("");
}

export const drafts = async () => asked((await store("readonly")).getAll());

/** The draft of this form: the one that was begun, or a new one. */
export async function draftOf(form) {
  const known = await drafts().catch(() => []);
  for (const old of known.filter((one) => Date.now() - one.born > MAX_AGE)) await discard(old);
  const begun = known.find((one) => !one.ready && Date.now() - one.born <= MAX_AGE);
  if (begun) return Object.assign(begun, { restored: true });
  return { key: newKey(), born: Date.now(), fields: fieldsOf(form), photos: [], ready: false, restored: false };
}

function fieldsOf(form) {
  const fields = {};
  for (const [name, value] of new FormData(form)) if (typeof value === "string") fields[name] = value;
  for (const gone of ["csrf", "key"]) delete fields[gone];
  return fields;
}

/** What stands in the form is kept. Where the browser keeps nothing, the form still works. */
export function save(draft, form) {
  if (form) draft.fields = fieldsOf(form);
  const { restored, ...kept } = draft;
  return store("readwrite").then((drafts) => asked(drafts.put(kept))).catch(() => {});
}

export const discard = async (draft) => asked((await store("readwrite")).delete(draft.key)).catch(() => {});

export const clearDrafts = async () => asked((await store("readwrite")).clear()).catch(() => {});
