// The one polite live region: what changed by itself is read out, at most once in five seconds.
const EVERY = 5000;
let waiting = [];
let timer = 0;

export function readOut(text) {
  waiting.push(text);
  timer = timer || setTimeout(say, waiting.length > 1 ? EVERY : 0);
}

function say() {
  document.getElementById("read-out").textContent = waiting.join(" ");
  waiting = [];
  timer = setTimeout(() => {
    timer = 0;
    if (waiting.length) say();
  }, EVERY);
}
