// The server's clock, whatever the computer's says: the page carries the time of its making, beats bring newer ones.
let base = Date.parse(document.documentElement.dataset.now || "") || Date.now();
let at = performance.now();

/** Milliseconds since 1970. */
export function now() {
  return base + (performance.now() - at);
}

/** `iso`: what the server says its time is, now. */
export function hearTime(iso) {
  const heard = Date.parse(iso);
  if (!heard) return;
  base = heard;
  at = performance.now();
}
