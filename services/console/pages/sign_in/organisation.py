"""``/signin/sso``: signing in at the organisation (OpenID Connect), and out of it.

The form is answered with a page that leads there, since no redirect may follow a form (``form-action`` of our policy).
The organisation leads the browser back to ``/signin/sso/back``, which opens a session for the browser that began, once.
"""

from starlette.responses import Response

from services.console.frame.languages import N_
from services.console.frame.page import Page
from services.console.frame.visit import OpenVisit
from services.console.pages.from_client import from_client
from services.console.pages.sign_in.entering import entered, home
from services.console.pages.sign_in.pin import why
from services.console.pages.sign_in.sign_in_form import sign_in_page
from services.console.sso_cookie import Attempt, attempt_of, forget_attempt, keep_attempt, keep_began_there
from shared.kernel.errors import Refusal
from shared.runtime.http_server.route import Route

BACK, OUT = "/signin/sso/back", "/signin/sso/out"
CODE_MAX, ISSUER_MAX = 4000, 2000
ENDED = N_("This sign-in has ended, was used already, or began in another browser: begin again.")
NOT_PROVED = N_("Your organisation did not say who you are: begin again, or sign in with your password.")
AWAY = N_("Your organisation's sign-in does not answer: sign in with your password, or try again shortly.")
UNKNOWN = N_(
    "Your organisation says that you are “%(name)s”, and nobody in the list of people here is: ask those who keep the "
    "list to enter it, or sign in with your password."
)


class OrganisationPages(Page):
    """Pages without script."""

    def routes(self) -> list[Route]:
        return [
            self.open_post("/signin/sso", self.begin, "Begin to sign in at the organisation"),
            self.open_get(BACK, self.come_back, "Back from the organisation's sign-in"),
            self.open_get(OUT, self.leave, "Signed out here: the way to sign out there too"),
        ]

    async def begin(self, visit: OpenVisit) -> Response:
        shared = "alone" not in visit.form.fields
        try:
            begun = await self.site.sso.begin(shared, from_client(visit.call))
        except Refusal as refusal:
            said, _ = why(visit, refusal, visit._(AWAY), "")
            said = visit._(AWAY) if refusal.status >= 500 else said
            return await sign_in_page(visit, refusal.status, said=said, back=visit.form.get("back"))
        response = visit.page("signin_sso.html", url=begun.url)
        keep_attempt(response, visit.request, begun.state, Attempt(begun.asked, visit.form.get("back")))
        return response

    async def come_back(self, visit: OpenVisit) -> Response:
        query = visit.request.query_params
        state, code = query.get("state", ""), query.get("code", "")
        attempt = attempt_of(visit.request, state)
        if attempt is None:
            return await sign_in_page(visit, 410, said=visit._(ENDED))
        try:
            if not 0 < len(code) <= CODE_MAX:  # ``error``: he did not want to, or may not
                raise Refusal(401, "not-proved", "")
            body = {"asked": attempt.token, "state": state, "code": code, "issuer": query.get("iss", "")[:ISSUER_MAX]}
            opened = await self.site.sso.open(body, from_client(visit.call))
            response = await entered(visit, opened, home(visit, attempt.back))
            keep_began_there(response, visit.request)
        except Refusal as refusal:
            said, status = _why_not(visit, refusal)
            response = await sign_in_page(visit, status, said=said, back=attempt.back)
        forget_attempt(response, visit.request, state)
        return response

    async def leave(self, visit: OpenVisit) -> Response:
        try:
            url = await self.site.sso.leaving()
        except Refusal:
            url = ""
        return visit.page("signin_sso_out.html", url=url) if url else visit.go("/signin")


def _why_not(visit: OpenVisit, refusal: Refusal) -> tuple[str, int]:
    """Why nobody was signed in, and the page's status."""
    if refusal.kind == "unknown-person":
        return visit._(UNKNOWN, name=refusal.extra.get("name", "")), 403
    if refusal.status == 410:
        return visit._(ENDED), 410
    return (visit._(AWAY), 503) if refusal.status >= 500 else (visit._(NOT_PROVED), 403)
