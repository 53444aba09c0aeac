"""``/confirm``: the one-time code that an act asks for, entered at the act; afterwards the act goes on."""

from starlette.responses import RedirectResponse, Response

from services.console.frame.page import Page
from services.console.frame.problem_pages import is_ours
from services.console.frame.visit import Visit
from services.console.pages.from_client import from_client
from services.console.pages.sign_in.pin import why
from shared.kernel.errors import Refusal
from shared.runtime.http_server.route import Route

ASKED = frozenset(("to", "posts", "totp"))


class Confirming(Page):
    """The form that ``problem_pages`` shows where a service asks for a code."""

    def routes(self) -> list[Route]:
        return [self.post("/confirm", self.confirm, "Give a one-time code, then go on")]

    async def confirm(self, visit: Visit) -> Response:
        """307: the browser sends the form that was refused once more, with all its fields."""
        form, posts = visit.form, visit.form.get("posts") == "yes"
        to = form.get("to") if is_ours(form.get("to")) else "/me"
        try:
            await self.services.confirm(visit.token, form.get("totp"), from_client(visit.call))
        except Refusal as refusal:
            if refusal.status == 401 and refusal.kind != "wrong-code":
                raise
            again = {name: values for name, values in form.typed.items() if name not in ASKED}
            said, at = _why(visit, refusal)
            return visit.page("confirm.html", refusal.status, said=said, at=at, to=to, again=again, posts=posts)
        return RedirectResponse(to, 307, {"cache-control": "no-store"}) if posts else visit.go(to)


def _why(visit: Visit, refusal: Refusal) -> tuple[str, str]:
    if refusal.status == 409:
        return visit._("There are no one-time codes to set up; ask for a new invitation."), ""
    return why(visit, refusal, visit._("This is not the code that the authenticator shows now."), "totp")
