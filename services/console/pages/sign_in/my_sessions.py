"""``/me/sessions``: where one is signed in, and the end of it. ``/me/password``: another password."""

import re

from starlette.responses import Response

from services.console.frame.languages import N_
from services.console.frame.page import Page
from services.console.frame.visit import Visit
from services.console.pages.from_client import from_client
from services.console.pages.sign_in.pin import why
from services.console.sign_in_client import MySession
from shared.kernel.errors import Refusal
from shared.runtime.http_server.route import Route

OPENED_BY = {
    "password": N_("by password"),
    "pin": N_("by PIN"),
    "link": N_("by a link to oneself"),
    "sso": N_("by the organisation's sign-in"),
    "development": N_("for development"),
}
BROWSERS = (
    ("MicroMessenger", "微信"),
    ("wxwork", "企业微信"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
)
SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS X", "Mac"))
_ID = re.compile(r"[0-9a-f]{16}")


class MySessions(Page):
    """Pages without script."""

    def routes(self) -> list[Route]:
        return [
            self.get("/me/sessions", self.show, "Where one is signed in"),
            self.post("/me/sessions", self.end, "End one's sessions"),
            self.get("/me/password", self.show_password, "Another password"),
            self.post("/me/password", self.set_password, "Another password"),
        ]

    async def show(self, visit: Visit) -> Response:
        found = await self.site.sign_in.sessions(visit.token)
        lines = [_line(visit, one) for one in sorted(found, key=lambda one: not one.current)]
        return visit.page("sessions.html", lines=lines)

    async def end(self, visit: Visit) -> Response:
        """``session``: which one; without it all but this one. What ends here opens nothing within five seconds."""
        asked = visit.form.get("session")
        ended = [asked] if _ID.fullmatch(asked) else await self._others(visit)
        for session in ended:
            await self.site.sign_in.end(visit.token, session)
        return visit.go("/me/sessions", said=visit._("Ended; it opens nothing any more within five seconds."))

    async def _others(self, visit: Visit) -> list[str]:
        return [one.id for one in await self.site.sign_in.sessions(visit.token) if not one.current]

    async def show_password(self, visit: Visit) -> Response:
        return visit.page("password.html")

    async def set_password(self, visit: Visit) -> Response:
        fields = visit.form.fields
        new = fields.get("new", "")
        if new != fields.get("again"):
            return visit.page("password.html", 422, said=visit._("The two passwords differ."), at="again")
        body = {"password": fields.get("password", ""), "new": new}
        try:
            await self.site.sign_in.set_password(visit.token, body, from_client(visit.call))
        except Refusal as refusal:
            if refusal.status == 401 and refusal.kind != "wrong-credentials":
                raise
            said, at = _why_not_set(visit, refusal)
            return visit.page("password.html", refusal.status, said=said, at=at)
        return visit.go("/me/sessions", said=visit._("Your password is changed; you are signed out everywhere else."))


def _line(visit: Visit, session: MySession) -> dict[str, object]:
    agent = session.device
    browser, system = (next((name for sign, name in known if sign in agent), "") for known in (BROWSERS, SYSTEMS))
    return {
        "id": session.id,
        "current": session.current,
        "device": " · ".join(one for one in (system, browser) if one) or agent[:60] or visit._("Unknown browser"),
        "by": visit._(OPENED_BY.get(session.by, OPENED_BY["password"])),
        "opened": visit.moment(session.opened_at),
        "seen": visit.moment(session.seen_at),
    }


def _why_not_set(visit: Visit, refusal: Refusal) -> tuple[str, str]:
    if refusal.status == 409:
        return visit._("Sign in with your password first."), ""
    if refusal.status == 422:
        at = "password" if refusal.detail == "/password" else "new"
        return visit._("This password is easily guessed; take a longer one."), at
    return why(visit, refusal, visit._("This is not your password."), "password")
