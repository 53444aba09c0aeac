"""``/signin`` and ``/signout``."""

from starlette.responses import Response

from services.console.frame.page import Page
from services.console.frame.visit import OpenVisit
from services.console.pages.sign_in.entering import entered, home
from services.console.pages.sign_in.organisation import OUT
from services.console.pages.sign_in.pin import AWAY, TAKE_OVER, why
from services.console.pages.sign_in.sign_in_form import open_session, sign_in_page
from services.console.session_cookie import forget
from services.console.sso_cookie import began_there, forget_began_there
from shared.kernel.errors import Refusal
from shared.runtime.http_server.route import Route

KEPT = ("city", "person", "totp", "alone")
"""What stands in the form again after a wrong password."""


class SigningIn(Page):
    """Pages without script."""

    def routes(self) -> list[Route]:
        return [
            self.open_get("/signin", self.show, "Sign in"),
            self.open_post("/signin", self.sign_in, "Sign in"),
            self.open_post("/signout", self.sign_out, "Sign out"),
        ]

    async def show(self, visit: OpenVisit) -> Response:
        query = visit.request.query_params
        ended = visit._("Your session has ended; sign in again.") if "ended" in query else ""
        return await sign_in_page(visit, said=ended, back=query.get("back", ""))

    async def sign_in(self, visit: OpenVisit) -> Response:
        given = {name: visit.form.get(name) for name in KEPT if visit.form.get(name)}
        body = {name: value for name, value in given.items() if name != "alone"}
        body["password"], back = visit.form.fields.get("password", ""), visit.form.get("back")
        try:
            opened = await open_session(visit, body, alone="alone" in given)
            return await entered(visit, opened, home(visit, back))
        except Refusal as refusal:
            wrong = visit._("City, person, password or code is wrong.")
            said, at = why(visit, refusal, wrong, "person")
            return await sign_in_page(visit, refusal.status, given, said=said, at=at, back=back)

    async def sign_out(self, visit: OpenVisit) -> Response:
        """``to``: the page at which another person takes over. Who signed in at the organisation is told how to
        sign out there too: after a change of person whoever signs out next."""
        try:
            if visit.token:
                await self.services.sign_out(visit.token)
        except Refusal as refusal:
            if refusal.status >= 500:
                return await sign_in_page(visit, 503, said=visit._(AWAY))
        out = OUT if began_there(visit.request) else "/signin"
        leads = TAKE_OVER if visit.form.get("to") == TAKE_OVER else out
        response = visit.go(leads)
        forget(response, visit.request)
        if leads == OUT:
            forget_began_there(response, visit.request)
        return response
