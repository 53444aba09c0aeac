"""``/signin`` and ``/signout``, and ``/i/{token}``: the pages on which a person sets a password and signs in."""

import segno
from starlette.responses import Response

from services.console.pages.page import FORM_MAX, form_of, from_client, go_to, page, words_for
from services.console.router_client import Offer, Services
from services.console.session_cookie import forget, is_own_form, keep, token_of
from services.console.words import Words
from shared.kernel.errors import Refusal
from shared.runtime.http_server.route import Call, Route, get, post

HTML = ("text/html",)
FORM = ("application/x-www-form-urlencoded",)
HOME = "/me"
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
        ended = "signed_out" if "ended" in call.request.query_params else None
        return page("signin.html", words, said=words(ended) if ended else None, given={})

    async def sign_in(self, call: Call) -> Response:
        words, given = words_for(call.request), form_of(call)
        if not is_own_form(call.request):
            return page("signin.html", words, 403, said=words("refused"), given=given)
        body = {name: given[name].strip() for name in ("person", "totp", "city") if given.get(name, "").strip()}
        try:
            opened = await self._services.sign_in({**body, "password": given.get("password", "")}, from_client(call))
        except Refusal as refusal:
            return page("signin.html", words, refusal.status, said=_why(words, refusal), given=given)
        response = go_to(f"{HOME}?lang={words.code}")
        keep(response, call.request, opened.token)
        return response

    async def sign_out(self, call: Call) -> Response:
        if not is_own_form(call.request):
            return page("signin.html", words_for(call.request), 403, said=words_for(call.request)("refused"), given={})
        try:
            await self._services.sign_out(token_of(call.request))
        except Refusal as refusal:
            if refusal.status >= 500:
                return page("signin.html", words_for(call.request), 503, said=words_for(call.request)("away"), given={})
        response = go_to("/signin")
        forget(response, call.request)
        return response

    async def invitation(self, call: Call) -> Response:
        """Shows; only the form spends the invitation, so that a preview of the link does not."""
        words = words_for(call.request)
        try:
            return _invited(words, await self._services.offer(call.path["token"]))
        except Refusal as refusal:
            return _not_invited(words, refusal)

    async def accept(self, call: Call) -> Response:
        words, given, token = words_for(call.request), form_of(call), call.path["token"]
        try:
            offer = await self._services.offer(token)
            if not is_own_form(call.request):
                return _invited(words, offer, 403, "refused")
            if given.get("password") != given.get("again"):
                return _invited(words, offer, 422, "differ")
            code = {"totp": given["totp"].strip()} if given.get("totp", "").strip() else {}
            await self._services.accept(token, {"password": given.get("password", ""), **code}, from_client(call))
            body = {"person": offer.person, "city": offer.city, "password": given.get("password", "")}
            opened = await self._services.sign_in(body, from_client(call))
        except Refusal as refusal:
            if refusal.status == 422:
                return _invited(words, offer, 422, "wrong_code" if refusal.detail == "/totp" else "weak")
            return _not_invited(words, refusal)
        response = go_to(f"{HOME}?lang={words.code}")
        keep(response, call.request, opened.token)
        return response


def _why(words: Words, refusal: Refusal) -> str:
    if refusal.status == 429:
        return words("slow", refusal.retry_after or 1)
    return words("away" if refusal.status >= 500 else "wrong")


def _invited(words: Words, offer: Offer, status: int = 200, said: str | None = None) -> Response:
    code = segno.make(offer.totp_uri, error="m")
    picture = code.svg_data_uri(scale=5, border=2, omitsize=True)
    by_hand = offer.totp_uri.partition("secret=")[2].partition("&")[0]
    said_ = words(said) if said is not None else None
    return page("invitation.html", words, status, offer=offer, picture=picture, by_hand=by_hand, said=said_)


def _not_invited(words: Words, refusal: Refusal) -> Response:
    names = {404: "not_ours", 409: "invitation_used", 410: "invitation_over"}
    said = words(names.get(refusal.status, "away"))
    return page("said.html", words, refusal.status, title=words("invitation"), said=said)
