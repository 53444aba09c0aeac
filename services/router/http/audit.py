"""Whether a case's history is as it was written: the first entry that was altered, taken out or moved is named.

Compared are the first event and the stored ones, each with the head that it was given; what the case itself says (its
newest head, its newest lines, its clocks); and that none is missing in between or at the end. Who can write the store
could make the whole chain anew; heads that somebody else has noted show that.
"""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Annotated, Any

import msgspec

from services.router.cases.case_store import CaseStore
from services.router.cases.published_events import to_state
from services.router.cases.stored.case_document import from_doc, opened_event
from services.router.domain.attachment import Attached
from services.router.domain.case import Case
from services.router.domain.hash_chain import line, linked
from shared.contracts.cases import CaseEvent, CaseState
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope, Malformed
from shared.kernel.clock import rfc3339
from shared.kernel.errors import not_found
from shared.runtime.http_server.route import Answer, Call, Route, get
from shared.runtime.identity.directory import EVERY_CITY
from shared.runtime.kafka.outbox_relay import from_stored
from shared.runtime.storage.mongo import Collection, Document

PAGE = 100
EVENTS_MAX = 10_000
OPS = frozenset({"ops"})


class Verdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``wrong``: what is the matter with the first bad entry, ``entry`` its event's id; None for both when all is well.

    ``older``: entries of a version that made no chain yet.
    """

    case: str
    head: str
    entries: int
    older: int = 0
    entry: str | None = None
    wrong: str | None = None


class AuditPage(msgspec.Struct, frozen=True, kw_only=True):
    """``cases`` and ``entries``: how many were looked at; ``items``: the bad ones."""

    cases: int
    entries: int
    items: list[Verdict]
    next: str | None


class _Bad(Exception):
    """The entry and what is wrong with it."""


def verified(case: Case, events: Sequence[Envelope]) -> Verdict:
    """The verdict on ``case`` and its events, in whatever order they come."""
    told = sorted(events, key=lambda event: (event.sequence, _number(event)))
    older = next((i for i, event in enumerate(told) if event.head), len(told))
    verdict = Verdict(case=case.id, head=case.head, entries=len(told), older=older)
    try:
        _follow(case, told, older)
        _compare_lines(case, told)
        _compare_state(case, told[-1])
    except _Bad as bad:
        entry, wrong = bad.args
        return msgspec.structs.replace(verdict, entry=entry, wrong=wrong)
    return verdict


def _follow(case: Case, told: Sequence[Envelope], older: int) -> None:
    """Link by link: none is missing, none says anything else than when it was linked."""
    head, at = "", (1, -1)
    for i, event in enumerate(told):
        place = event.sequence, _number(event)
        if event.id != f"{case.id}.{place[0]}.{place[1]}":
            raise _Bad(event.id, "altered: its id is not that of its place")
        missing = _between(at, place)
        if missing is not None:
            raise _Bad(f"{case.id}.{missing[0]}.{missing[1]}", f"missing: the next that there is, is {event.id}")
        at = place
        if i < older:
            continue
        if event.head != linked(head, event.id, event.type, rfc3339(event.time), event.data):
            raise _Bad(event.id, "altered, or one of the change before it was taken out")
        head = event.head
    if at[0] < case.version:
        raise _Bad(f"{case.id}.{at[0] + 1}.0", f"missing: the case has version {case.version}, its entries end before")
    if head != case.head:
        raise _Bad(f"{case.id}.{at[0]}.{at[1] + 1}", "missing, or the head that the case keeps was altered")


def _between(at: tuple[int, int], place: tuple[int, int]) -> tuple[int, int] | None:
    """The first place that is missing between two: every change has an event 0, and no number is left out."""
    if place[0] == at[0]:
        return None if place[1] == at[1] + 1 else (at[0], at[1] + 1)
    if at[1] < 0:
        return at[0], 0
    return None if place == (at[0] + 1, 0) else (at[0] + 1, 0)


def _compare_lines(case: Case, told: Sequence[Envelope]) -> None:
    """The newest lines, which the case holds with their words, are those that were linked."""
    newest = _folded(told)[-len(case.history) :] if case.history else ()
    for entry, event in zip(case.history, newest, strict=False):
        said = _data(event)
        if event.head and said.line is not None and said.line != line(entry):
            raise _Bad(event.id, "altered: the case's history says something else")


def _folded(told: Sequence[Envelope]) -> list[Envelope]:
    """Of consecutive ``report_attached`` events only the last is kept, as in the case's history."""
    return [
        event
        for event, after in zip_longest(told, told[1:])
        if not (after is not None and event.type == after.type == Attached.TYPE)
    ]


