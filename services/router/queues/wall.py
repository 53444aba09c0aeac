"""The wall (大屏) of a unit: a device key that reads one page of figures, and nothing else.

It shows how many, where and how old, and no word of a case: neither its description nor an address that somebody wrote.
A screen that a supervisor set up shows nothing that his unit does not see (``sees_as``), one that an office set up
nothing confidential, and nothing from which a unit is recused.
Who makes and revokes keys: ``services/router/http/wall_keys.py``.
"""

from collections import Counter, defaultdict
from datetime import datetime

import msgspec

from services.router.cases.case_answers import ClockView
from services.router.cases.case_store import CaseStore
from services.router.cases.case_views import clock_view, tightest
from services.router.cases.sealed_words import bare
from services.router.cases.stored.case_document import NO_DUE
from services.router.cases.stored.case_queries import seen_with
from services.router.domain.case import OPEN, Case
from services.router.queues.case_points import CasePoints, PointReader, PointsQuery
from services.router.queues.queue_counts import COUNTED_MAX, SOON, QueueCounts, counted, tally
from shared.city.pack import Pack
from shared.city.people.rota import midnight
from shared.city.place.datum import Crs
from shared.contracts.sight import Sight
from shared.kernel.clock import Clock
from shared.kernel.errors import not_found
from shared.kernel.vocabulary import Priority, StateName
from shared.runtime.http_server.route import Answer, Call, Route, get
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Document

OLDEST = 10
TODAY_MAX = 100_000


class WallQuery(msgspec.Struct, forbid_unknown_fields=True):
    crs: Crs = "wgs84"


class WallToday(msgspec.Struct, frozen=True, kw_only=True):
    """Of the cases that reports of citizens opened since midnight: how many are acknowledged by now, resolved (or
    closed), and rejected, each apart; and of how many a clock is breached. ``patrol``: how many more officers found
    themselves (巡查发现)."""

    opened: int
    acknowledged: int
    resolved: int
    rejected: int
    breached: int
    patrol: int


class WallRow(msgspec.Struct, frozen=True, kw_only=True):
    """``place``: as the city's pack names it, never as somebody wrote it; null of what is confidential or sensitive."""

    id: str
    category: str
    category_name: str
    category_name_en: str
    priority: Priority
    state: StateName
    unit: str
    unit_name: str
    unit_name_en: str
    place: str | None
    opened_at: datetime
    due_at: datetime | None
    clocks: list[ClockView]


class WallUnit(msgspec.Struct, frozen=True, kw_only=True):
    """A unit just below, with all below it: its open cases, and of how many a deadline has passed or is near."""

    id: str
    open: int
    overdue: int
    due_soon: int


class WallAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """``oldest``: the open cases that were opened first. ``below``: units of which cases are open. ``counts.now``: the
    server's time."""

    city: str
    unit: str
    unit_name: str
    unit_name_en: str
    timezone: str
    today: WallToday
    counts: QueueCounts
    below: list[WallUnit]
    oldest: list[WallRow]
    points: CasePoints


