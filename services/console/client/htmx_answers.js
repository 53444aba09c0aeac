// What becomes of a request that htmx sent: where no answer came, it is said, and what was typed stays.
import { release } from "./form_guard.js";
import { _ } from "./messages.js";
import { toast } from "./toasts.js";

export function sayWhatFailed(root) {
  root.addEventListener("htmx:error", () => {
    toast(_("Not reachable at the moment. What you entered is still here."), { wrong: true });
  });
  root.addEventListener("htmx:finally:request", (event) => {
    const form = event.target.closest && event.target.closest("form");
    if (form) release(form);
  });
}
