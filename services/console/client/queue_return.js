// Back from a case: the same place in the list, with the focus on the same row.
const KEPT = "whistle-queue";

export function keepPlace(root) {
  const list = root.getElementById("cases");
  if (!list) return;
  window.addEventListener("pagehide", () => {
    const row = root.activeElement && root.activeElement.closest("#cases > [data-case]");
    if (row) sessionStorage.setItem(KEPT, JSON.stringify({ of: location.href, id: row.dataset.case, y: scrollY }));
  });
  const kept = JSON.parse(sessionStorage.getItem(KEPT) || "null");
  const [came] = performance.getEntriesByType("navigation");
  if (!kept || kept.of !== location.href || !came || came.type !== "back_forward") return;
  const link = list.querySelector(`[data-case="${CSS.escape(kept.id)}"] .case-what a`);
  if (link) link.focus({ preventScroll: true });
  scrollTo(0, kept.y);
}
