"""``/signin/link``: a login link to oneself. ``/l/{token}``: where it leads.

The browser that asks shows two digits and waits; whoever opens the link chooses them there, and this browser is signed
in. Opening the link changes nothing, so that previews of messages do not spend it.
"""

import re
from urllib.parse import urlencode

from starlette.responses import Response

from services.console.frame.languages import N_
from services.console.frame.page import Page
from services.console.frame.problem_pages import is_ours
from services.console.frame.visit import OpenVisit
from services.console.pages.from_client import from_client
from services.console.pages.sign_in.entering import entered, home
from services.console.pages.sign_in.pin import why
from services.console.session_cookie import AskedHere, forget_link, keep_link, link_of
from shared.kernel.errors import Refusal, not_found
from shared.runtime.http_server.route import Route

ASK, WAIT = "/signin/link", "/signin/link/wait"
WAITING = 409
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
_NUMBER = re.compile(r"[1-9][0-9]")


class LoginLinkPages(Page):
    """Pages without script; with it the waiting page asks by itself."""

    def routes(self) -> list[Route]:
        return [
            self.open_get(ASK, self.show, "Ask for a login link"),
            self.open_post(ASK, self.ask, "Ask for a login link"),
            self.open_get(WAIT, self.show_waiting, "Wait until the link is pressed"),
            self.open_post(WAIT, self.go_on, "Sign in once the link was pressed"),
            self.open_get("/l/{token}", self.offer, "A login link"),
            self.open_post("/l/{token}", self.press, "Choose the number of the screen that asked"),
        ]

    async def show(self, visit: OpenVisit) -> Response:
        return await self._form(visit, back=visit.request.query_params.get("back", ""))

    async def ask(self, visit: OpenVisit) -> Response:
        given = {name: visit.form.get(name) for name in ("person", "city") if visit.form.get(name)}
        body, back = {**given, "shared": "alone" not in visit.form.fields}, visit.form.get("back")
        try:
            asked = await self.site.login_links.ask(body, from_client(visit.call))
        except Refusal as refusal:
            said, at = why(visit, refusal, visit._("City or person is not as it should be."), "person")
            return await self._form(visit, refusal.status, given, said=said, at=at, back=back)
        response = visit.go(WAIT)
        keep_link(response, visit.request, AskedHere(asked.asked, asked.number, back if is_ours(back) else ""))
        return response

    async def show_waiting(self, visit: OpenVisit) -> Response:
        return self._waiting(visit)

    async def go_on(self, visit: OpenVisit) -> Response:
        """Asked by the page every few seconds, or by the button."""
        asked = link_of(visit.request)
        if not asked.token:
            return visit.go(ASK)
        try:
            return await self._entered(visit, asked)
        except Refusal as refusal:
            if refusal.status in (WAITING, 429) or refusal.status >= 500:
                return self._waiting(visit)
            again = f"{ASK}?{urlencode({'back': asked.back})}" if asked.back else ASK
            response = visit.go(again, said=visit._("The link has ended; ask for another one."))
            forget_link(response, visit.request)
            return response

    async def offer(self, visit: OpenVisit) -> Response:
        """Shows. In the browser that asked its own number is all there is to choose."""
        try:
            shown = await self.site.login_links.shown(_link(visit))
        except Refusal as refusal:
            return _not_open(visit, refusal)
        number = link_of(visit.request).number
        own = number in shown.numbers
        page = visit.demonstrating(shown.demonstration)
        return page.page("login_link.html", link=shown, numbers=[number] if own else shown.numbers, own=own)

    async def press(self, visit: OpenVisit) -> Response:
        number = visit.form.get("number")
        if not _NUMBER.fullmatch(number):
            return await self.offer(visit)
        try:
            await self.site.login_links.press(_link(visit), int(number), from_client(visit.call))
        except Refusal as refusal:
            return _not_open(visit, refusal)
        try:
            return await self._entered(visit, link_of(visit.request))
        except Refusal:  # another browser asked, and is signed in when it asks next
            done = visit._("Done: go back to the screen that shows the number. You may close this page.")
            return visit.page("told.html", title=visit._("Login link"), said=done)

    async def _entered(self, visit: OpenVisit, asked: AskedHere) -> Response:
        if not asked.token:
            raise not_found("link that this browser asked for")
        opened = await self.site.login_links.open(asked.token, from_client(visit.call))
        response = await entered(visit, opened, home(visit, asked.back))
        forget_link(response, visit.request)
        return response

    async def _form(
        self,
        visit: OpenVisit,
        status: int = 200,
        given: dict[str, str] | None = None,
        *,
        said: str = "",
        at: str = "",
        back: str = "",
    ) -> Response:
        shown = visit.demonstrating((await self.site.offered()).demonstration)
        kept = back if is_ours(back) else ""
        return shown.page("signin_link.html", status, given=given or {}, said=said, at=at, back=kept)

    def _waiting(self, visit: OpenVisit) -> Response:
        asked = link_of(visit.request)
        return (
            visit.page("signin_link_wait.html", part="waiting", number=asked.number) if asked.token else visit.go(ASK)
        )


def _link(visit: OpenVisit) -> str:
    token = visit.path["token"]
    if not _TOKEN.fullmatch(token):
        raise not_found("login link")
    return token


def _not_open(visit: OpenVisit, refusal: Refusal) -> Response:
    told = WRONG_NUMBER if refusal.kind == "wrong-number" else NOT_OPEN.get(refusal.status)
    said = visit._(told or N_("Not reachable at the moment; try again shortly."))
    return visit.page("told.html", refusal.status, title=visit._("Login link"), said=said)
