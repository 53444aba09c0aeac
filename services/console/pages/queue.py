"""``/queues/{unit}``: the open cases of a unit, time left first, and one command on those that are ticked."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import msgspec
from starlette.responses import Response

from services.console.case.calls import CaseCalls
from services.console.frame.languages import N_
from services.console.frame.navigation import NavLink
from services.console.frame.page import Page
from services.console.frame.service_names import ServiceNames
from services.console.frame.site import Site
from services.console.frame.visit import Visit
from services.console.pages.queue_filters import PRIORITIES, STATES, Filters
from services.console.pages.queue_rows import shown_row
from services.console.pages.shared_counts import SharedCounts
from services.console.queue_client import Counts, Outcome, QueueCalls, QueuePage, QueueRow
from services.console.router_client import Categories
from shared.case_page.refusals import why
from shared.kernel.errors import Refusal, not_found
from shared.runtime.http_server.route import Route

TICKED_MAX = 100
COMMANDS = ("acknowledge", "claim")
UNDONE_BY = {"claim": "release"}
UNDO_SECONDS = 10
SAID = {
    "acknowledge": N_("Acknowledged: %(count)s"),
    "claim": N_("Claimed: %(count)s"),
    "release": N_("Given back: %(count)s"),
}


@dataclass(frozen=True, slots=True)
class Chip:
    """How many cases there are of one kind, and where they stand."""

    href: str
    words: str
    count: str
    chosen: bool
    pressing: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """A case on which nothing was done, and why."""

    id: str
    title: str
    why: str


@dataclass(frozen=True, slots=True)
class Pressed:
    """What came of a press. ``undo``: cases that may be given back, for ten seconds."""

    said: str
    failed: tuple[Failed, ...] = ()
    undo: tuple[str, ...] = ()
    until: str = ""


class Queue(Page):
    """The page."""

    links = (NavLink("/queues", N_("Open cases"), 10),)

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._calls = QueueCalls(site.services)
        self._counts = SharedCounts(self._calls, site.feed)
        self._cases = CaseCalls(site.services)

    def routes(self) -> list[Route]:
        return [
            self.get("/queues", self.own, "The queue of one's own unit"),
            self.get("/queues/{unit}", self.show, "The open cases of a unit"),
            self.post("/queues/{unit}", self.press, "One command on the cases that are ticked"),
            self.post("/queues/{unit}/find", self.find, "Cases by the last four digits of a telephone"),
        ]

    async def own(self, visit: Visit) -> Response:
        return visit.go(f"/queues/{quote(visit.me.unit, safe='')}")

    async def show(self, visit: Visit) -> Response:
        return await self._shown(visit, Filters.of(visit.request.query_params))

    async def press(self, visit: Visit) -> Response:
        """Each case is answered for; those that failed stay ticked."""
        command, cases = visit.form.get("do"), tuple(dict.fromkeys(visit.form.all("case")))[:TICKED_MAX]
        if command not in SAID:
            raise not_found("command")
        filters = Filters.of(visit.request.query_params)
        if not cases:
            return await self._shown(visit, filters, Pressed(visit._("Nothing is ticked.")), status=422)
        outcomes = await self._calls.bulk(visit.token, command, cases, visit.form.key)
        return await self._shown(visit, filters, outcomes=outcomes, command=command)

    async def find(self, visit: Visit) -> Response:
        """No address: the digits stay out of histories and logs."""
        digits = visit.form.get("phone_last")
        found = await self._calls.with_phone(visit.token, digits)
        return await self._shown(visit, Filters(), found=found, digits=digits)

    async def _shown(
        self,
        visit: Visit,
        filters: Filters,
        pressed: Pressed | None = None,
        *,
        outcomes: Sequence[Outcome] = (),
        command: str = "",
        found: QueuePage | None = None,
        digits: str = "",
        status: int = 200,
    ) -> Response:
        """Raises ``Refusal``."""
        unit, token, cursor = visit.path["unit"], visit.token, self.site.feed.cursor
        page, counts, categories = await asyncio.gather(
            _given(found) if found is not None else self._calls.page(token, unit, filters.asked(visit.now)),
            self._counts.of(token, visit.me, unit, below=filters.below, anew=bool(outcomes)),
            self.site.names.categories(token, visit.me.city),
        )
        failed = [one for one in outcomes if not one.done]
        ticked = {one.id for one in failed}
        lost = await self._elsewhere(token, page.items, failed)
        names = await self._names(visit, [*page.items, *lost], unit, categories)
        if outcomes:
            pressed = _pressed(visit, outcomes, command, [*page.items, *lost], names)
        return visit.page(
            "queue.html",
            status,
            part="queue",
            unit=unit,
            unit_name=names.unit(unit),
            other_units=[(one, names.unit(one)) for one in (visit.me.unit, *visit.me.on_duty_for) if one != unit],
            rows=[
                self.site.part(
                    visit.language,
                    "queue_row.html",
                    row=shown_row(row, names, visit.now, names.zone),
                    ticked=row.id in ticked,
                )
                for row in page.items
            ],
            next=filters.but(after=page.next) if page.next is not None else "",
            filters=filters,
            chips=_chips(visit, filters, counts),
            followed=_followed(filters, more=page.next is not None),
            categories=[(one.code, names.category(one.code)) for one in categories.items],
            states=STATES,
            priorities=PRIORITIES,
            commands=COMMANDS,
            pressed=pressed,
            found=found is not None,
            digits=digits,
            cursor=cursor,
        )

    async def _elsewhere(self, token: str, rows: Sequence[QueueRow], failed: Sequence[Outcome]) -> list[QueueRow]:
        """The cases that failed and are not on the page any more, to say who has them: ten of them at most."""
        here = {row.id for row in rows}
        gone = [one.id for one in failed if one.id not in here][:10]
        return [row for row in await asyncio.gather(*(self._one(token, id_) for id_ in gone)) if row is not None]

    async def _one(self, token: str, id_: str) -> QueueRow | None:
        try:
            case, _ = await self._cases.case(token, id_)
        except Refusal:
            return None
        row = QueueRow(id_, case.state, case.priority, case.category, "", None)
        row.unit, row.place, row.assignee, row.offered_to = (
            case.unit,
            case.location.place,
            case.assignee,
            case.offered_to,
        )
        return row

    async def _names(self, visit: Visit, rows: Sequence[QueueRow], unit: str, categories: Categories) -> ServiceNames:
        people = [row.assignee for row in rows if row.assignee is not None]
        units = (unit, visit.me.unit, *visit.me.on_duty_for, *(row.unit for row in rows if row.unit))
        told = await self.site.names.told(visit.token, visit.me.city, people=people, units=units)
        return ServiceNames(told, categories, visit.case_words)


def _chips(visit: Visit, filters: Filters, counts: Counts) -> list[Chip]:
    """Every state of which there is a case, and what presses; each leads to those alone."""
    plain = {"state": (), "overdue": False, "priority": ()}
    words, only = visit.case_words, (filters.state, filters.overdue, filters.priority)

    def chip(label: str, count: int | str, *, pressing: bool = False, **chosen: object) -> Chip:
        asked = {**plain, **chosen}
        return Chip(filters.but(**asked), label, str(count), only == tuple(asked.values()), pressing)

    everything = f"{counts.open}+" if counts.at_least else counts.open
    danger = counts.by_priority.get("danger", 0)
    found = [chip(visit._("All"), everything)]
    found += [chip(visit._("Overdue"), counts.overdue, pressing=True, overdue=True)] if counts.overdue else []
    found += [chip(words("priority.danger"), danger, pressing=True, priority=("danger",))] if danger else []
    states = [(state, counts.by_state.get(state, 0)) for state in STATES]
    return [*found, *(chip(words(f"state.{state}"), count, state=(state,)) for state, count in states if count)]


def _followed(filters: Filters, *, more: bool) -> str:
    """The filter as the page's script tests it on what comes."""
    lists = {"state": filters.state, "category": filters.category, "priority": filters.priority}
    flags = {"overdue": filters.overdue, "mine": filters.mine, "below": filters.below, "words": filters.is_elsewhere}
    return msgspec.json.encode({**lists, **flags, "first": not filters.after, "more": more}).decode()


