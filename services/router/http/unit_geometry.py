"""``GET /v1/units/{id}/geometry``: the ground of a unit and of those just below it, for maps, in a map's own datum; and
the places and roads that the city's pack knows there.

It changes with the pack and, where areas have days, at midnight: the ETag says both. What is drawn is simplified, until
it has no more than ``POINTS_MAX`` points; what routes reports is not.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
import shapely
from shapely.geometry import MultiPolygon

from services.router.city_scope import pack_for
from shared.city.model.ground import Place, Unit
from shared.city.pack import Pack
from shared.city.place.areas import METRES_PER_DEGREE
from shared.city.place.datum import Crs, from_wgs84
from shared.kernel.clock import Clock
from shared.kernel.errors import not_found
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.route import Answer, Call, Route, get
from shared.runtime.pack_library import PackLibrary

POINTS_MAX = 20_000
UNITS_MAX = 500
PLACES_MAX = 2000
COARSER = 2.0
ROUNDED = 6
"""Digits of a degree: a decimetre."""
KEPT = 64

Position = Annotated[list[float], msgspec.Meta(min_length=2, max_length=2)]
"""Longitude and latitude."""
Ring = list[Position]


class GeometryQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``crs``: a datum, or that of the city's base map. ``simplify``: metres that a drawn border may lie beside the
    real one; ``places``: whether places are wanted."""

    crs: Crs | Literal["basemap"] = "wgs84"
    simplify: Annotated[float, msgspec.Meta(ge=0, le=1000)] = 3.0
    places: bool = False
    city: Ident | None = None


class DrawnShape(msgspec.Struct, frozen=True, kw_only=True):
    """GeoJSON (RFC 7946), but for the datum, which is the one that was asked for."""

    type: Literal["MultiPolygon"] = "MultiPolygon"
    coordinates: list[list[Ring]]


