"""``/signin`` and ``/signout``, and ``/i/{token}``: the pages on which a person sets a password and signs in."""

import contextlib
import re

import segno
from starlette.responses import Response

from services.console.pages.page import FORM_MAX, form_of, from_client, go_to, page, said, words_for
from services.console.router_client import Offer, Services
from services.console.session_cookie import forget, is_own_form, keep, token_of
from services.console.words import Words
from shared.kernel.errors import Refusal, not_found
from shared.runtime.http_server.route import Call, Route, get, post

HTML = ("text/html",)
FORM = ("application/x-www-form-urlencoded",)
HOME = "/me"
NOT_INVITED = {404: "not_ours", 409: "invitation_used", 410: "invitation_over"}
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,512}")
_REFUSED = {200: None, 303: None, 401: None, 403: None, 422: None, 429: None, 503: None}
_INVITED = {200: None, 303: None, 403: None, 404: None, 409: None, 410: None, 422: None, 503: None}


class SigningIn:
    """Pages without script."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def routes(self) -> list[Route]:
        return [
            get("/signin", self.show, "Sign in", media=HTML),
            post("/signin", self.sign_in, "Sign in", raw_max=FORM_MAX, media=FORM, answer_media=HTML, answers=_REFUSED),
            post(
                "/signout", self.sign_out, "Sign out", raw_max=FORM_MAX, media=FORM, answer_media=HTML, answers=_REFUSED
            ),
            get("/i/{token}", self.invitation, "Set a password", media=HTML, answers=_INVITED),
            post(
                "/i/{token}",
                self.accept,
                "Set a password",
                raw_max=FORM_MAX,
                media=FORM,
                answer_media=HTML,
                answers=_INVITED,
            ),
        ]

    async def show(self, call: Call) -> Response:
        words = words_for(call.request)
        ended = said(words, "signed_out") if "ended" in call.request.query_params else {}
        return _form(words, 200, {}, ended)

    async def sign_in(self, call: Call) -> Response:
        words, given = words_for(call.request), form_of(call)
        if not is_own_form(call.request):
            return _form(words, 403, given, said(words, "refused"))
        body = {name: given[name].strip() for name in ("person", "totp", "city") if given.get(name, "").strip()}
        try:
            return await self._enter(call, words, {**body, "password": given.get("password", "")})
        except Refusal as refusal:
            return _form(words, refusal.status, given, _why(words, refusal))

    async def _enter(self, call: Call, words: Words, body: dict[str, str]) -> Response:
        """Open a session and keep it; one that this browser had before ends: it was perhaps another person's."""
        opened = await self._services.sign_in(body, from_client(call))
        if before := token_of(call.request):
            with contextlib.suppress(Refusal):
                await self._services.sign_out(before)
        response = go_to(f"{HOME}?lang={words.code}")
        keep(response, call.request, opened.token)
        return response

    async def sign_out(self, call: Call) -> Response:
        words = words_for(call.request)
        if not is_own_form(call.request):
            return _form(words, 403, {}, said(words, "refused"))
        try:
            if token := token_of(call.request):
                await self._services.sign_out(token)
        except Refusal as refusal:
            if refusal.status >= 500:
                return _form(words, 503, {}, said(words, "away"))
        response = go_to(f"/signin?lang={words.code}")
        forget(response, call.request)
        return response

    async def invitation(self, call: Call) -> Response:
        """Shows; only the form spends the invitation, so that a preview of the link does not."""
        words = words_for(call.request)
        try:
            return _invited(words, await self._services.offer(_invitation(call)))
        except Refusal as refusal:
            return _not_invited(words, refusal)

    async def accept(self, call: Call) -> Response:
        words, given = words_for(call.request), form_of(call)
        try:
            token = _invitation(call)
            offer = await self._services.offer(token)
        except Refusal as refusal:
            return _not_invited(words, refusal)
        if not is_own_form(call.request):
            return _invited(words, offer, 403, said(words, "refused"))
        password, code = given.get("password", ""), given.get("totp", "").strip()
        if password != given.get("again"):
            return _invited(words, offer, 422, said(words, "differ", at="again"))
        try:
            await self._services.accept(
                token, {"password": password, **({"totp": code} if code else {})}, from_client(call)
            )
        except Refusal as refusal:
            if refusal.status in NOT_INVITED:
                return _not_invited(words, refusal)
            return _invited(words, offer, refusal.status, _why_not_taken(words, refusal))
        return await self._enter_first(call, words, offer, password)

    async def _enter_first(self, call: Call, words: Words, offer: Offer, password: str) -> Response:
        """Signed in with the new password; where that fails, the page says that the password is set."""
        known = {"person": offer.person, "city": offer.city}
        try:
            return await self._enter(call, words, {**known, "password": password})
        except Refusal:
            return _form(words, 200, known, said(words, "saved"))


def _invitation(call: Call) -> str:
    """The invitation's token. Raises ``Refusal`` 404 for what never was one, and would be another path."""
    token = call.path["token"]
    if not _TOKEN.fullmatch(token):
        raise not_found("invitation")
    return token


def _form(words: Words, status: int, given: dict[str, str], told: dict[str, str]) -> Response:
    return page("signin.html", words, status, given=given, **told)


def _why(words: Words, refusal: Refusal) -> dict[str, str]:
    if refusal.status == 429:
        return said(words, "slow", refusal.retry_after or 1)
    return said(words, "away") if refusal.status >= 500 else said(words, "wrong", at="person")


def _why_not_taken(words: Words, refusal: Refusal) -> dict[str, str]:
    if refusal.status != 422:
        return said(words, "away")
    return said(words, "wrong_code", at="totp") if refusal.detail == "/totp" else said(words, "weak", at="password")


def _invited(words: Words, offer: Offer, status: int = 200, told: dict[str, str] | None = None) -> Response:
    code = segno.make(offer.totp_uri, error="m")
    picture = code.svg_data_uri(scale=5, border=2, omitsize=True)
    by_hand = offer.totp_uri.partition("secret=")[2].partition("&")[0]
    return page("invitation.html", words, status, offer=offer, picture=picture, by_hand=by_hand, **(told or {}))


def _not_invited(words: Words, refusal: Refusal) -> Response:
    told = words(NOT_INVITED.get(refusal.status, "away"))
    return page("said.html", words, refusal.status, title=words("invitation"), said=told)
