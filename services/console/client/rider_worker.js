// The rider's page opens offline: its document and its files as they were last seen. What is sent never passes here.
const KEPT = "rider-1";
const PAGES = ["/r", "/r/place", "/r/kind", "/r/send"];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((kept) => keepPage(kept)).catch(() => {}).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

async function keepPage(kept) {
  const page = await fetch("/r", { credentials: "same-origin" });
  if (!page.ok) return;
  const files = (await page.clone().text()).match(/\/built\/[\w.-]+/g) || [];
  await kept.put("/r", page);
  await Promise.all([...new Set(files)].map((file) => kept.add(file)));
}

async function shown(request) {
  const kept = await caches.open(KEPT);
  try {
    const page = await fetch(request);
    if (page.ok && !page.redirected && new URL(request.url).search === "") await kept.put("/r", page.clone());
    return page;
  } catch (away) {
    const last = await kept.match("/r");
    if (last) return last;
    throw away;
  }
}

async function file(request) {
  const kept = await caches.open(KEPT);
  const known = await kept.match(request);
  if (known) return known;
  const answer = await fetch(request);
  if (answer.ok) await kept.put(request, answer.clone());
  return answer;
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname, origin } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate" && PAGES.includes(pathname)) event.respondWith(shown(request));
  else if (pathname.startsWith("/built/")) event.respondWith(file(request));
});
