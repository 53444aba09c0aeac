"""``/cases/{id}``: a case for the officer who is signed in, with every command that is open to him, and no other."""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec
from starlette.responses import Response

from services.console.case.answers import FullCase, Shown
from services.console.case.calls import CaseCalls
from services.console.case.command_forms import CommandForms, Materials
from services.console.case.command_press import Pressed, pressed
from services.console.case.printed_case import PHOTOS_MAX as ON_PAPER
from services.console.case.printed_case import printed
from services.console.case.sheet import Read, sheet
from services.console.frame.languages import N_
from services.console.frame.page import Page
from services.console.frame.security_headers import HEADERS
from services.console.frame.service_names import ServiceNames, of_case
from services.console.frame.site import Site
from services.console.frame.visit import Visit
from services.console.pages.from_client import from_client
from services.console.router_client import Me
from services.console.session_cookie import token_of
from shared.case_page.next_steps import Reader
from shared.case_page.press import FORM_MAX
from shared.case_page.refusals import why
from shared.case_page.words import WORDS
from shared.kernel.errors import Refusal, not_found, unavailable
from shared.kernel.ids import plain_id
from shared.kernel.pictures import PICTURE_BYTES_MAX
from shared.runtime.confined_process import ProcessEndedError
from shared.runtime.http_server.route import Call, Route, get

PHOTOS_MAX = 9
SENT_MAX = 3 * PICTURE_BYTES_MAX + FORM_MAX
"""Bytes of a form with its pictures."""
CODE_WRONG = N_("The one-time code is not right, or none is set up: sign in with your password and set one up.")


