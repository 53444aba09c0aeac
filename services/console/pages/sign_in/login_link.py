"""``/signin/link``: a login link to oneself. ``/l/{token}``: where it leads.

The browser that asks shows two digits and waits; whoever opens the link chooses them there, and this browser is signed
in. Opening the link changes nothing, so that previews of messages do not spend it.
"""

import re

from starlette.responses import Response

from services.console.frame.languages import N_
from services.console.frame.page import Page
from services.console.frame.visit import OpenVisit
from services.console.pages.from_client import from_client
from services.console.pages.sign_in.entering import entered, home
from services.console.pages.sign_in.pin import why
from services.console.session_cookie import keep_link, link_of
from shared.kernel.errors import Refusal, not_found
from shared.runtime.http_server.route import Route

WAIT = "/signin/link/wait"
WAITING, OVER = 409, 410
NOT_OPEN = {
    404: N_("Not an address of ours."),
    409: N_("This link was used already; ask for another one where you want to sign in."),
    410: N_("This link has ended; ask for another one where you want to sign in."),
}
WRONG_NUMBER = N_(
    "This was not the number on the screen that asked, so the link has ended. If you asked for none, somebody else "
    "did: nothing was opened for him."
)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,512}")


class LoginLinkPages(Page):
    """Pages without script; with it the waiting page asks by itself."""

    def routes(self) -> list[Route]:
        return [
            self.open_get("/signin/link", self.show, "Ask for a login link"),
            self.open_post("/signin/link", self.ask, "Ask for a login link"),
            self.open_get(WAIT, self.show_waiting, "Wait until the link is pressed"),
            self.open_post(WAIT, self.go_on, "Sign in once the link was pressed"),
            self.open_get("/l/{token}", self.offer, "A login link"),
            self.open_post("/l/{token}", self.press, "Choose the number of the screen that asked"),
        ]

    async def show(self, visit: OpenVisit) -> Response:
        return await self._form(visit)

    async def ask(self, visit: OpenVisit) -> Response:
        given = {name: visit.form.get(name) for name in ("person", "city") if visit.form.get(name)}
        body = {**given, "shared": "alone" not in visit.form.fields}
        try:
            asked = await self.site.login_links.ask(body, from_client(visit.call))
        except Refusal as refusal:
            said, at = why(visit, refusal, visit._("City or person is not as it should be."), "person")
            return await self._form(visit, refusal.status, given, said=said, at=at)
        response = visit.go(WAIT)
        keep_link(response, visit.request, asked.asked, asked.number)
        return response

    async def show_waiting(self, visit: OpenVisit) -> Response:
        return self._waiting(visit)

    async def go_on(self, visit: OpenVisit) -> Response:
        """Asked by the page every few seconds, or by the button."""
        token, number = link_of(visit.request)
        if not token:
            return visit.go("/signin/link")
        try:
            return await self._entered(visit, token)
        except Refusal as refusal:
            if refusal.status == WAITING or refusal.status >= 500:
                return self._waiting(visit)
            response = visit.go("/signin/link", said=visit._("The link has ended; ask for another one."))
            keep_link(response, visit.request, "", number)
            return response

    async def offer(self, visit: OpenVisit) -> Response:
        """Shows. In the browser that asked its own number is all there is to choose."""
        try:
            shown = await self.site.login_links.shown(_link(visit))
        except Refusal as refusal:
            return _not_open(visit, refusal)
        _, number = link_of(visit.request)
        own = number in shown.numbers
        page = visit.demonstrating(shown.demonstration)
        return page.page("login_link.html", link=shown, numbers=[number] if own else shown.numbers, own=own)

    async def press(self, visit: OpenVisit) -> Response:
        number = visit.form.get("number")
        try:
            token = _link(visit)
            await self.site.login_links.press(token, int(number) if number.isdigit() else 0, from_client(visit.call))
        except Refusal as refusal:
            return _not_open(visit, refusal)
        asked, _ = link_of(visit.request)
        try:
            return await self._entered(visit, asked)
        except Refusal:  # another browser asked, and is signed in when it asks next
            done = visit._("Done: go back to the screen that shows the number. You may close this page.")
            return visit.page("told.html", title=visit._("Login link"), said=done)

    async def _entered(self, visit: OpenVisit, asked: str) -> Response:
        if not asked:
            raise not_found("link that this browser asked for")
        opened = await self.site.login_links.open(asked, from_client(visit.call))
        response = await entered(visit, opened, home(visit))
        keep_link(response, visit.request, "", 0)
        return response

    async def _form(
        self, visit: OpenVisit, status: int = 200, given: dict[str, str] | None = None, *, said: str = "", at: str = ""
    ) -> Response:
        shown = visit.demonstrating((await self.site.offered()).demonstration)
        return shown.page("signin_link.html", status, given=given or {}, said=said, at=at)

    def _waiting(self, visit: OpenVisit) -> Response:
        token, number = link_of(visit.request)
        return visit.page("signin_link_wait.html", part="waiting", number=number) if token else visit.go("/signin/link")


def _link(visit: OpenVisit) -> str:
    token = visit.path["token"]
    if not _TOKEN.fullmatch(token):
        raise not_found("login link")
    return token


def _not_open(visit: OpenVisit, refusal: Refusal) -> Response:
    told = WRONG_NUMBER if refusal.kind == "wrong-number" else NOT_OPEN.get(refusal.status)
    said = visit._(told or N_("Not reachable at the moment; try again shortly."))
    return visit.page("told.html", refusal.status, title=visit._("Login link"), said=said)
