"""As whom a rider's page asks the services, and ``/r/s/{token}``: the address that an app asked for.

A rider comes from an app, or his browser is a reporter of the installation's own app: then a session is opened at the
first thing that he sends, and again when it is over.
"""

from collections.abc import Awaitable, Callable

from starlette.responses import Response

from services.console.frame.languages import N_
from services.console.frame.page import Page
from services.console.frame.problem_pages import TEXTS, TITLES
from services.console.frame.visit import OpenVisit
from services.console.rider_client import RiderServices
from services.console.rider_cookie import Rider, keep, rider_of
from shared.kernel.errors import Refusal, unauthorized
from shared.runtime.http_server.route import Route

AGAIN = N_("Open the page again from your app. What you entered is kept on this phone.")
NO_DEVICE = N_("Reports come from your rider app here: open the page from there.")
USED = N_("This address was opened before, or is over. Open the page again from your app.")
NOT_YET = N_("Your report is on its way to a community. Press again in a moment.")
ASKED = N_("Something is missing or not as it should be.")


class RiderPage(Page):
    """What the rider's pages share."""

    @property
    def riders(self) -> RiderServices:
        return self.site.riders

    async def as_rider(
        self, visit: OpenVisit, act: Callable[[str], Awaitable[Response]], *, begins: bool = False
    ) -> Response:
        """What ``act`` answers with a session's token. ``begins``: a browser without one becomes a reporter; else
        ``act`` gets no token. Raises ``Refusal``: 401 where the session is over and only the app opens another."""
        rider = rider_of(visit.request)
        if rider.token:
            try:
                return await act(rider.token)
            except Refusal as refusal:
                if refusal.status != 401:
                    raise
        if rider.of_app:
            raise unauthorized()
        device = rider.device or (self.site.ids(16) if begins else "")
        if not device:
            return await act("")
        token = await self.riders.open_device(device)
        response = await act(token)
        keep(response, visit.request, Rider(token, device, of_app=False))
        return response

    async def shown(self, visit: OpenVisit, act: Callable[[str], Awaitable[Response]]) -> Response:
        """The same; a refusal is a page."""
        try:
            return await self.as_rider(visit, act)
        except Refusal as refusal:
            return self.said(visit, refusal)

    def said(self, visit: OpenVisit, refusal: Refusal) -> Response:
        """Why it did not work, and what to do."""
        status = refusal.status if refusal.status in TITLES else (503 if refusal.status > 500 else 400)
        title, text = why(visit, refusal)
        return visit.page("rider_said.html", status, title=title, text=text, device=refusal.status == 401)


def no_device() -> Refusal:
    """Where the installation has no rider app of its own."""
    return Refusal(403, "forbidden", "Riders come from an app here.", extra={"reason": "no-device"})


def why(visit: OpenVisit, refusal: Refusal) -> tuple[str, str]:
    """What a refusal is called, and what to do about it."""
    status = refusal.status if refusal.status in TITLES else (503 if refusal.status > 500 else 400)
    known = {401: AGAIN, 422: ASKED}
    text = NO_DEVICE if refusal.extra.get("reason") == "no-device" else known.get(status, TEXTS[status])
    if refusal.status == 409 and refusal.extra.get("commands") == []:
        text = NOT_YET
    return visit._(TITLES[status]), visit._(text)


class RiderSessionPages(RiderPage):
    """The addresses."""

    def routes(self) -> list[Route]:
        return [
            self.open_get("/r/s/{token}", self.offer, "Open the rider's page"),
            self.open_post("/r/s/{token}", self.enter, "Open the rider's page"),
            self.open_post("/r/device", self.without_app, "Report without an app"),
        ]

    async def offer(self, visit: OpenVisit) -> Response:
        """Shows; only the form spends the address, so that a preview of it does not."""
        return visit.page("rider_enter.html")

    async def enter(self, visit: OpenVisit) -> Response:
        try:
            token = await self.riders.open_link(visit.path["token"])
        except Refusal as refusal:
            if refusal.status != 404:
                return self.said(visit, refusal)
            used = visit._(USED)
            return visit.page("rider_said.html", 404, title=visit._(TITLES[410]), text=used, device=False)
        response = visit.go("/r")
        keep(response, visit.request, Rider(token, "", of_app=True))
        return response

    async def without_app(self, visit: OpenVisit) -> Response:
        """This browser is nobody's app's any more."""
        response = visit.go("/r")
        keep(response, visit.request, Rider("", "", of_app=False))
        return response
