"""Where a case lies, drawn by the server: the unit's ground, its grids, places, and the point. It prints, and needs
no script; a shape's colour is a class."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from services.console.case.answers import DrawnPlace, Geometry, Ground, Ring

WIDTH, HEIGHT = 640.0, 420.0
MARGIN = 28.0
PLACES_MAX = 14
NAMED_APART = 46.0
"""Pixels between names of places."""
METRES_PER_DEGREE = 111_320.0
SCALES = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)


@dataclass(frozen=True, slots=True)
class Drawn:
    """An area: ``path`` of SVG; ``look``: ``unit``, ``grid`` or ``grid here``; its name at ``x``, ``y``."""

    name: str
    path: str
    look: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Dot:
    name: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class SituationMap:
    """``bar``: pixels that stand for ``bar_metres``."""

    areas: tuple[Drawn, ...]
    places: tuple[Dot, ...]
    point: Dot | None
    bar: float
    bar_metres: int
    width: int = int(WIDTH)
    height: int = int(HEIGHT)


class Projection:
    """Degrees to pixels: what lies in ``points`` fills the picture."""

    def __init__(self, points: Sequence[tuple[float, float]], width: float = WIDTH, height: float = HEIGHT) -> None:
        lons, lats = [p[0] for p in points], [p[1] for p in points]
        self._west, self._north = min(lons), max(lats)
        self._squeeze = math.cos(math.radians((min(lats) + max(lats)) / 2))
        across = max((max(lons) - self._west) * self._squeeze, 1e-4)
        down = max(self._north - min(lats), 1e-4)
        self.scale = min((width - 2 * MARGIN) / across, (height - 2 * MARGIN) / down)
        self._left = (width - across * self.scale) / 2
        self._top = (height - down * self.scale) / 2

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        x = self._left + (lon - self._west) * self._squeeze * self.scale
        return round(x, 1), round(self._top + (self._north - lat) * self.scale, 1)

    def back(self, x: float, y: float) -> tuple[float, float]:
        """The degrees of a pixel."""
        lon = self._west + (x - self._left) / (self._squeeze * self.scale)
        return round(lon, 6), round(self._north - (y - self._top) / self.scale, 6)


def framed(geometry: Geometry, unit: str, within: str | None, point: tuple[float, float] | None) -> Projection | None:
    """Close enough to see the grid where the case lies; else all of the unit's ground. None where nothing is known."""
    shown = [one for one in geometry.features if one.id == within] or [
        one for one in geometry.features if one.id == unit
    ]
    points = [at for one in shown for shape in one.geometry.coordinates for ring in shape[:1] for at in ring]
    points += [point] if point is not None else []
    if not points:
        return None
    if len(points) == 1:  # a place without ground: two hundred metres around it
        (lon, lat), off = points[0], 200 / METRES_PER_DEGREE
        points = [(lon - off, lat - off), (lon + off, lat + off)]
    return Projection(points)


def situation_map(
    geometry: Geometry, unit: str, within: str | None, point: tuple[float, float] | None, language: str
) -> SituationMap | None:
    """None where neither ground nor point is known."""
    projection = framed(geometry, unit, within, point)
    if projection is None:
        return None
    areas = tuple(_area(one, projection, unit, within, language) for one in geometry.features)
    dot = Dot("", *projection.at(*point)) if point is not None else None
    metre = projection.scale / METRES_PER_DEGREE
    metres = max((one for one in SCALES if one * metre <= WIDTH / 4), default=SCALES[0])
    return SituationMap(
        areas, _places(geometry.places, projection, dot, language), dot, round(metres * metre, 1), metres
    )


def _area(one: Ground, projection: Projection, unit: str, within: str | None, language: str) -> Drawn:
    rings = [ring for shape in one.geometry.coordinates for ring in shape]
    outer = max((shape[0] for shape in one.geometry.coordinates if shape), key=len, default=())
    x, y = projection.at(*_middle(outer)) if outer else (0.0, 0.0)
    look = "unit" if one.id == unit else "grid here" if one.id == within else "grid"
    name = _named(one.properties.name, one.properties.name_en, language)
    return Drawn(name, _path(rings, projection), look, x, y)


def _middle(ring: Ring) -> tuple[float, float]:
    lons, lats = [at[0] for at in ring], [at[1] for at in ring]
    return (min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2


def _path(rings: Sequence[Ring], projection: Projection) -> str:
    return "".join("M" + "L".join(f"{x} {y}" for x, y in (projection.at(*at) for at in ring)) + "Z" for ring in rings)


def _places(places: Sequence[DrawnPlace], projection: Projection, point: Dot | None, language: str) -> tuple[Dot, ...]:
    """Names that lie in the picture and do not cover each other; nearest to the case first."""
    dots = [Dot(_named(one.name, one.name_en, language), *projection.at(one.lon, one.lat)) for one in places]
    inside = [dot for dot in dots if MARGIN < dot.x < WIDTH - 4 * MARGIN and MARGIN < dot.y < HEIGHT - MARGIN]
    if point is not None:
        inside.sort(key=lambda dot: math.hypot(dot.x - point.x, dot.y - point.y))
    shown: list[Dot] = []
    for dot in inside:
        if all(abs(dot.y - one.y) > 18 or abs(dot.x - one.x) > NAMED_APART * 2.5 for one in shown):
            shown.append(dot)
        if len(shown) == PLACES_MAX:
            break
    return tuple(shown)


def _named(name: str, name_en: str, language: str) -> str:
    return name if language == "zh" else name_en or name
