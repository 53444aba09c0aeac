// A <details class="menu"> closes by Escape and by a press elsewhere.
export function closeMenus(root) {
  const close = (except) => {
    for (const menu of root.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(except)) menu.open = false;
    }
  };
  root.addEventListener("click", (event) => close(event.target));
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = event.target.closest("details.menu[open]");
    close(null);
    if (menu) menu.querySelector("summary").focus();
  });
}
