"""Says in words where a point is: the nearest named place with direction and distance, and a road that passes there.

For reports that have a point and no words: 建华园东门以北约60米, "about 60 m north of Jianhuayuan East Gate". Geometry
is in metres on a plane, as in ``areas``; the index (R-tree) is built once per pack.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import shapely

from shared.city.model.ground import Place
from shared.city.place.areas import METRES_PER_DEGREE
from shared.city.place.gazetteer import ROADS, building_name

PLACE_METRES = 2_000.0
"""A place farther away says nothing of use."""
ROAD_METRES = 100.0
"""A road is given by one point, which says little of where else it passes."""
BESIDE_METRES = 20.0
_ZH = ("以北", "东北方向", "以东", "东南方向", "以南", "西南方向", "以西", "西北方向")
_EN = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")


class KnownPlace(NamedTuple):
    """A place with a point: its Chinese (or only) name, and its English one if it has one."""

    name: str
    name_en: str
    point: tuple[float, float]


class NearestPlaces:
    """The places and roads of a gazetteer that have a point, by where they are."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = _Index([known for place in places if place.kind not in ROADS for known in _points(place)])
        self._roads = _Index([known for place in places if place.kind in ROADS for known in _points(place)])

    def words_each(self, points: Sequence[tuple[float, float]], *, chinese: bool) -> list[str | None]:
        """For each point (lon, lat, WGS-84) what is near it; None where the gazetteer knows nothing there.

        Of several places at the same distance the first in the pack is named, so that the same pack gives the same
        words.
        """
        roads = self._roads.nearest_each(points, ROAD_METRES)
        places = self._places.nearest_each(points, PLACE_METRES)
        return [_words(road, near, chinese) for road, near in zip(roads, places, strict=True)]

    def around(self, point: tuple[float, float], metres: float, most: int) -> list[KnownPlace]:
        """The places (no roads) within ``metres`` of a point (lon, lat, WGS-84), nearest first."""
        return self._places.within(point, metres)[:most]


class _Near(NamedTuple):
    """The nearest place; ``east`` and ``north``: metres from it to the point."""

    place: KnownPlace
    east: float
    north: float


class _Index:
    """Points in an R-tree."""

    def __init__(self, known: Sequence[KnownPlace]) -> None:
        self._known = known
        where = np.array([one.point for one in known], dtype=np.float64).reshape(-1, 2)
        middle = math.radians(float(where[:, 1].mean())) if len(known) else 0.0
        self._scale = np.array([METRES_PER_DEGREE * math.cos(middle), METRES_PER_DEGREE])
        self._where = where * self._scale
        self._tree = shapely.STRtree(shapely.points(self._where)) if len(known) else None

    def nearest_each(self, points: Sequence[tuple[float, float]], metres: float) -> list[_Near | None]:
        """For each point the nearest one within ``metres``."""
        found: list[_Near | None] = [None] * len(points)
        if self._tree is None or not points:
            return found
        asked = np.array(points, dtype=np.float64) * self._scale
        which, near = self._tree.query_nearest(shapely.points(asked), max_distance=metres)
        best: dict[int, int] = {}
        for point, place in zip(which.tolist(), near.tolist(), strict=True):
            best[point] = min(place, best.get(point, place))
        for point, place in best.items():
            east, north = (asked[point] - self._where[place]).tolist()
            found[point] = _Near(self._known[place], east, north)
        return found

    def within(self, point: tuple[float, float], metres: float) -> list[KnownPlace]:
        """All within ``metres``, nearest first; at one distance in the order of the pack."""
        if self._tree is None:
            return []
        asked = np.array(point, dtype=np.float64) * self._scale
        found = self._tree.query(shapely.points(asked), predicate="dwithin", distance=metres).tolist()
        far = {one: math.dist(asked.tolist(), self._where[one].tolist()) for one in found}
        return [self._known[one] for one in sorted(found, key=lambda one: (far[one], one))]


def _points(place: Place) -> Iterator[KnownPlace]:
    if place.point is not None:
        yield KnownPlace(place.name, place.name_en, place.point)
    for number, point in place.buildings.items():
        if point is not None:
            english = building_name(place.name_en, number) if place.name_en else ""
            yield KnownPlace(building_name(place.name, number), english, point)


def _words(road: _Near | None, near: _Near | None, chinese: bool) -> str | None:
    said = [_name(road.place, chinese)] if road is not None else []
    if near is not None:
        said.append(_relative(near, chinese))
    return ("，" if chinese else ", ").join(said) or None


def _relative(near: _Near, chinese: bool) -> str:
    name, metres = _name(near.place, chinese), math.hypot(near.east, near.north)
    if metres < BESIDE_METRES:
        return f"{name}旁" if chinese else f"by {name}"
    direction = round(math.degrees(math.atan2(near.east, near.north)) / 45) % 8
    if chinese:
        return f"{name}{_ZH[direction]}约{_rounded(metres)}米"
    return f"about {_rounded(metres)} m {_EN[direction]} of {name}"


def _rounded(metres: float) -> int:
    """To ten metres, from 200 m on to fifty: a phone's point is no better."""
    step = 10 if metres < 200 else 50
    return round(metres / step) * step


def _name(known: KnownPlace, chinese: bool) -> str:
    return known.name if chinese or not known.name_en else known.name_en