class CasePage(Page):
    """The page, its forms, and the photos on it."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._calls = CaseCalls(self.services)

    def routes(self) -> list[Route]:
        answers = {200: None, 404: None, 503: None}
        return [
            self.get("/cases/{id}", self.show, "A case"),
            self.post("/cases/{id}", self.press, "Do what the case needs", most=SENT_MAX),
            self.get("/cases/{id}/pdf", self.pdf, "A case on paper, A4", media=("application/pdf",)),
            get("/cases/{id}/photos/{photo}", self.photo, "A photo, small", media=("image/jpeg",), answers=answers),
            get("/cases/{id}/pictures/{photo}", self.picture, "A photo, large", media=("image/jpeg",), answers=answers),
        ]

    async def show(self, visit: Visit) -> Response:
        return await self._page(visit, await self._calls.case(visit.token, visit.path["id"]))

    async def press(self, visit: Visit) -> Response:
        id_ = visit.path["id"]
        seen = await self._calls.case(visit.token, id_)
        press = pressed(visit.form, visit.zone)
        if press is None:
            return await self._page(visit, seen)
        try:
            after = await self._sent(visit, id_, press)
        except Refusal as refusal:
            if refusal.status in (401, 404):
                raise
            return await self._refused(visit, seen, refusal, press)
        return await self._done(visit, after, press)

    async def pdf(self, visit: Visit) -> Response:
        """What the page shows to this reader; that somebody read a sensitive case is on record as with the page."""
        if not self.site.typesetter.ready:
            raise not_found("page")
        id_ = visit.path["id"]
        read = await self._read(visit, await self._calls.case(visit.token, id_))
        found = await asyncio.gather(
            *(self.services.thumb(visit.token, one) for one in read.case.pictures[:ON_PAPER]), return_exceptions=True
        )
        photos = [one for one in found if isinstance(one, bytes)]
        case = printed(visit, sheet(visit, read, (), (), None))
        try:
            made = await self.site.typesetter.pdf(msgspec.json.encode(case).decode(), photos)
        except (ProcessEndedError, ValueError) as wrong:
            raise unavailable("The PDF cannot be made now.") from wrong
        named = {"content-disposition": f'inline; filename="{plain_id("case", id_)}.pdf"'}
        return Response(made, media_type="application/pdf", headers={**HEADERS, **named})

    async def photo(self, call: Call) -> Response:
        return await self._shown(call, small=True)

    async def picture(self, call: Call) -> Response:
        return await self._shown(call, small=False)

    async def _shown(self, call: Call, *, small: bool) -> Response:
        token, photo = token_of(call.request), call.path["photo"]
        try:
            picture = await (self.services.thumb(token, photo) if small else self.services.photo(token, photo))
        except Refusal as refusal:
            return Response(status_code=404 if refusal.status < 500 else 503, headers=HEADERS)
        return Response(picture, media_type="image/jpeg", headers=HEADERS)

    async def _sent(self, visit: Visit, id_: str, press: Pressed) -> tuple[FullCase, str] | Shown | None:
        """What the router answers. Raises ``Refusal``."""
        token, source = visit.token, plain_id("page", id_)
        if press.totp:
            await self.services.confirm(token, press.totp, from_client(visit.call))
        own = plain_id("photo", source, press.key, press.version)
        photos = [
            await self.services.send_photo(token, content, f"{own}-{n}")
            for n, content in enumerate(press.photos[:PHOTOS_MAX])
        ]
        body = {**press.body, **({"photos": photos} if photos else {})}
        said = msgspec.json.encode(body, order="sorted").decode()
        key = plain_id("press", source, press.key, press.version, said)
        return await self._calls.command(token, id_, press.command, body, key=key, if_match=press.if_match)

    async def _done(self, visit: Visit, after: tuple[FullCase, str] | Shown | None, press: Pressed) -> Response:
        """What was recorded is said, also where the case cannot be shown any more."""
        words = visit.case_words
        known = WORDS.get(f"done.{press.said}") if press.command != "unmask" else None
        said = words.of(known) if known is not None else visit._("Recorded.")
        shown = after if isinstance(after, Shown) else None
        try:
            if isinstance(after, Shown) or after is None or after[1] == press.version:  # a repeat tells of before
                after = await self._calls.case(visit.token, visit.path["id"])
            return await self._page(visit, after, said=said, done=press.said, shown=shown)
        except Refusal:
            return visit.page("said.html", title=visit._("Case"), said=said)

    async def _refused(self, visit: Visit, seen: tuple[FullCase, str], refusal: Refusal, press: Pressed) -> Response:
        """The reason, with the case as it is now, and what was filled in."""
        words = visit.case_words
        try:
            current = await self._calls.case(visit.token, visit.path["id"])
        except Refusal:
            current = seen
        case = current[0]
        names = await self._names(visit, case, ())
        said = why(
            words,
            refusal,
            unit=names.unit(case.unit),
            state=words(f"state.{case.state}"),
            holder=names.person(case.claimed_by),
            offered=names.unit(case.offered_to or ""),
        )
        if press.totp and refusal.kind in ("invalid", "forbidden", "no-second-factor", "unauthorized"):
            said = visit._(CODE_WRONG)
        return await self._page(visit, current, said=said, tried=press.key, status=refusal.status)

    async def _page(
        self,
        visit: Visit,
        seen: tuple[FullCase, str],
        *,
        said: str = "",
        done: str = "",
        tried: str = "",
        shown: Shown | None = None,
        status: int = 200,
    ) -> Response:
        """Raises ``Refusal``."""
        read = await self._read(visit, seen)
        given: Mapping[str, list[str]] = visit.form.typed if tried else {}
        materials = Materials(read.case, read.names, read.choices, read.reports, read.near, tried, given)
        forms = CommandForms(visit, materials, read.reader)
        undo = forms.undo if done == "claim" else None
        return visit.page(
            "case.html",
            status,
            part="case",
            case=sheet(visit, read, forms.next, forms.others, undo),
            words=visit.case_words,
            prints=self.site.typesetter.ready,
            outcome=said,
            failed=status >= 400,
            shown=shown,
        )

    async def _read(self, visit: Visit, seen: tuple[FullCase, str]) -> Read:
        """The case with all that its page says, asked for at once."""
        (case, version), token = seen, visit.token
        at = case.location
        point = (at.lon, at.lat) if at.lon is not None and at.lat is not None and "merge" in case.commands else None
        calls, id_ = self._calls, case.id
        reader, told, reports, history = await asyncio.gather(
            self._reader(token, visit.me),
            self.services.told(token, id_),
            calls.reports(token, id_),
            calls.history(token, id_),
        )
        explained, choices, geometry, near, stands = await asyncio.gather(
            calls.explained(token, id_),
            calls.choices(token, id_),
            calls.geometry(token, case.unit),
            calls.near(token, point),
            calls.stands(token, id_),
        )
        lines = history.items or case.history
        names = await self._names(visit, msgspec.structs.replace(case, history=lines), told)
        return Read(
            case=case,
            version=version,
            reader=reader,
            names=names,
            told=tuple(told),
            reports=reports,
            history=history,
            explained=explained,
            choices=choices,
            geometry=geometry,
            near=near,
            stands=stands.message or "",
        )

    async def _reader(self, token: str, me: Me) -> Reader:
        units = await asyncio.gather(*(self.services.unit(token, unit) for unit in (me.unit, *me.on_duty_for[:3])))
        lineage = frozenset(above for unit in units for above in (unit.id, *unit.path))
        return Reader(me.person, frozenset((me.unit, *me.on_duty_for)), lineage, signed_in=True)

    async def _names(self, visit: Visit, case: FullCase, told: Sequence[str]) -> ServiceNames:
        people, units, reasons = of_case(case, told)
        of_history = [line.by for line in reversed(case.history) if line.by]
        places = [unit for line in reversed(case.history) for unit in (line.by_unit, line.unit) if unit]
        if case.supervision is not None:
            places.insert(0, case.supervision.by_unit)
        named, categories = await asyncio.gather(
            self.services.names(
                visit.token,
                people=list(dict.fromkeys([*people, *of_history])),
                units=list(dict.fromkeys([*units, *places])),
                reasons=reasons,
            ),
            self.site.names.categories(visit.token, visit.me.city),
        )
        return ServiceNames(named, categories, visit.case_words)
