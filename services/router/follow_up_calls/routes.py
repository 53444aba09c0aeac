"""``GET /v1/follow-up-calls``: the reporters that a desk is to call (回访); and how satisfied reporters were.

What came of a call is a command of the case, ``record_call``; ``POST /v1/follow-up-calls/{id}:record`` is the same.
"""

import msgspec

from services.router.cases.case_store import CaseStore
from services.router.cases.case_views import row
from services.router.cases.stored.case_queries import seen_with
from services.router.city_scope import pack_for
from services.router.command_handling.intake_client import IntakePersons
from services.router.domain.case import Case
from services.router.domain.case_parts.call_back import Verdict
from services.router.domain.commands.command import DESK
from services.router.follow_up_calls.answers import CallPage, CallRow, SatisfactionReport
from services.router.follow_up_calls.figures import by_unit, counted
from services.router.months import Month, bounds
from services.router.queues.queue_scope import in_subtree
from shared.city.pack import Pack
from shared.contracts.persons import MaskedReporter
from shared.kernel.errors import forbidden, not_found
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.pagination import Cursor, Limit, beyond, cursor_after
from shared.runtime.http_server.route import Answer, Call, Route, get
from shared.runtime.identity.directory import Principal
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Document

READERS = frozenset({"officer", "ops"})
COUNTED_MAX = 10_000
"""Cases of a month that are counted at most."""


class CallQuery(msgspec.Struct, forbid_unknown_fields=True):
    """``unit``: whose desk calls; absent: the own one, for ops the root. ``subtree``: and the desks below it."""

    unit: Ident | None = None
    subtree: bool = False
    cursor: Cursor | None = None
    limit: Limit = 50
    city: Ident | None = None


class MonthQuery(msgspec.Struct, forbid_unknown_fields=True):
    """``unit``: with all below it; absent: the own one, for ops the root."""

    month: Month
    unit: Ident | None = None
    city: Ident | None = None


class FollowUpCalls:
    """Reads the list and the figures."""

    def __init__(self, store: CaseStore, packs: PackLibrary, persons: IntakePersons) -> None:
        self._store = store
        self._packs = packs
        self._persons = persons

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/follow-up-calls",
                self.to_call,
                "Reporters of closed cases that a desk is to call, who waits longest first",
                roles=READERS,
                query=CallQuery,
                answers={200: CallPage},
            ),
            get(
                "/v1/satisfaction",
                self.satisfaction,
                "How satisfied reporters were in a month, by the unit that handled their cases",
                roles=READERS,
                query=MonthQuery,
                answers={200: SatisfactionReport},
            ),
        ]

    async def to_call(self, call: Call) -> Answer:
        """For desks: nothing that one's own unit, or oneself, has handled."""
        query, who = call.query_as(CallQuery), call.principal
        if who.kind == "officer" and who.role not in DESK:
            raise forbidden(f"The role {who.role} calls no reporters.", reason="role")
        pack = pack_for(who, self._packs, query.city)
        unit = _unit(who, query.unit, pack)
        cases = await self._store.calls(listed_for(who, pack.city.id, unit, query), query.limit + 1)
        page, more = cases[: query.limit], len(cases) > query.limit
        reporters = await self._reporters(who, pack.city.id, page)
        rows = [_row(case, reporters) for case in page]
        return Answer(CallPage(rows, cursor_after(rows[-1].since, rows[-1].id) if more else None))

    async def _reporters(self, who: Principal, city: str, cases: list[Case]) -> dict[str, MaskedReporter]:
        """Masked, by report."""
        reports = [case.reporter_to_call for case in cases if case.sensitive is None]
        asked = [report for report in reports if report is not None]
        return await self._persons.masked(city, asked) if asked and who.kind == "officer" else {}

    async def satisfaction(self, call: Call) -> Answer:
        """Each ending counts once, in the month of its last word or try; of what is confidential nothing counts."""
        query, who = call.query_as(MonthQuery), call.principal
        pack = pack_for(who, self._packs, query.city)
        unit = _unit(who, query.unit, pack)
        begins, ends = bounds(query.month, pack)
        below = frozenset(one.id for one in pack.units.values() if unit in one.path)
        found = await self._store.heard(pack.city.id, sorted(below), begins, COUNTED_MAX + 1)
        heard = [one for of_case in found for one in of_case if one.unit in below and begins <= one.at < ends]
        return Answer(_report(query.month, unit, heard, complete=len(found) <= COUNTED_MAX))


def _report(month: str, unit: str, heard: list[Verdict], *, complete: bool) -> SatisfactionReport:
    total, items = counted(unit, heard), by_unit(heard)
    return SatisfactionReport(month=month, unit=unit, total=total, items=items, complete=complete)


def _unit(who: Principal, named: str | None, pack: Pack) -> str:
    """Raises ``Refusal`` 404 for a unit outside the caller's subtree."""
    unit = named or who.unit or pack.root.id
    if not in_subtree(who, unit, pack):
        raise not_found("unit")
    return unit


def listed_for(who: Principal, city: str, unit: str, query: CallQuery) -> Document:
    """The filter: calls of that desk, or of the desks below it too, about cases that the caller sees and did not
    handle."""
    where: Document = {"city": city, "calls.path": unit}
    if not query.subtree:
        where["call_back.by"] = unit
    conditions: list[Document] = []
    if who.sight is not None:
        where["handled_by"] = {"$ne": who.who}
        conditions.append(seen_with(who.sight))
        conditions.append({"$or": [{"call_back.about": {"$ne": who.unit}}, {"call_back.by": who.unit}]})
    if query.cursor is not None:
        conditions.append(beyond(query.cursor, "calls.since", 1))
    return {**where, "$and": conditions} if conditions else where


def _row(case: Case, reporters: dict[str, MaskedReporter]) -> CallRow:
    waiting = case.call_back
    assert waiting is not None and waiting.since is not None  # noqa: S101 - the filter
    shown, report = row(case), case.reporter_to_call
    return CallRow(
        id=case.id,
        unit=case.unit,
        by=waiting.by,
        category=case.category,
        kind=case.kind,
        priority=case.priority,
        place=shown.place if isinstance(shown.place, str) else None,
        summary=shown.summary,
        closed_at=case.ended_at,
        how=case.resolved_how,
        since=waiting.since,
        tried=waiting.tried,
        tries=waiting.tries,
        report=report,
        reporter=reporters.get(report or ""),
    )
