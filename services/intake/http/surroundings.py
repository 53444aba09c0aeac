"""``GET /v1/surroundings``: the named places around a point, for a page on which a reporter moves a cross-hair.

Only what the city's pack has as places: no area, no border, no case, no person.
"""

from typing import Annotated, Literal

import msgspec

from shared.city.pack import Pack
from shared.city.place.datum import to_wgs84
from shared.kernel.errors import FieldError, invalid
from shared.runtime.http_server.route import Answer, Call, Route, get
from shared.runtime.pack_library import PackLibrary

METRES_MAX = 2000.0
PLACES_MAX = 40
READERS = frozenset({"rider", "rider_app"})


class SurroundingsQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A point, or words that name a place, or neither: then the first place that the city names."""

    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    crs: Literal["wgs84", "gcj02", "bd09"] = "wgs84"
    text: Annotated[str, msgspec.Meta(max_length=500)] | None = None
    radius: Annotated[float, msgspec.Meta(gt=0, le=METRES_MAX)] = 300.0


class NamedPlace(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    name_en: str
    lon: float
    lat: float


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """WGS-84. ``near``: the point in words, such as 建华园以北约60米; None where the pack knows nothing there.
    ``places``: nearest first."""

    lon: float
    lat: float
    near: str | None
    near_en: str | None
    places: list[NamedPlace]


class SurroundingsRoutes:
    """The route."""

    def __init__(self, packs: PackLibrary) -> None:
        self._packs = packs

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/surroundings",
                self.around,
                "Named places around a point, for a cross-hair",
                roles=READERS,
                query=SurroundingsQuery,
                answers={200: Surroundings},
            )
        ]

    async def around(self, call: Call) -> Answer:
        """Raises ``Refusal`` 422 for half a point."""
        query, pack = call.query_as(SurroundingsQuery), self._packs.current(call.principal.city)
        lon, lat = point = _middle(query, pack)
        near, near_en = (pack.nearest.words_each([point], chinese=chinese)[0] for chinese in (True, False))
        places = [
            NamedPlace(name=one.name, name_en=one.name_en, lon=one.point[0], lat=one.point[1])
            for one in pack.nearest.around(point, query.radius, PLACES_MAX)
        ]
        return Answer(Surroundings(lon=lon, lat=lat, near=near, near_en=near_en, places=places))


def _middle(query: SurroundingsQuery, pack: Pack) -> tuple[float, float]:
    if query.lon is not None and query.lat is not None:
        return to_wgs84(query.lon, query.lat, query.crs)
    if query.lon is not None or query.lat is not None:
        raise invalid(FieldError("?lon", "goes with lat"))
    named = pack.locate(None, query.text).spot if query.text else None
    known = next((place.point for place in pack.places if place.point is not None), None)
    west, south, east, north = pack.city.extent
    return named or known or ((west + east) / 2, (south + north) / 2)