async def _given(found: QueuePage) -> QueuePage:
    return found


def _pressed(
    visit: Visit, outcomes: Sequence[Outcome], command: str, rows: Sequence[QueueRow], names: ServiceNames
) -> Pressed:
    by_id = {row.id: row for row in rows}
    done = tuple(one.id for one in outcomes if one.done)
    failed = tuple(_failed(visit, one, by_id.get(one.id), names) for one in outcomes if not one.done)
    said = [visit._(SAID[command], count=len(done))] if done else []
    said += [visit._("Not done: %(count)s", count=len(failed))] if failed else []
    return Pressed(
        visit.case_words.of(("；", "; ")).join(said),
        failed,
        done if command in UNDONE_BY else (),
        UNDONE_BY.get(command, "") and str(UNDO_SECONDS),
    )


def _failed(visit: Visit, outcome: Outcome, row: QueueRow | None, names: ServiceNames) -> Failed:
    words = visit.case_words
    if row is None:
        return Failed(outcome.id, outcome.id, why(words, outcome.refusal, holder=names.person(None)))
    title = " · ".join(part for part in (names.category(row.category), row.place or "") if part)
    sentence = why(
        words,
        outcome.refusal,
        unit=names.unit(row.unit) if row.unit else "",
        state=words(f"state.{row.state}"),
        holder=names.person(row.assignee),
        offered=names.unit(row.offered_to) if row.offered_to else "",
    )
    return Failed(outcome.id, title or outcome.id, sentence)