class WallRoutes:
    """``GET /v1/wall``."""

    def __init__(self, store: CaseStore, points: PointReader, packs: PackLibrary, clock: Clock) -> None:
        self._store = store
        self._points = points
        self._packs = packs
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/wall",
                self.wall,
                "What the wall of a unit shows: figures, points and the oldest cases, without a word",
                roles=frozenset({"wall"}),
                query=WallQuery,
                answers={200: WallAnswer},
            ),
        ]

    async def wall(self, call: Call) -> Answer:
        who, now = call.principal, self._clock.now()
        pack, unit = self._packs.current(who.city), who.unit or ""
        if unit not in pack.units:
            raise not_found("unit")
        where = counted(who.city, unit, subtree=True, reader=who)
        return Answer(
            WallAnswer(
                city=who.city,
                unit=unit,
                unit_name=pack.units[unit].name,
                unit_name_en=pack.units[unit].name_en,
                timezone=pack.city.timezone,
                today=await self._today(pack, unit, now, who.sight),
                counts=await tally(self._store, where, now, subtree=True),
                below=await self._below(pack, unit, where, now),
                oldest=[on_the_wall(one, pack) for one in await self._store.oldest(who.city, unit, who.sight, OLDEST)],
                points=await self._points.read(
                    pack, unit, PointsQuery(subtree=True, crs=call.query_as(WallQuery).crs), who
                ),
            )
        )

    async def _today(self, pack: Pack, unit: str, now: datetime, sight: Sight | None) -> WallToday:
        since = midnight(pack.day(now), pack.posts.zone)
        where: Document = {
            "city": pack.city.id,
            "seen_by": unit,
            "historic": {"$in": [False, None]},
            "open": {"$in": [True, False]},
            "opened_at": {"$gte": since},
            **({"$and": [seen_with(sight)]} if sight is not None else {}),
        }
        by = {"state": "$state", "patrol": {"$eq": ["$channel", "patrol"]}}
        groups = await self._store.cases.grouped(where, by, limit=TODAY_MAX, hint="opened")
        states = {group["state"]: count for group, count in groups if not group["patrol"]}
        opened, rejected = sum(states.values()), states.get("rejected", 0)
        waits = states.get("queued", 0) + states.get("merged", 0)
        late: Document = {**where, "channel": {"$ne": "patrol"}, "clocks.state": "breached"}
        return WallToday(
            opened=opened,
            acknowledged=opened - waits - rejected,
            resolved=states.get("resolved", 0) + states.get("closed", 0),
            rejected=rejected,
            breached=await self._store.cases.count(late, limit=TODAY_MAX, hint="opened"),
            patrol=sum(count for group, count in groups if group["patrol"]),
        )

    async def _below(self, pack: Pack, unit: str, where: Document, now: datetime) -> list[WallUnit]:
        """Of each unit just below, whose cases are those of all units under it."""
        owed = {**where, "state": {"$in": sorted(OPEN)}, "due_at": {"$lt": NO_DUE}}
        owner: Document = {"$arrayElemAt": ["$path.id", -1]}
        by = {"unit": owner, "late": {"$lt": ["$due_at", now]}, "soon": {"$lt": ["$due_at", now + SOON]}}
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for group, count in await self._store.cases.grouped(owed, by, limit=COUNTED_MAX, hint="subtree_category"):
            below = _just_below(pack, unit, group["unit"])
            if below is not None:
                counts[below]["open"] += count
                counts[below]["late" if group["late"] else "soon"] += count if group["soon"] else 0
        return [
            WallUnit(id=id_, open=of["open"], overdue=of["late"], due_soon=of["soon"]) for id_, of in counts.items()
        ]


def _just_below(pack: Pack, unit: str, owner: str) -> str | None:
    """The child of ``unit`` under which ``owner`` lies."""
    at = pack.units.get(owner)
    while at is not None and at.parent != unit:
        at = pack.units.get(at.parent) if at.parent is not None else None
    return at.id if at is not None else None


def on_the_wall(case: Case, pack: Pack) -> WallRow:
    """Its figures, without what anybody wrote."""
    category, unit = pack.categories.get(case.category), pack.units.get(case.unit)
    return WallRow(
        id=case.id,
        category=case.category,
        category_name=category.name if category is not None else case.category,
        category_name_en=category.name_en if category is not None else "",
        priority=case.priority,
        state=case.state.value,
        unit=case.unit,
        unit_name=unit.name if unit is not None else case.unit,
        unit_name_en=unit.name_en if unit is not None else "",
        place=None if case.wordless else case.location.place,
        opened_at=case.opened_at,
        due_at=tightest(case),
        clocks=[bare(clock_view(clock)) for clock in case.clocks if clock.waits],
    )
