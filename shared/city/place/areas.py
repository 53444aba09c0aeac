"""Which area covers a point: units' polygons of one layer and one time, in a spatial index.

Geometry is kept in metres on a plane (longitude shrunk by the cosine of the middle latitude), so that 25 m are 25 m.
Where several areas cover a point (overlap, border), the first by ``rank`` holds: deepest unit, then smallest area,
then smallest unit id.
"""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from shared.city.model.ground import Unit

METRES_PER_DEGREE = 111_195.08
Ints = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]


class Area(NamedTuple):
    """A polygon or multipolygon in degrees, WGS-84, of ``unit`` from ``valid_from`` until before ``valid_to``.

    ``number``: which feature of the file it is.
    """

    unit: str
    valid_from: date | None
    valid_to: date | None
    shape: Any
    number: int = 0


class AreasAtPoint(NamedTuple):
    """The areas that cover a point or have it on their border, those within reach (with the former), and those of the
    former whose own border is within reach; best rank first."""

    covering: list[int]
    reached: list[int]
    edges: list[int]


class AreaIndex:
    """The areas that hold at one time. ``units[i]`` is the unit of area ``i``; areas are sorted by rank."""

    def __init__(self, areas: Sequence[Area], units: Mapping[str, Unit]) -> None:
        shapes = np.array([area.shape for area in areas], dtype=object)
        box = shapely.total_bounds(shapes) if len(areas) else np.zeros(4)
        middle = math.radians((box[1] + box[3]) / 2)
        self._scale = np.array([METRES_PER_DEGREE * math.cos(middle), METRES_PER_DEGREE])
        shapes = shapely.transform(shapes, lambda degrees: degrees * self._scale) if len(areas) else shapes
        sizes = np.round(shapely.area(shapes))  # whole square metres: equal areas differ by rounding errors only
        order = sorted(range(len(areas)), key=lambda i: (-len(units[areas[i].unit].path), sizes[i], areas[i].unit, i))
        self.units: list[str] = [areas[i].unit for i in order]
        self._shapes = shapes[order] if len(areas) else shapes
        self._edges: npt.NDArray[Any] = np.full(len(areas), None, dtype=object)
        shapely.prepare(self._shapes)
        self._tree = shapely.STRtree(self._shapes)

    def __len__(self) -> int:
        return len(self.units)

    def around_each(
        self, lon: Floats, lat: Floats, metres: float, bordering: npt.NDArray[np.bool_]
    ) -> list["AreasAtPoint"]:
        """For each point what is there, for ``metres`` around it. ``bordering``: of which areas the border is asked."""
        x, y = np.asarray(lon) * self._scale[0], np.asarray(lat) * self._scale[1]
        points = shapely.points(x, y)
        which, found = self._tree.query(points, predicate="dwithin", distance=metres)
        order = np.lexsort((found, which))
        which, found = which[order], found[order]
        inside = shapely.intersects_xy(self._shapes[found], x[which], y[which])
        asked = inside & bordering[found]
        at_edge = np.zeros(len(found), dtype=bool)
        at_edge[asked] = self.edges_many(found[asked], points[which[asked]], metres)
        ends = np.searchsorted(which, np.arange(len(points) + 1)).tolist()
        reached, covers, edges = found.tolist(), inside.tolist(), at_edge.tolist()
        return [
            AreasAtPoint(
                [area for area, covering in zip(reached[i:j], covers[i:j], strict=True) if covering],
                reached[i:j],
                [area for area, near in zip(reached[i:j], edges[i:j], strict=True) if near],
            )
            for i, j in pairwise(ends)
        ]

    def covering(self, lon: float, lat: float) -> list[int]:
        """The areas that cover the point or have it on their border, best rank first."""
        x, y = lon * self._scale[0], lat * self._scale[1]
        near = np.sort(self._tree.query(shapely.Point(x, y)))
        found: list[int] = near[shapely.intersects_xy(self._shapes[near], x, y)].tolist()
        return found

    def nearest(self, lon: float, lat: float) -> int | None:
        """The area nearest to the point, best rank where several are; None when there is none at all."""
        found = self._tree.query_nearest(self._point(lon, lat))
        return int(found.min()) if len(found) else None

    def cover_many(self, lon: Floats, lat: Floats) -> Ints:
        """For each point the best area that covers it, −1 where none does."""
        best = np.full(len(lon), len(self), dtype=np.intp)
        x, y = np.asarray(lon) * self._scale[0], np.asarray(lat) * self._scale[1]
        which, found = self._tree.query(shapely.points(x, y))
        inside = shapely.intersects_xy(self._shapes[found], x[which], y[which])
        np.minimum.at(best, which[inside], found[inside])
        best[best == len(self)] = -1
        return best

    def reach_many(self, lon: Floats, lat: Floats, metres: float) -> tuple[Ints, Ints]:
        """Pairs (point, area) where the area comes as near as ``metres``."""
        which, found = self._tree.query(self.plane(lon, lat), predicate="dwithin", distance=metres)
        return which, found

    def edges_many(self, area: Ints, points: npt.NDArray[Any], metres: float) -> npt.NDArray[np.bool_]:
        """Whether the border of ``area[i]`` comes as near as ``metres`` to ``points[i]`` (on the plane)."""
        for one in np.unique(area):
            if self._edges[one] is None:
                self._edges[one] = shapely.boundary(self._shapes[one])
                shapely.prepare(self._edges[one])
        near: npt.NDArray[np.bool_] = shapely.dwithin(self._edges[area], points, metres)
        return near

    def plane(self, lon: Floats, lat: Floats) -> npt.NDArray[Any]:
        """Points on the index's plane, in metres."""
        points: npt.NDArray[Any] = shapely.points(np.asarray(lon) * self._scale[0], np.asarray(lat) * self._scale[1])
        return points

    def _point(self, lon: float, lat: float) -> Any:
        return shapely.Point(lon * self._scale[0], lat * self._scale[1])


class Areas:
    """All areas of one layer, through time. Between two days on which something changes there is one index."""

    def __init__(self, areas: Sequence[Area], units: Mapping[str, Unit]) -> None:
        self._areas = areas
        self._units = units
        days = {day for area in areas for day in (area.valid_from, area.valid_to) if day}
        self._days = sorted(days)
        self._made: dict[int, AreaIndex] = {}
        self.at(None)

    def __len__(self) -> int:
        return len(self._areas)

    def period(self, on: date | None) -> int:
        """Which of the times between two changes ``on`` lies in; None = the one after the last change."""
        return len(self._days) if on is None else bisect_right(self._days, on)

    def at(self, on: date | None) -> AreaIndex:
        """The areas that hold on that day; None = those in force after the last change that the pack knows."""
        period = self.period(on)
        if period not in self._made:
            self._made[period] = AreaIndex([a for a in self._areas if self._holds(a, period)], self._units)
        return self._made[period]

    def _holds(self, area: Area, period: int) -> bool:
        """Whether ``area`` holds from the day that opens ``period`` (before all days for period 0)."""
        opening = self._days[period - 1] if period else date.min
        begun = area.valid_from is None or (bool(period) and area.valid_from <= opening)
        return begun and (area.valid_to is None or area.valid_to > opening)
