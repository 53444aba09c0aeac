"""Open cases nearby, without personal data, so that an app can ask its user: is it one of these?

Only of categories that the pack marks ``public``, and never of a need or a clue, whatever category it was given: where
somebody needs help, quarrels or is suspected is not shown.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from services.intake.reports.report_store import ReportStore
from shared.city.place.datum import to_wgs84
from shared.kernel.cells import cells_around, metres_between
from shared.kernel.errors import FieldError, invalid
from shared.kernel.vocabulary import ReportChannel, StateName
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.route import Answer, Call, Route, get
from shared.runtime.identity.directory import EVERY_CITY
from shared.runtime.pack_library import PackLibrary

METRES_MAX = 1000.0
ITEMS_MAX = 50
LOOKED_AT_MAX = 500
READERS = frozenset({"rider_app", "importer", "ops"})


class NearbyQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    crs: Literal["wgs84", "gcj02", "bd09"]
    radius: Annotated[float, msgspec.Meta(gt=0, le=METRES_MAX)] = 200.0
    category: Ident | None = None


class NearbyCase(msgspec.Struct, frozen=True):
    """``channel``: how the report came that opened it; ``patrol``: officers found it, no resident told of it."""

    case: str
    category: str
    state: StateName
    lon: float
    lat: float
    metres: int
    received_at: datetime
    channel: ReportChannel


class NearbyCases(msgspec.Struct, frozen=True):
    """Nearest first."""

    items: list[NearbyCase]


class NearbyRoutes:
    """The handler of ``GET /v1/nearby``."""

    def __init__(self, store: ReportStore, packs: PackLibrary) -> None:
        self._store = store
        self._packs = packs

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/nearby",
                self.nearby,
                "Open cases nearby",
                roles=READERS,
                query=NearbyQuery,
                answers={200: NearbyCases},
            ),
        ]

    async def nearby(self, call: Call) -> Answer:
        query = call.query_as(NearbyQuery)
        lon, lat = to_wgs84(query.lon, query.lat, query.crs)
        city = call.principal.city
        if query.category is not None and city != EVERY_CITY:
            self._check(query.category, city)
        found = await self._store.open_cases(cells_around(city, lon, lat), self._public(city), limit=LOOKED_AT_MAX)
        items = [
            NearbyCase(
                case.id, case.category, case.state, case.lon, case.lat, round(metres), case.opened_at, case.channel
            )
            for case in found
            if case.lon is not None
            and case.lat is not None
            and (metres := metres_between(lon, lat, case.lon, case.lat)) <= query.radius
            and query.category in (None, case.category)
        ]
        unique = {item.case: item for item in sorted(items, key=lambda item: -item.metres)}
        return Answer(NearbyCases(sorted(unique.values(), key=lambda item: item.metres)[:ITEMS_MAX]))

    def _check(self, category: str, city: str) -> None:
        if category not in self._packs.current(city).categories:
            raise invalid(FieldError("?category", "is not in the city's list: GET /v1/categories"))

    def _public(self, city: str) -> list[str]:
        """Categories that everybody may know of, as the pack that holds now has them."""
        if city not in self._packs.cities:
            return []
        return [code for code, category in self._packs.current(city).categories.items() if category.public]
