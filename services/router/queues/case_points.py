"""``GET /v1/queues/{unit}/points``: the open cases of a queue as points of a map: the same filters as the list, the
same rights, in the datum of the map."""

from datetime import datetime

import msgspec

from services.router.cases.case_views import tightest
from services.router.cases.stored.case_document import NO_DUE
from services.router.domain.case import Case
from services.router.queues.map_extent import within
from services.router.queues.queue_pages import QueueQuery, Queues, check_categories
from services.router.queues.queue_scope import queue_of
from shared.city.pack import Pack
from shared.city.place.datum import Crs, from_wgs84
from shared.kernel.vocabulary import ClockStateName, Priority, StateName
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.route import Answer, Call, Route, get
from shared.runtime.identity.directory import Principal
from shared.runtime.pack_library import PackLibrary

POINTS_MAX = 2000
LOOKED_AT_MAX = 20_000
"""Cases among which those without a place are counted."""
_WORST: tuple[ClockStateName, ...] = ("breached", "running", "paused", "met", "void")


class PointsQuery(QueueQuery, forbid_unknown_fields=True, kw_only=True):
    """``crs``: also that of the points. ``sort``, ``limit``, ``cursor`` and ``placed`` mean nothing here: the most
    urgent ``POINTS_MAX`` are answered."""

    city: Ident | None = None


class CasePoint(msgspec.Struct, frozen=True, kw_only=True):
    """No word of the case."""

    id: str
    version: int
    lon: float
    lat: float
    priority: Priority
    state: StateName
    category: str
    due_at: datetime | None
    clock: ClockStateName | None
    """The worst of the clocks under which something is owed: breached or running; null for none."""


class CasePoints(msgspec.Struct, frozen=True, kw_only=True):
    """The tightest deadline first. ``without``: how many cases of the same filter have no point that may be shown,
    wherever the box lies; ``cut``: there are more points, or more cases than were looked at for ``without``."""

    items: list[CasePoint]
    without: int
    cut: bool


class PointReader:
    """Reads the points of a queue."""

    def __init__(self, queues: Queues) -> None:
        self._queues = queues

    async def read(self, pack: Pack, unit: str, query: PointsQuery, reader: Principal) -> CasePoints:
        """With the reader's rights inside the filter. Raises ``Refusal`` 422."""
        where, index = await self._queues.asked(pack.city.id, unit, query, reader)
        open_only = query.state is None
        shown, index = within(pack.city.id, query.bbox, query.crs, index, placed=True, open_only=open_only)
        store = self._queues.store
        found = await store.queue({"$and": [where, shown]}, POINTS_MAX + 1, index)
        placeless, cut = await store.placeless(where, LOOKED_AT_MAX)
        items = [point for case in found[:POINTS_MAX] if (point := _point(case, query.crs)) is not None]
        return CasePoints(items=items, without=placeless, cut=cut or len(found) > POINTS_MAX)


class PointRoutes:
    """The route."""

    def __init__(self, reader: PointReader, packs: PackLibrary) -> None:
        self._reader = reader
        self._packs = packs

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/queues/{unit}/points",
                self.points,
                "Open cases as points of a map, in its datum, and how many have none",
                roles=frozenset({"officer", "ops"}),
                query=PointsQuery,
                answers={200: CasePoints},
            )
        ]

    async def points(self, call: Call) -> Answer:
        query = call.query_as(PointsQuery)
        pack, unit = queue_of(call, self._packs, query.city)
        check_categories(query, pack.categories)
        return Answer(await self._reader.read(pack, unit, query, call.principal))


def _point(case: Case, crs: Crs) -> CasePoint | None:
    at, due = case.location, tightest(case)
    if at.lon is None or at.lat is None:
        return None
    lon, lat = from_wgs84(at.lon, at.lat, crs)
    return CasePoint(
        id=case.id,
        version=case.version,
        lon=round(lon, 6),
        lat=round(lat, 6),
        priority=case.priority,
        state=case.state.value,
        category=case.category,
        due_at=None if due == NO_DUE else due,
        clock=min((clock.state for clock in case.clocks if clock.waits), key=_WORST.index, default=None),
    )
