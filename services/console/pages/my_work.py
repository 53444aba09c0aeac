"""``/me``: what is open for the person who is signed in, time left first. Where expired links lead."""

import asyncio
from dataclasses import dataclass, replace

import msgspec
from starlette.responses import Response

from services.console.frame.languages import N_, NN_
from services.console.frame.navigation import NavLink
from services.console.frame.page import Page
from services.console.frame.service_names import ServiceNames
from services.console.frame.visit import OpenVisit, Visit
from services.console.router_client import NamesTold
from services.console.work_client import WORK_MAX, Decision, Row, ToCall, WorkCalls
from shared.case_page.words import WORDS
from shared.runtime.http_server.route import Route

WHAT = {
    "offer": N_("Offered: accept or decline"),
    "inspection": N_("To be inspected"),
    "closing": N_("Inspected, to be closed"),
}
"""Decisions that nobody asks for in words."""
WHO = {
    "offer": N_("From %(who)s"),
    "inspection": N_("Resolved by %(who)s"),
    "closing": N_("Inspected by %(who)s"),
}
TRIED = NN_("Tried %(count)s time", "Tried %(count)s times")


@dataclass(frozen=True, slots=True)
class Line:
    """A case as the page shows it. ``due``: when the time is over; ``has_it``: who works at it; empty: neither."""

    id: str
    priority: str
    category: str
    place: str
    summary: str
    state: str
    left: str
    late: bool
    due_at: str
    due: str
    has_it: str


class MyWork(Page):
    """The page."""

    links = (NavLink("/me", N_("My open work"), 20),)

    def routes(self) -> list[Route]:
        return [
            self.open_get("/", self.home, "The first page"),
            self.get("/me", self.show, "My open work"),
        ]

    async def home(self, visit: OpenVisit) -> Response:
        return visit.go("/me")

    async def show(self, visit: Visit) -> Response:
        unit, token, calls = visit.me.unit, visit.token, WorkCalls(self.services)
        decisions, mine, work, to_call, categories = await asyncio.gather(
            calls.decisions(token),
            calls.queue(token, unit, mine=True),
            calls.queue(token, unit, mine=False),
            calls.to_call(token, unit),
            self.services.categories(token),
        )
        waiting = decisions.items[:WORK_MAX]
        names = ServiceNames(await self._names(visit, waiting, work.items), categories, visit.case_words)
        shown = {one.row.id for one in waiting}
        own = [row for row in mine.items if row.id not in shown]
        others = [row for row in work.items if row.id not in shown and row.assignee != visit.me.person]
        more = decisions.cut or len(decisions.items) > WORK_MAX or mine.next is not None or work.next is not None
        return visit.page(
            "work.html",
            groups=[
                (visit._("Waiting for you"), [_decision(one, names, visit) for one in waiting]),
                (visit._("Mine"), [_line(row, names, visit) for row in own]),
                (visit._("Queue of %(unit)s", unit=names.unit(unit)), [_line(row, names, visit) for row in others]),
                (visit._("To call back"), [_to_call(row, names, visit) for row in to_call]),
            ],
            more=visit._("The %(count)s most pressing are shown.", count=WORK_MAX) if more else None,
        )

    async def _names(self, visit: Visit, waiting: list[Decision], rows: list[Row]) -> NamesTold:
        people = [one.asked_by for one in waiting] + [row.assignee for row in rows if row.assignee != visit.me.person]
        units = [visit.me.unit, *(one.unit for one in waiting)]
        return await self.services.names(
            visit.token,
            people=[one for one in dict.fromkeys(people) if one is not None],
            units=[one for one in dict.fromkeys(units) if one is not None],
        )


def _decision(one: Decision, names: ServiceNames, visit: Visit) -> Line:
    """What is to be decided, until when, and who asks."""
    words = visit.case_words
    clock = WORDS.get(f"clock.{one.clock}") if one.clock is not None else None
    until = [words("until", visit.moment(one.until))] if one.until is not None else []
    unit = names.unit(one.unit) if one.unit is not None else ""
    person = names.person(one.asked_by) if one.asked_by is not None else ""
    who = person if person.startswith(unit) else f"{unit} {person}".strip()
    by = WHO.get(one.what, N_("Asked for by %(who)s"))
    return replace(
        _line(Row(**{**msgspec.structs.asdict(one.row), "due_at": one.due_at, "assignee": None}), names, visit),
        state=" · ".join([_what(one.what, visit), *([words.of(clock)] if clock is not None else []), *until]),
        has_it=visit._(by, who=who) if who else "",
    )


def _what(what: str, visit: Visit) -> str:
    if what in WHAT:
        return visit._(WHAT[what])
    known = WORDS.get(f"ask.{what}")
    return visit.case_words.of(known) if known is not None else what


def _to_call(row: ToCall, names: ServiceNames, visit: Visit) -> Line:
    """A closed case whose reporter is to be called (回访)."""
    closed = visit.moment(row.closed_at) if row.closed_at is not None else ""
    return Line(
        id=row.id,
        priority=visit.case_words(f"priority.{row.priority}"),
        category=names.category(row.category),
        place=row.place or "",
        summary=row.summary,
        state=visit.counted(TRIED, row.tried) if row.tried else visit._("Not tried yet"),
        left=visit._("Closed %(moment)s", moment=closed),
        late=False,
        due_at="",
        due="",
        has_it="",
    )


def _line(row: Row, names: ServiceNames, visit: Visit) -> Line:
    words = visit.case_words
    left, late, due = visit._("No deadline"), False, ""
    if row.due_at is not None:
        left, late = visit.left(row.due_at)
        due = words("due", visit.moment(row.due_at))
    other = row.assignee if row.assignee != visit.me.person else None
    return Line(
        id=row.id,
        priority=words(f"priority.{row.priority}"),
        category=names.category(row.category),
        place=row.place or "",
        summary=row.summary,
        state=words(f"state.{row.state}"),
        left=left,
        late=late,
        due_at=row.due_at.isoformat() if row.due_at is not None else "",
        due=due,
        has_it=words("has_it", names.person(other)) if other is not None else "",
    )