class DrawnUnit(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    name_en: str
    level: str
    layer: str | None
    parent: str | None


class DrawnFeature(msgspec.Struct, frozen=True, kw_only=True):
    type: Literal["Feature"] = "Feature"
    id: str
    properties: DrawnUnit
    geometry: DrawnShape


class DrawnPlace(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    name_en: str
    kind: str
    lon: float
    lat: float


class DrawnBasemap(msgspec.Struct, frozen=True, kw_only=True):
    """Tiles to draw upon: ``url`` with ``{z}``, ``{x}`` and ``{y}``; ``licence``: an approved map's number (审图号)."""

    url: str
    crs: Crs
    attribution: str
    licence: str
    max_zoom: int


class UnitGeometry(msgspec.Struct, frozen=True, kw_only=True):
    """A GeoJSON FeatureCollection. ``simplified``: metres, more than was asked for where there were too many points.
    ``without``: units below that have no ground of their own; ``cut``: there are more units or places. ``basemap``: the
    city's, if it has one."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    crs: Crs
    pack_version: str
    simplified: float
    features: list[DrawnFeature]
    places: list[DrawnPlace]
    without: list[str]
    cut: bool
    basemap: DrawnBasemap | None


class _Asked(NamedTuple):
    version: str
    day: date
    unit: str
    crs: Crs
    simplify: float
    places: bool


class GeometryRoutes:
    """The route, with the newest answers."""

    def __init__(self, packs: PackLibrary, clock: Clock) -> None:
        self._packs = packs
        self._clock = clock
        self._drawn: OrderedDict[_Asked, bytes] = OrderedDict()

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/units/{id}/geometry",
                self.geometry,
                "The ground of a unit and of those just below it, as GeoJSON in a map's datum",
                roles=frozenset({"officer", "ops", "wall"}),
                query=GeometryQuery,
                answers={200: UnitGeometry, 304: None},
            )
        ]

    async def geometry(self, call: Call) -> Answer:
        query = call.query_as(GeometryQuery)
        pack = pack_for(call.principal, self._packs, query.city)
        unit, who = pack.units.get(call.path["id"]), call.principal
        if unit is None or (who.kind == "wall" and who.unit != unit.id):
            raise not_found("unit")
        day = pack.day(self._clock.now())
        headers = {"etag": f'"{pack.version}-{day:%Y%m%d}"', "cache-control": "private, no-cache"}
        if call.request.headers.get("if-none-match") == headers["etag"]:
            return Answer(None, 304, headers)
        crs = _datum(pack) if query.crs == "basemap" else query.crs
        asked = _Asked(pack.version, day, unit.id, crs, query.simplify, query.places)
        if asked not in self._drawn:
            self._drawn[asked] = await asyncio.to_thread(_drawn, pack, unit, asked)
            while len(self._drawn) > KEPT:
                self._drawn.popitem(last=False)
        return Answer(msgspec.Raw(self._drawn[asked]), headers=headers)


def _drawn(pack: Pack, unit: Unit, asked: _Asked) -> bytes:
    return msgspec.json.encode(drawn(pack, unit, asked.day, asked.crs, asked.simplify, places=asked.places))


def drawn(pack: Pack, unit: Unit, on: date, crs: Crs, metres: float, *, places: bool) -> UnitGeometry:
    """The ground of ``unit`` and of its children on a day."""
    children = [one for one in pack.units.values() if one.parent == unit.id]
    shown = [unit, *children[:UNITS_MAX]]
    shapes = {one.id: shape for one in shown if (shape := _ground(pack, one, on)) is not None}
    metres, shapes = _few(shapes, metres)
    found = _inside(pack.places, shapes.get(unit.id)) if places else []
    return UnitGeometry(
        crs=crs,
        pack_version=pack.version,
        simplified=metres,
        features=[_feature(pack.units[id_], shape, crs) for id_, shape in shapes.items()],
        places=[_place(place, crs) for place in found[:PLACES_MAX]],
        without=[one.id for one in shown if one.id not in shapes],
        cut=len(children) > UNITS_MAX or len(found) > PLACES_MAX,
        basemap=_basemap(pack),
    )


def _datum(pack: Pack) -> Crs:
    """CGCS2000 is WGS-84 to within a metre."""
    return "gcj02" if pack.city.basemap.datum == "gcj02" else "wgs84"


def _basemap(pack: Pack) -> DrawnBasemap | None:
    told = pack.city.basemap
    if told.kind == "none":
        return None
    return DrawnBasemap(
        url=told.url,
        crs=_datum(pack),
        attribution=told.attribution,
        licence=told.licence,
        max_zoom=told.max_zoom,
    )


def _ground(pack: Pack, unit: Unit, on: date) -> Any:
    areas = pack.areas_of(unit.id, on)
    return shapely.union_all([area.shape for area in areas]) if areas else None


def _few(shapes: dict[str, Any], metres: float) -> tuple[float, dict[str, Any]]:
    """``shapes`` with at most ``POINTS_MAX`` points in all, and the metres by which they were simplified."""
    while True:
        fewer = {
            id_: shapely.simplify(shape, metres / METRES_PER_DEGREE) if metres else shape
            for id_, shape in shapes.items()
        }
        if sum(int(shapely.get_num_coordinates(shape)) for shape in fewer.values()) <= POINTS_MAX or metres > 10_000:
            return metres, fewer
        metres = max(1.0, metres * COARSER)


def _feature(unit: Unit, shape: Any, crs: Crs) -> DrawnFeature:
    about = DrawnUnit(name=unit.name, name_en=unit.name_en, level=unit.level, layer=unit.layer, parent=unit.parent)
    parts = shape.geoms if isinstance(shape, MultiPolygon) else [shape]
    polygons = [[_ring(ring.coords, crs) for ring in (part.exterior, *part.interiors)] for part in parts]
    return DrawnFeature(id=unit.id, properties=about, geometry=DrawnShape(coordinates=polygons))


def _ring(points: Sequence[Any], crs: Crs) -> Ring:
    return [[*_rounded(point[0], point[1], crs)] for point in points]


def _rounded(lon: float, lat: float, crs: Crs) -> tuple[float, float]:
    lon, lat = from_wgs84(lon, lat, crs)
    return round(lon, ROUNDED), round(lat, ROUNDED)


def _inside(places: Sequence[Place], ground: Any) -> list[Place]:
    """Places with a point on that ground; without ground none."""
    return list(_on(places, ground)) if ground is not None else []


def _on(places: Sequence[Place], ground: Any) -> Iterator[Place]:
    shapely.prepare(ground)
    for place in places:
        if place.point is not None and shapely.intersects_xy(ground, *place.point):
            yield place


def _place(place: Place, crs: Crs) -> DrawnPlace:
    assert place.point is not None  # noqa: S101 - only such are found
    lon, lat = _rounded(*place.point, crs)
    return DrawnPlace(name=place.name, name_en=place.name_en, kind=place.kind, lon=lon, lat=lat)
