"""``GET /v1/cases:nearby`` for officers: open cases around a place, of those that they see. Whoever enters a report for
somebody is offered them as the same matter (``same_as`` of the report) before he sends it."""

from typing import Annotated, Literal

import msgspec

from services.router.cases.case_answers import QueueRow
from services.router.cases.case_store import CaseStore
from services.router.cases.case_views import row
from services.router.cases.stored.case_queries import seen_with
from shared.city.place.datum import from_wgs84, to_wgs84
from shared.kernel.cells import cells_around, metres_between
from shared.kernel.errors import FieldError, invalid
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.route import Answer, Call, Route, get
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Document

METRES_MAX = 1000.0
ITEMS_MAX = 50


class OfficersNearbyQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``category``: only cases of it."""

    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    crs: Literal["wgs84", "gcj02", "bd09"]
    radius: Annotated[float, msgspec.Meta(gt=0, le=METRES_MAX)] = 200.0
    category: Ident | None = None


class NearbyOpenCase(msgspec.Struct, frozen=True, kw_only=True):
    """``lon``, ``lat``: in the crs that was asked in."""

    row: QueueRow
    metres: int
    lon: float
    lat: float


class NearbyOpenCases(msgspec.Struct, frozen=True):
    """Nearest first. None that is confidential: a report never hangs on such a case."""

    items: list[NearbyOpenCase]


class NearbyRoutes:
    """The route."""

    def __init__(self, store: CaseStore, packs: PackLibrary) -> None:
        self._store = store
        self._packs = packs

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/cases:nearby",
                self.nearby,
                "Open cases around a place, nearest first, of those that the officer sees",
                roles=frozenset({"officer"}),
                query=OfficersNearbyQuery,
                answers={200: NearbyOpenCases},
            )
        ]

    async def nearby(self, call: Call) -> Answer:
        query, who = call.query_as(OfficersNearbyQuery), call.principal
        if query.category is not None and query.category not in self._packs.current(who.city).categories:
            raise invalid(FieldError("?category", "is not in the city's list: GET /v1/categories"))
        lon, lat = to_wgs84(query.lon, query.lat, query.crs)
        where: Document = {"confidential": False, "historic": {"$ne": True}, "sensitive": None}
        if query.category is not None:
            where["category"] = query.category
        if who.sight is not None:
            where["$and"] = [seen_with(who.sight)]
        places = await self._store.open_in(cells_around(who.city, lon, lat), where)
        metres = {id_: metres_between(lon, lat, *at) for id_, at in places.items()}
        nearest = sorted((id_ for id_ in places if metres[id_] <= query.radius), key=lambda id_: metres[id_])[
            :ITEMS_MAX
        ]
        cases = {case.id: case for case in await self._store.among(nearest, {"open": True, **where})} if nearest else {}
        items = []
        for id_ in nearest:
            if id_ in cases:  # it may have ended meanwhile
                at = from_wgs84(*places[id_], query.crs)
                items.append(NearbyOpenCase(row=row(cases[id_]), metres=round(metres[id_]), lon=at[0], lat=at[1]))
        return Answer(NearbyOpenCases(items))
