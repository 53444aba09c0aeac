"""``/enter``: a report for somebody at the window, on the telephone or in a group chat (代录), and what is found on
patrol (巡查)."""

import asyncio
import hashlib
from dataclasses import replace

import msgspec
from starlette.responses import Response

from services.console.case.answers import Near
from services.console.enter.around import Accepted, Around, around
from services.console.enter.draft import CHANNELS, KINDS, PHOTOS_MAX, Draft, draft_of, pair_of
from services.console.frame.languages import N_
from services.console.frame.navigation import NavLink
from services.console.frame.page import Page
from services.console.frame.visit import Visit
from services.console.router_client import Category
from shared.kernel.errors import Refusal
from shared.kernel.pictures import PICTURE_BYTES_MAX
from shared.kernel.vocabulary import GRANTED_ABOVE, HOWS
from shared.runtime.http_server.route import Route

SENT_MAX = 3 * PICTURE_BYTES_MAX + 64 * 1024
WRONG = {
    "/description": ("text", N_("Say what it is about.")),
    "/location": ("address", N_("Say where it is: words, or a point on the map.")),
    "/category": ("category", N_("Choose a category.")),
    "/same_as": ("text", N_("That case has ended meanwhile: look again around.")),
    "/outside_number": ("outside_number", N_("The number has no blanks, and at most 60 characters.")),
    "/handled/text": ("how_text", N_("Say what you did.")),
    "/handled/how": ("how", N_("It cannot end so on the spot: hand it in.")),
    "/handled/photos": ("how_text", N_("A photo from after it is required in this category.")),
    "/handled": ("how_text", N_("This cannot be recorded as handled on the spot: hand it in.")),
    "/about_us": ("text", N_("What is about a unit is looked at by the level above: hand it in.")),
}


class Stands(msgspec.Struct, frozen=True):
    """Where a report stands; ``message``: once it has a case."""

    status_text: str = ""
    message: str | None = None
    emergency: str | None = None
    case: "StandsCase | None" = None


class StandsCase(msgspec.Struct, frozen=True):
    id: str
    state: str = ""


class Enter(Page):
    """The form, what is around, and what became of it."""

    links = (NavLink("/enter", N_("Enter a report"), 30),)

    def routes(self) -> list[Route]:
        return [
            self.get("/enter", self.show, "Enter a report for somebody, or a find"),
            self.post("/enter", self.send, "Send it, or look around first", most=SENT_MAX),
            self.get("/enter/{report}", self.sent, "What became of it"),
        ]

    async def show(self, visit: Visit) -> Response:
        draft = draft_of(visit.form, self.site.ids(16))
        draft = replace(draft, point=pair_of(visit.request.query_params.get("at", "")) or draft.point)
        if visit.request.query_params.get("as") == "patrol":
            draft = replace(draft, channel="patrol")
        return await self._page(visit, await around(self.services, visit, draft))

    async def send(self, visit: Visit) -> Response:
        draft = await self._with_photos(visit, draft_of(visit.form, self.site.ids(16)))
        if visit.form.get("step") != "send":
            return await self._page(visit, await around(self.services, visit, draft))
        if draft.names_somebody and not draft.consent:
            said = visit._("Ask first whether the name and number may be kept, then tick it; or leave them out.")
            return await self._wrong(visit, draft, said, "consent", 422)
        if draft.pick is not None:
            draft = (await around(self.services, visit, draft)).draft
        try:
            answer = await self.services.answer(
                "intake",
                "POST",
                "/v1/reports",
                visit.token,
                json=draft.body(visit.now),
                headers={"idempotency-key": f"entered-{draft.key}"},
            )
        except Refusal as refusal:
            if refusal.status != 422:
                raise
            at, said = _why(refusal)
            return await self._wrong(visit, draft, visit._(said), at, refusal.status)
        accepted = msgspec.json.decode(answer.content, type=Accepted)
        if not accepted.id:
            return await self._wrong(
                visit, draft, visit._("Somebody else deals with this; nothing was sent."), "text", 200
            )
        return visit.go(f"/enter/{accepted.id}", said=visit._("Sent."))

    async def sent(self, visit: Visit) -> Response:
        path = f"/v1/reports/{visit.path['report']}"
        answer = await self.services.answer("intake", "GET", path, visit.token)
        stands = msgspec.json.decode(answer.content, type=Stands)
        return visit.page("entered.html", part="stands", stands=stands, report=visit.path["report"])

    async def _with_photos(self, visit: Visit, draft: Draft) -> Draft:
        """Pictures are sent as soon as they come, so that the form keeps them by their ids."""
        kept = {}
        for name, before in (("photos", draft.photos), ("after_photos", draft.after)):
            files = visit.form.file_lists.get(name, [])[: PHOTOS_MAX - len(before)]
            sent = await asyncio.gather(
                *(
                    self.services.send_photo(visit.token, one, f"{draft.key}-{hashlib.sha256(one).hexdigest()[:16]}")
                    for one in files
                )
            )
            kept[name] = tuple(dict.fromkeys((*before, *sent)))
        return replace(draft, photos=kept["photos"], after=kept["after_photos"])

    async def _wrong(self, visit: Visit, draft: Draft, said: str, at: str, status: int) -> Response:
        return await self._page(visit, await around(self.services, visit, draft), said=said, at=at, status=status)

    async def _page(self, visit: Visit, found: Around, *, said: str = "", at: str = "", status: int = 200) -> Response:
        categories = await self.services.categories(visit.token)
        told = await self.services.names(
            visit.token, units=[one for one in (found.suggested.unit, found.suggested.within) if one]
        )
        names = {id_: visit.named(unit) for id_, unit in told.units.items()}
        words = visit.case_words
        named = [(one.code, words.of((one.name, one.name_en or one.name))) for one in categories.items]
        return visit.page(
            "enter.html",
            status,
            part="around",
            said=said,
            at=at,
            draft=found.draft,
            found=found,
            names=names,
            near=[(one, _near_words(visit, one, categories.by_code)) for one in found.near],
            channels=[(code, visit._(label)) for code, label in CHANNELS],
            kinds=[(code, visit._(label)) for code, label in KINDS],
            categories=[("", visit._("By its words")), *named],
            hows=[(how, words(f"how.{how}")) for how in HOWS if how not in GRANTED_ABOVE],
        )


def _near_words(visit: Visit, one: Near, categories: dict[str, Category]) -> str:
    """供水管网 · 已签收 · 60米 · 2人上报."""
    words, row = visit.case_words, one.row
    category = categories.get(row.category or "")
    many = [words("reports", row.report_count)] if row.report_count > 1 else []
    name = [words.of((category.name, category.name_en or category.name))] if category else []
    return " · ".join([*name, words(f"state.{row.state}"), visit._("%(n)s m away", n=one.metres), *many])


def _why(refusal: Refusal) -> tuple[str, str]:
    """The field that is wrong, and what is said of it."""
    for error in refusal.errors:
        for pointer, (name, said) in WRONG.items():
            if error.pointer == pointer or error.pointer.startswith(f"{pointer}/"):
                return name, said
    return "text", N_("Something in the form is wrong; nothing was sent.")
