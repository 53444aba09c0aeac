"""``/signin/pin``: another person takes over at a shared computer. ``/pin``: setting one's PIN."""

import contextlib
from urllib.parse import urlencode

from starlette.responses import JSONResponse, PlainTextResponse, Response

from services.console.frame.forms import csrf_token
from services.console.frame.languages import N_
from services.console.frame.page import Page
from services.console.frame.problem_pages import is_ours
from services.console.frame.visit import OpenVisit, Visit
from services.console.pages.from_client import from_client
from services.console.pages.sign_in.entering import entered, home
from services.console.session_cookie import computer_of
from services.console.sign_in_client import PersonHere
from shared.kernel.errors import Refusal
from shared.runtime.http_server.route import Route

TAKE_OVER = "/signin/pin"
UNSTORED = {"cache-control": "no-store"}
AWAY = N_("Not reachable at the moment; try again shortly.")


class PinPages(Page):
    """Pages without script."""

    def routes(self) -> list[Route]:
        return [
            self.open_get("/signin/pin", self.show, "Sign in with a PIN"),
            self.open_post("/signin/pin", self.take_over, "Sign in with a PIN"),
            self.open_post("/signin/unlock", self.unlock, "Go on at a page that was locked"),
            self.open_post("/signin/here", self.here, "Somebody does something at this page"),
            self.get("/pin", self.show_own, "Set one's PIN"),
            self.post("/pin", self.set, "Set one's PIN"),
        ]

    async def show(self, visit: OpenVisit) -> Response:
        query = visit.request.query_params
        if "idle" in query and not await self._people(visit):  # nobody has a PIN here
            return visit.go(f"/signin?{urlencode({'ended': '', 'back': query.get('back', '')})}")
        idle = visit._("Nothing was done here for a while: enter your PIN to go on.") if "idle" in query else ""
        return await self._page(visit, said=idle, back=query.get("back", ""))

    async def take_over(self, visit: OpenVisit) -> Response:
        given = {name: visit.form.get(name) for name in ("person", "city", "pin") if visit.form.get(name)}
        computer, back = computer_of(visit.request), visit.form.get("back")
        wrong = visit._("Person or PIN is wrong, or you have not signed in here with your password within 12 hours.")
        if "who" in visit.form.fields:  # one of those who were offered: city/person
            given["city"], _, given["person"] = visit.form.get("who").partition("/")
        if not computer:
            return await self._page(visit, 401, given, said=wrong, at="person", back=back)
        try:
            opened = await self.services.sign_in_by_pin({**given, "computer": computer}, from_client(visit.call))
            return await entered(visit, opened, home(visit, back))
        except Refusal as refusal:
            said, at = why(visit, refusal, wrong, "person")
            return await self._page(visit, refusal.status, given, said=said, at=at, back=back)

    async def here(self, visit: OpenVisit) -> Response:
        """For the script of a page at which somebody types without sending anything."""
        if visit.token:
            with contextlib.suppress(Refusal):
                await self.site.sign_in.here(visit.token)
        return Response(status_code=204, headers=UNSTORED)

    async def unlock(self, visit: OpenVisit) -> Response:
        """For the script of a page that was covered: what its forms must carry from now on, or why not."""
        city, _, person = visit.form.get("who").partition("/")
        body = {"city": city, "person": person, "pin": visit.form.get("pin"), "computer": computer_of(visit.request)}
        try:
            opened = await self.services.sign_in_by_pin(body, from_client(visit.call))
        except Refusal as refusal:
            said, _ = why(visit, refusal, visit._("This is not your PIN, or it is not taken here any more."), "pin")
            return PlainTextResponse(said, refusal.status, UNSTORED)
        return await entered(visit, opened, JSONResponse({"csrf": csrf_token(opened.token)}, headers=UNSTORED))

    async def _page(
        self,
        visit: OpenVisit,
        status: int = 200,
        given: dict[str, str] | None = None,
        *,
        said: str = "",
        at: str = "",
        back: str = "",
    ) -> Response:
        """Those whose PINs are taken at this computer are there to choose; ``other``: the person is to be typed."""
        people, offered = await self._people(visit), await self.site.offered()
        return visit.demonstrating(offered.demonstration).page(
            "signin_pin.html",
            status,
            given=given or {},
            people=people if "other" not in visit.request.query_params else [],
            said=said,
            at="who" if at and people else at,
            back=back if is_ours(back) else "",
        )

    async def _people(self, visit: OpenVisit) -> list[PersonHere]:
        computer = computer_of(visit.request)
        with contextlib.suppress(Refusal):
            return await self.site.sign_in.people_here(computer) if computer else []
        return []

    async def show_own(self, visit: Visit) -> Response:
        return visit.page("pin.html")

    async def set(self, visit: Visit) -> Response:
        form = visit.form
        if form.get("pin") != form.get("again"):
            return visit.page("pin.html", 422, said=visit._("The two PINs differ."), at="again")
        body = {"password": form.fields.get("password", ""), "pin": form.get("pin")}
        try:
            await self.services.set_pin(visit.token, body, from_client(visit.call))
        except Refusal as refusal:
            if refusal.status == 401 and refusal.kind != "wrong-credentials":
                raise
            said, at = _why_not_set(visit, refusal)
            return visit.page("pin.html", refusal.status, said=said, at=at)
        return visit.page("said.html", title=visit._("Set a PIN"), said=visit._("Your PIN is set."))


def why(visit: OpenVisit, refusal: Refusal, wrong: str, at: str) -> tuple[str, str]:
    """Why nobody was signed in, and the field that it is about."""
    if refusal.status == 429:
        seconds = refusal.retry_after or 1
        return visit._("Too many attempts; try again in %(seconds)s s.", seconds=seconds), ""
    if refusal.status >= 500:
        return visit._(AWAY), ""
    return wrong, at


def _why_not_set(visit: Visit, refusal: Refusal) -> tuple[str, str]:
    if refusal.status == 409:
        return visit._("You signed in with a PIN; sign in with your password first."), ""
    if refusal.status == 422 and refusal.detail != "/password":
        return visit._("A PIN has 6 to 12 digits, at least three different ones, in no row."), "pin"
    return why(visit, refusal, visit._("This is not your password."), "password")