def _compare_state(case: Case, last: Envelope) -> None:
    """State, owner and clocks are those of the last entry: a breach that was wiped out of the case shows."""
    if last.head and _facts(to_state(case)) != _facts(_data(last).case):
        raise _Bad(last.id, "the case's state, owner or clocks are not what its last entry says")


def _facts(state: CaseState) -> tuple[object, ...]:
    clocks = [(clock.kind, clock.started_at, clock.due_at, clock.state, clock.met_at) for clock in state.clocks]
    return state.state, state.unit, clocks


def _data(event: Envelope) -> CaseEvent:
    try:
        return decode(event, CaseEvent)
    except Malformed as wrong:
        raise _Bad(event.id, f"altered: {wrong}") from wrong


def _number(event: Envelope) -> int:
    """Which event of its change it is; -1 for what has no such id."""
    number = event.id.rpartition(".")[2]
    return int(number) if number.isdecimal() else -1


class AuditQuery(msgspec.Struct, forbid_unknown_fields=True):
    """``after``: the ``next`` of the answer before."""

    after: Annotated[str, msgspec.Meta(max_length=200)] = ""


class Audit:
    """``GET /v1/audit`` (a page of cases, the bad ones named) and ``GET /v1/cases/{id}/audit``."""

    def __init__(self, store: CaseStore, events: Collection) -> None:
        self._store = store
        self._events = events

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/audit",
                self.page,
                "Whether histories are as they were written",
                roles=OPS,
                query=AuditQuery,
                answers={200: AuditPage},
            ),
            get(
                "/v1/cases/{id}/audit",
                self.one,
                "Whether a case's history is as it was written",
                roles=OPS,
                answers={200: Verdict},
            ),
        ]

    async def one(self, call: Call) -> Answer:
        found = await self._store.cases.find_one({"_id": call.path["id"], **_own(call)})
        if found is None:
            raise not_found("case")
        return Answer(await self._verdict(found))

    async def page(self, call: Call) -> Answer:
        """The next hundred cases in order of id: how many were looked at, and the verdicts on the bad ones."""
        where: Document = {"_id": {"$gt": call.query_as(AuditQuery).after}, **_own(call)}
        cases = await self._store.cases.find(where, sort=[("_id", 1)], limit=PAGE)
        verdicts = [await self._verdict(document) for document in cases]
        return Answer(
            AuditPage(
                cases=len(verdicts),
                entries=sum(verdict.entries for verdict in verdicts),
                items=[verdict for verdict in verdicts if verdict.wrong is not None],
                next=cases[-1]["_id"] if len(cases) == PAGE else None,
            )
        )

    async def _verdict(self, document: Document) -> Verdict:
        """What is pending belongs to it; what happened since the case was read does not."""
        stored = await self._events.find({"subject": document["_id"]}, sort=[("sequence", 1)], limit=EVENTS_MAX)
        pending: list[dict[str, Any]] = document.get("pending", [])
        events = [opened_event(document), *map(from_stored, stored), *(msgspec.convert(e, Envelope) for e in pending)]
        known = {event.id: event for event in reversed(events) if event.sequence <= document["version"]}
        return verified(from_doc(document), list(known.values()))


def _own(call: Call) -> Document:
    return {} if call.principal.city == EVERY_CITY else {"city": call.principal.city}
