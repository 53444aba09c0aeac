"""A spatial index (R-tree) of units' polygons of one layer and one time: which area covers a point.

Geometry is in metres on a plane (longitude scaled by the cosine of the middle latitude), so that distances are metres.
Where several areas cover a point (overlap, border), the one with the best rank counts: deepest unit, then smallest
area, then smallest unit id.
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
    """A polygon or multipolygon (WGS-84 degrees) of ``unit``, valid from ``valid_from`` until before ``valid_to``.

    ``number``: its index among the features of the file.
    """

    unit: str
    valid_from: date | None
    valid_to: date | None
    shape: Any
    number: int = 0


class AreasAtPoint(NamedTuple):
    """Areas at a point, best rank first. ``covering``: those that cover it, border included; ``reached``: those within
    the distance, with the former; ``edges``: those of ``covering`` whose own border is within the distance."""

    covering: list[int]
    reached: list[int]
    edges: list[int]


class AreaIndex:
    """The areas that are valid at one time, sorted by rank. ``units[i]`` is the unit of area ``i``."""

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
        """For each point (degrees) the areas within ``metres``. ``bordering``: areas whose edges are computed."""
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
        """The areas that cover the point (degrees), border included, best rank first."""
        x, y = lon * self._scale[0], lat * self._scale[1]
        near = np.sort(self._tree.query(shapely.Point(x, y)))
        found: list[int] = near[shapely.intersects_xy(self._shapes[near], x, y)].tolist()
        return found

    def nearest(self, lon: float, lat: float) -> int | None:
        """The area nearest to the point (degrees), of several the best rank; None when there are no areas."""
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
        """Pairs (point, area), as two arrays of indexes, where the area is within ``metres`` of the point."""
        which, found = self._tree.query(self.plane(lon, lat), predicate="dwithin", distance=metres)
        return which, found

    def edges_many(self, area: Ints, points: npt.NDArray[Any], metres: float) -> npt.NDArray[np.bool_]:
        """Whether the border of ``area[i]`` is within ``metres`` of ``points[i]`` (points on the plane)."""
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
    """All areas of one layer over time, with an index for each period in which the same areas are valid."""

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
        """The number of the period that contains the day ``on``; None = the last period."""
        return len(self._days) if on is None else bisect_right(self._days, on)

    def at(self, on: date | None) -> AreaIndex:
        """The index of the areas that are valid on that day; None = of the last period."""
        period = self.period(on)
        if period not in self._made:
            self._made[period] = AreaIndex([a for a in self._areas if self._holds(a, period)], self._units)
        return self._made[period]

    def of(self, unit: str, on: date | None) -> list[Area]:
        """The areas of ``unit`` that are valid on that day; None = in the last period."""
        period = self.period(on)
        return [area for area in self._areas if area.unit == unit and self._holds(area, period)]

    def _holds(self, area: Area, period: int) -> bool:
        """Whether ``area`` is valid during ``period`` (0: before the first change)."""
        opening = self._days[period - 1] if period else date.min
        begun = area.valid_from is None or (bool(period) and area.valid_from <= opening)
        return begun and (area.valid_to is None or area.valid_to > opening)
