"""``/i/{token}`` and ``/codes``: on these pages a person sets a password and an authenticator, and is signed in."""

import re

import segno
from starlette.responses import Response

from services.console.frame.forms import csrf_token
from services.console.frame.languages import N_
from services.console.frame.page import Page
from services.console.frame.visit import OpenVisit, Visit
from services.console.pages.from_client import from_client
from services.console.pages.sign_in.entering import entered, home
from services.console.pages.sign_in.pin import AWAY, why
from services.console.pages.sign_in.sign_in_form import open_session, sign_in_page
from services.console.router_client import Offer
from shared.kernel.errors import Refusal, not_found
from shared.runtime.http_server.route import Route

NOT_INVITED = {
    404: N_("Not an address of ours."),
    409: N_("This invitation was used, or a newer one was made."),
    410: N_("This invitation has ended; ask for a new one."),
}
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,512}")


class InvitationPages(Page):
    """Pages without script."""

    def routes(self) -> list[Route]:
        return [
            self.open_get("/i/{token}", self.invitation, "Set a password"),
            self.open_post("/i/{token}", self.accept, "Set a password"),
            self.post("/codes", self.set_up_codes, "Set up an authenticator"),
        ]

    async def invitation(self, visit: OpenVisit) -> Response:
        """Shows; only the form spends the invitation, so that a preview of the link does not."""
        try:
            return _invited(visit, await self.services.offer(_invitation(visit)))
        except Refusal as refusal:
            return _not_invited(visit, refusal)

    async def accept(self, visit: OpenVisit) -> Response:
        try:
            token = _invitation(visit)
            offer = await self.services.offer(token)
        except Refusal as refusal:
            return _not_invited(visit, refusal)
        password = visit.form.fields.get("password", "")
        if password != visit.form.fields.get("again"):
            return _invited(visit, offer, 422, said=visit._("The two passwords differ."), at="again")
        try:
            accepted = await self.services.accept(token, {"password": password}, from_client(visit.call))
        except Refusal as refusal:
            if refusal.status in NOT_INVITED:
                return _not_invited(visit, refusal)
            weak = refusal.status == 422
            said = visit._("This password is easily guessed; take a longer one.") if weak else visit._(AWAY)
            return _invited(visit, offer, refusal.status, said=said, at="password" if weak else "")
        return await self._enter_first(visit, offer, password, accepted.totp_uri)

    async def _enter_first(self, visit: OpenVisit, offer: Offer, password: str, totp_uri: str) -> Response:
        """Signed in with the new password, and the authenticator is offered; where signing in fails, the page says that
        the password is set."""
        known = {"person": offer.person, "city": offer.city}
        try:
            opened = await open_session(visit, {**known, "password": password}, alone=False)
        except Refusal:
            return await sign_in_page(visit, given=known, said=visit._("Your password is set; sign in."))
        of_city = visit.demonstrating(offer.demonstration)
        return await entered(visit, opened, _codes(of_city, opened.token, totp_uri=totp_uri))

    async def set_up_codes(self, visit: Visit) -> Response:
        """The first code of the authenticator. Its secret was shown once and is not shown again."""
        try:
            await self.services.confirm(visit.token, visit.form.get("totp"), from_client(visit.call))
        except Refusal as refusal:
            if refusal.status == 401 and refusal.kind != "wrong-code":
                raise
            said, at = _why_no_code(visit, refusal)
            return _codes(visit, visit.token, refusal.status, said=said, at=at)
        return home(visit)


def _invitation(visit: OpenVisit) -> str:
    """The invitation's token. Raises ``Refusal`` 404 for what never was one, and would be another path."""
    token = visit.path["token"]
    if not _TOKEN.fullmatch(token):
        raise not_found("invitation")
    return token


def _why_no_code(visit: OpenVisit, refusal: Refusal) -> tuple[str, str]:
    wrong = visit._("This is not the code that the authenticator shows now.")
    if refusal.status == 409:
        return visit._("There are no one-time codes to set up; ask for a new invitation."), ""
    return why(visit, refusal, wrong, "totp")


def _invited(visit: OpenVisit, offer: Offer, status: int = 200, *, said: str = "", at: str = "") -> Response:
    return visit.demonstrating(offer.demonstration).page("invitation.html", status, offer=offer, said=said, at=at)


def _codes(
    visit: OpenVisit, session: str, status: int = 200, *, said: str = "", at: str = "", totp_uri: str = ""
) -> Response:
    """``totp_uri``: shown as a QR code, and its secret to be typed; empty: not any more."""
    picture = segno.make(totp_uri, error="m").svg_data_uri(scale=5, border=2, omitsize=True) if totp_uri else ""
    secret = totp_uri.partition("secret=")[2].partition("&")[0]
    by_hand = " ".join(secret[n : n + 4] for n in range(0, len(secret), 4))
    return visit.page(
        "codes.html", status, said=said, at=at, picture=picture, by_hand=by_hand, session_csrf=csrf_token(session)
    )


def _not_invited(visit: OpenVisit, refusal: Refusal) -> Response:
    said = visit._(NOT_INVITED.get(refusal.status, AWAY))
    return visit.page("said.html", refusal.status, title=visit._("Set your password"), said=said)
