"""``/cases/{id}``: a case for the officer who is signed in; what it shows and offers is ``shared.case_page``."""

import asyncio
from datetime import UTC

from starlette.requests import Request
from starlette.responses import Response

from services.console.pages.page import HEADERS, go_to, page, words_for
from services.console.router_client import Category, Me, Services
from services.console.session_cookie import is_own_form, token_of
from services.console.words import Words as ConsoleWords
from shared.case_page.case_answer import CaseAnswer, CaseSeen
from shared.case_page.look import Look
from shared.case_page.next_steps import Reader
from shared.case_page.press import FIELDS_MAX, FORM_MAX, Press, body_of, key_of, photo_key_of, press_of
from shared.case_page.refusals import why
from shared.case_page.rendering import case_part
from shared.case_page.view import case_view
from shared.case_page.words import Words
from shared.kernel.errors import Refusal
from shared.kernel.ids import plain_id
from shared.kernel.pictures import PICTURE_BYTES_MAX
from shared.runtime.http_server.multipart_form import MULTIPART, form_of
from shared.runtime.http_server.route import Call, Route, get, post

UNITS_MAX = 12
"""Units of a case whose names are asked; others are shown by their ids."""
SHOWN = {200: None, 303: None, 404: None, 503: None}


class CasePage:
    """The page, its form, and the photos on it."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def routes(self) -> list[Route]:
        pressed = {**SHOWN, **dict.fromkeys((400, 403, 409, 412, 413, 415, 422, 429))}
        forms = ("application/x-www-form-urlencoded", MULTIPART)
        most = PICTURE_BYTES_MAX + FORM_MAX
        return [
            get("/cases/{id}", self.show, "A case", media=("text/html",), answers=SHOWN),
            post(
                "/cases/{id}",
                self.press,
                "Do what the case needs",
                raw_max=most,
                reads_body=lambda request: bool(token_of(request)) and is_own_form(request),
                media=forms,
                answer_media=("text/html",),
                answers=pressed,
                refusal_page=_refusal_page,
            ),
            get("/cases/{id}/photos/{photo}", self.photo, "A photo, small", media=("image/jpeg",), answers=SHOWN),
        ]

    async def show(self, call: Call) -> Response:
        try:
            seen = await self._services.case(token_of(call.request), call.path["id"])
            return await self._page(call, seen)
        except Refusal as refusal:
            return _not_shown(call, refusal)

    async def press(self, call: Call) -> Response:
        token, id_ = token_of(call.request), call.path["id"]
        try:
            if not is_own_form(call.request):
                raise Refusal(403, "forbidden", "The form is of another site.")
            seen = await self._services.case(token, id_)
        except Refusal as refusal:
            return _not_shown(call, refusal)
        press = None
        try:
            form = await form_of(call.raw, call.request.headers.get("content-type", ""), FIELDS_MAX)
            press = press_of(form.fields, form.files)
            if press is None:
                return await self.show(call)
            after = await self._pressed(token, id_, press) or seen
        except Refusal as refusal:
            if refusal.status in (401, 404):
                return _not_shown(call, refusal)
            return await self._refused(call, seen, refusal, press)
        return await self._done(call, after, press)

    async def photo(self, call: Call) -> Response:
        try:
            picture = await self._services.thumb(token_of(call.request), call.path["photo"])
        except Refusal as refusal:
            return Response(status_code=404 if refusal.status < 500 else 503, headers=HEADERS)
        return Response(picture, media_type="image/jpeg", headers=HEADERS)

    async def _done(self, call: Call, after: CaseSeen, press: Press) -> Response:
        """What was recorded is said, also where the case cannot be shown any more."""
        said = Words(words_for(call.request).code)(f"done.{press.step.name}")
        try:
            if after.version == press.version:  # a repeat, which told of before
                after = await self._services.case(token_of(call.request), after.case.id)
            return await self._page(call, after, said=said)
        except Refusal:
            words = words_for(call.request)
            return page("said.html", words, title=words("case"), said=said)

    async def _pressed(self, token: str, id_: str, press: Press) -> CaseSeen | None:
        """The case after the press; None where a repeat was answered. Raises ``Refusal``."""
        source = plain_id("page", id_)
        photo = press.photo
        sent = () if photo is None else (await self._services.send_photo(token, photo, photo_key_of(source, press)),)
        body = body_of(press, sent)
        if_match = press.version if press.step.judges else None
        key = key_of(source, press, body)
        return await self._services.command(token, id_, press.step.command, body, key=key, if_match=if_match)

    async def _refused(self, call: Call, seen: CaseSeen, refusal: Refusal, press: Press | None) -> Response:
        """The reason, with the case as it is now."""
        token, words = token_of(call.request), Words(words_for(call.request).code)
        try:
            current = await self._services.case(token, call.path["id"])
        except Refusal:
            current = seen
        try:
            names = await self._names(token, current.case, words)
        except Refusal as away:
            return _not_shown(call, away)
        case = current.case
        said = why(
            words,
            refusal,
            unit=names.unit(case.unit),
            state=words(f"state.{case.state}"),
            holder=names.person(case.claimed_by),
            offered=names.unit(case.offered_to or ""),
        )
        return await self._page(call, current, said=said, tried=press, status=refusal.status)

    async def _page(
        self, call: Call, seen: CaseSeen, *, said: str | None = None, tried: Press | None = None, status: int = 200
    ) -> Response:
        """Raises ``Refusal``."""
        token, words = token_of(call.request), words_for(call.request)
        own = Words(words.code)
        me, names = await asyncio.gather(self._services.me(token), self._names(token, seen.case, own))
        category = names.categories.get(seen.case.category or "")
        look = Look(
            seen=seen,
            reader=await self._reader(token, me),
            names=names,
            words=own,
            now=me.now,
            zone=UTC,
            photo_url=lambda id_: f"/cases/{seen.case.id}/photos/{id_}",
            after_photo=category.after_photo if category is not None else "asked",
        )
        view = case_view(look, said=said, failed=status >= 400, tried=tried)
        return page("case.html", words, status, title=view.title, case=case_part(view))

    async def _reader(self, token: str, me: Me) -> Reader:
        units = await asyncio.gather(*(self._services.unit(token, unit) for unit in (me.unit, *me.on_duty_for[:3])))
        lineage = frozenset(above for unit in units for above in (unit.id, *unit.path))
        return Reader(me.person, frozenset((me.unit, *me.on_duty_for)), lineage)

    async def _names(self, token: str, case: CaseAnswer, words: Words) -> "ServiceNames":
        of_parts = (part.unit for part in case.parts)
        ids = dict.fromkeys(id_ for id_ in (case.unit, case.within, case.offered_to, *of_parts) if id_)
        asked = list(ids)[:UNITS_MAX]
        found = await asyncio.gather(*(self._services.unit(token, id_) for id_ in asked))
        units = {unit.id: words.of((unit.name, unit.name_en or unit.name)) for unit in found}
        return ServiceNames(units, await self._services.categories(token), words)


class ServiceNames:
    """``shared.case_page.look.Names`` as the services tell them; people by their ids."""

    def __init__(self, units: dict[str, str], categories: dict[str, Category], words: Words) -> None:
        self._units = units
        self.categories = categories
        self._words = words

    def unit(self, id_: str) -> str:
        return self._units.get(id_, id_)

    def person(self, id_: str | None) -> str:
        return id_ or self._words.of(("他人", "Somebody else"))

    def category(self, code: str | None) -> str:
        found = self.categories.get(code or "")
        return "" if found is None else self._words.of((found.name, found.name_en or found.name))

    def pause_reason(self, code: str) -> str:
        return code


def _refusal_page(request: Request, refusal: Refusal) -> Response:
    """Of what is refused before the page is asked, as a body that is too large."""
    words = words_for(request)
    return page("said.html", words, refusal.status, title=words("case"), said=why(Words(words.code), refusal))


def _not_shown(call: Call, refusal: Refusal) -> Response:
    words: ConsoleWords = words_for(call.request)
    if refusal.status == 401:
        return go_to(f"/signin?ended&lang={words.code}")
    names = {403: "refused", 404: "no_case"}
    status = refusal.status if refusal.status in names else 503
    return page("said.html", words, status, title=words("case"), said=words(names.get(status, "away")))
