"""``GET /v1/cases:waiting``: what waits for a decision of whoever asks: returns, rejections, endings, objections,
pauses, extensions, offers, inspections and closings. One query finds the cases that the reader sees and that his desk
is to decide; whether he himself may, the rules of the commands say.
"""

from datetime import datetime

import msgspec

from services.router.cases.case_answers import QueueRow
from services.router.cases.case_store import CaseStore
from services.router.cases.case_views import row
from services.router.command_handling.actors import actors_of
from services.router.domain.awaited import Awaited, Awaits, awaited, is_for
from services.router.domain.case import Case
from shared.kernel.vocabulary import ClockKind
from shared.runtime.http_server.route import Answer, Call, Route, get
from shared.runtime.identity.directory import Principal
from shared.runtime.pack_library import PackLibrary

CASES_MAX = 200


class WaitingDecision(msgspec.Struct, frozen=True, kw_only=True):
    """``due_at``: when it is too late, or null; ``unit``, ``asked_by``: who asks, or who resolved or inspected it;
    ``until``: the time that is asked for."""

    row: QueueRow
    what: Awaits
    due_at: datetime | None
    asked_at: datetime | None
    unit: str | None
    asked_by: str | None
    clock: ClockKind | None
    part: str | None
    until: datetime | None


class WaitingDecisions(msgspec.Struct, frozen=True):
    """Time left first. ``cut``: more cases wait than were looked at."""

    items: list[WaitingDecision]
    cut: bool


class WaitingRoutes:
    """The route."""

    def __init__(self, store: CaseStore, packs: PackLibrary) -> None:
        self._store = store
        self._packs = packs

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/cases:waiting",
                self.waiting,
                "What waits for a decision of whoever asks, time left first",
                roles=frozenset({"officer"}),
                answers={200: WaitingDecisions},
            )
        ]

    async def waiting(self, call: Call) -> Answer:
        who = call.principal
        found = await self._store.awaiting(who.city, who.units, who.sight, CASES_MAX + 1)
        items = [item for case in found[:CASES_MAX] for item in self._for(who, case)]
        items.sort(key=lambda one: (one.due_at is None, one.due_at, one.row.id))
        return Answer(WaitingDecisions(items, cut=len(found) > CASES_MAX))

    def _for(self, who: Principal, case: Case) -> list[WaitingDecision]:
        actors = actors_of(who, case, self._packs.current(case.city))
        mine = (one for one in awaited(case) if any(is_for(case, one, actor) for actor in actors))
        return [_view(case, one) for one in mine]


def _view(case: Case, one: Awaited) -> WaitingDecision:
    return WaitingDecision(
        row=row(case),
        what=one.what,
        due_at=one.due_at,
        asked_at=one.at,
        unit=one.asker,
        asked_by=one.by,
        clock=one.clock,
        part=one.part,
        until=one.until,
    )
