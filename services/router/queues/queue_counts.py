"""``GET /v1/queues/{unit}/counts``: how many open cases, by state, category and priority, and how many are overdue.

Counted in the index alone where the reader's own unit is asked of, so that five thousand open cases cost some
milliseconds; beyond ``COUNTED_MAX`` nothing more is counted, and the answer says so.
"""

import asyncio
from collections import Counter
from datetime import datetime, timedelta

import msgspec

from services.router.cases.case_store import CaseStore
from services.router.cases.stored.case_document import NO_DUE
from services.router.cases.stored.case_queries import seen_with
from services.router.domain.case import OPEN, State
from services.router.queues.queue_scope import queue_of
from shared.kernel.clock import Clock
from shared.kernel.vocabulary import PRIORITIES
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.route import Answer, Call, Route, get
from shared.runtime.identity.directory import Principal
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Document

COUNTED_MAX = 100_000
SOON = timedelta(hours=1)


class CountsQuery(msgspec.Struct, forbid_unknown_fields=True):
    subtree: bool = True
    city: Ident | None = None


class QueueCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Open cases; what there is none of is absent from the lists. ``overdue``: a deadline has passed; ``due_soon``: the
    next one is within an hour. ``patrol``: how many of ``open`` officers found themselves (巡查发现). ``now``: the
    server's time, to which both deadlines refer. ``at_least``: there are more than are counted. History is not counted,
    nor what is queued without any clock."""

    now: datetime
    open: int
    patrol: int
    overdue: int
    due_soon: int
    by_state: dict[str, int]
    by_priority: dict[str, int]
    by_category: dict[str, int]
    at_least: bool


class CountRoutes:
    """The route."""

    def __init__(self, store: CaseStore, packs: PackLibrary, clock: Clock) -> None:
        self._store = store
        self._packs = packs
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/queues/{unit}/counts",
                self.counts,
                "How many open cases a unit has, with those below unless `subtree=false`",
                roles=frozenset({"officer", "ops"}),
                query=CountsQuery,
                answers={200: QueueCounts},
            )
        ]

    async def counts(self, call: Call) -> Answer:
        query = call.query_as(CountsQuery)
        pack, unit = queue_of(call, self._packs, query.city)
        where = counted(pack.city.id, unit, subtree=query.subtree, reader=call.principal)
        return Answer(await tally(self._store, where, self._clock.now(), subtree=query.subtree))


def counted(city: str, unit: str, *, subtree: bool, reader: Principal) -> Document:
    """The filter of what is counted; whose unit is above does not count what is confidential below."""
    of_unit: Document = {"city": city, "seen_by" if subtree else "queues": unit, "priority": {"$in": PRIORITIES}}
    sight = reader.sight_in(unit)
    return of_unit if sight is None else {**of_unit, "$and": [seen_with(sight)]}


async def tally(store: CaseStore, where: Document, now: datetime, *, subtree: bool) -> QueueCounts:
    """What ``where`` finds, counted. History is queued for ever and has no deadline: it is left out by that."""
    index = "subtree_category" if subtree else "queue"
    late: Document = {"$lt": ["$due_at", now]}
    soon: Document = {"$lt": ["$due_at", now + SOON]}
    by = {"state": "$state", "priority": "$priority", "category": "$category", "late": late, "soon": soon}
    owed = {**where, "state": {"$in": sorted(OPEN)}, "due_at": {"$lt": NO_DUE}}
    rest = {**where, "state": {"$in": sorted(OPEN - {State.QUEUED})}, "due_at": NO_DUE}
    halves = [{name: half[name] for name in ("state", "due_at")} for half in (owed, rest)]
    found: Document = {**where, "channel": "patrol", "$or": halves}
    with_deadline, without, patrol = await asyncio.gather(
        store.cases.grouped(owed, by, limit=COUNTED_MAX + 1, hint=index),
        store.cases.grouped(rest, by, limit=COUNTED_MAX + 1, hint=index),
        store.cases.count(found, limit=COUNTED_MAX, hint="patrol"),
    )
    seen: dict[str, Counter[str]] = {name: Counter() for name in ("state", "priority", "category")}
    numbers: Counter[str] = Counter()
    for group, count in (*with_deadline, *without):
        for name, of_name in seen.items():
            of_name[group[name]] += count
        numbers["open"] += count
        numbers["late"] += count if group["late"] else 0
        numbers["soon"] += count if group["soon"] and not group["late"] else 0
    return QueueCounts(
        now=now,
        open=min(numbers["open"], COUNTED_MAX),
        patrol=patrol,
        overdue=numbers["late"],
        due_soon=numbers["soon"],
        by_state=dict(seen["state"]),
        by_priority=dict(seen["priority"]),
        by_category=dict(seen["category"]),
        at_least=numbers["open"] > COUNTED_MAX,
    )
