"""Checks areas and places: areas lie within those above, no ground has two units, places lie within their units."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import shapely

from shared.city.checks.findings import Findings
from shared.city.checks.ground import DEEPEST_TREE
from shared.city.model.entry import Point
from shared.city.model.ground import Place
from shared.city.pack_files import AREAS
from shared.city.place.areas import METRES_PER_DEGREE, Area

STICKS_OUT = 0.01
"""The share of an area that may lie outside its parent's without a warning."""
SHARED_GROUND = 0.01
"""The share of the smaller of two areas that may overlap the other without a warning (imprecise borders)."""
PLACE_METRES = 50.0
"""How far outside its unit's area a place may lie without a warning: entrances are on borders."""
SHOWN = 50
"""Most warnings of one kind; more are usually one mistake repeated."""
_AT_ONCE = 64


def check_areas(found: Findings) -> None:
    """Areas have units, lie in their parents' areas and in the city's extent, and do not overlap others."""
    areas = found.entries.areas
    if not areas:
        found.warn_at(AREAS, says="no areas: every point goes to the root")
    layers = {unit.id: unit.layer for unit in found.entries.units}
    for area in areas:
        if area.unit not in found.unit_ids:
            place = ("features", area.number, "properties", "unit")
            found.error_at(AREAS, *place, says=f"no unit {area.unit!r} in units.yaml")
    governing = [area for area in areas if area.unit in layers and layers[area.unit] is None]
    parents = {unit.id: unit.parent for unit in found.entries.units}
    _sticking_out(found, governing, parents)
    by_layer: dict[str | None, list[Area]] = defaultdict(list)
    for area in areas:
        if area.unit in layers:
            by_layer[layers[area.unit]].append(area)
    for layer in by_layer.values():
        _shared_ground(found, layer, parents)
    west, south, east, north = found.entries.city.extent
    frame = shapely.box(west, south, east, north)
    for area in governing:
        if not frame.intersects(area.shape):
            says, hint = "lies outside the city's extent", "is it latitude first?"
            found.warn_at(AREAS, "features", area.number, says=says, hint=hint)


def _sticking_out(found: Findings, areas: Sequence[Area], parents: Mapping[str, str | None]) -> None:
    """Warn of areas that on any day lie outside the areas of the nearest unit above that has some."""
    judged: set[tuple[int, tuple[int, ...]]] = set()
    told: set[int] = set()
    for day in _openings(areas):
        holding = [area for area in areas if _holds(area, day)]
        by_unit: dict[str, list[Area]] = defaultdict(list)
        for area in holding:
            by_unit[area.unit].append(area)
        below: dict[tuple[int, ...], list[Area]] = defaultdict(list)
        upper_of: dict[tuple[int, ...], list[Area]] = {}
        for area in holding:
            upper = next((unit for unit in _above(area.unit, parents) if unit in by_unit), None)
            ground = by_unit[upper] if upper is not None else []
            key = tuple(one.number for one in ground)
            if ground and (area.number, key) not in judged and area.number not in told:
                judged.add((area.number, key))
                below[key].append(area)
                upper_of[key] = ground
        for key, children in below.items():
            for area, share in _outside(children, upper_of[key]):
                told.add(area.number)
                says = f"{share:.0%} of the area of {area.unit!r} lies outside that of {upper_of[key][0].unit!r}"
                found.warn_at(AREAS, "features", area.number, says=says)


def _outside(children: Sequence[Area], uppers: Sequence[Area]) -> Iterator[tuple[Area, float]]:
    """(area, share) for areas with more than ``STICKS_OUT`` of them outside of ``uppers``."""
    ground = shapely.union_all([upper.shape for upper in uppers]) if len(uppers) > 1 else uppers[0].shape
    shapely.prepare(ground)
    inside = shapely.covers(ground, np.array([area.shape for area in children], dtype=object))
    for area in (area for area, fits in zip(children, inside, strict=True) if not fits):
        share = shapely.area(shapely.difference(area.shape, ground)) / shapely.area(area.shape)
        if share > STICKS_OUT:
            yield area, float(share)


def _shared_ground(found: Findings, areas: Sequence[Area], parents: Mapping[str, str | None]) -> None:
    """Warn where areas of two units of one layer, neither above the other, overlap at the same time."""
    if not areas:
        return
    shapes = np.array([area.shape for area in areas], dtype=object)
    sizes = shapely.area(shapes)
    tree = shapely.STRtree(shapes)
    above = {area.unit: _above(area.unit, parents) for area in areas}
    told = 0
    for start in range(0, len(areas), _AT_ONCE):
        one, other = tree.query(shapes[start : start + _AT_ONCE], predicate="intersects")
        for i, j in sorted((int(a) + start, int(b)) for a, b in zip(one, other, strict=True)):
            first, second = areas[i], areas[j]
            if i >= j or not _together(first, second) or _related(first.unit, second.unit, above):
                continue
            share = float(shapely.area(shapely.intersection(shapes[i], shapes[j])) / min(sizes[i], sizes[j]))
            if share <= SHARED_GROUND:
                continue
            best = min((i, j), key=lambda n: (-len(above[areas[n].unit]), sizes[n], areas[n].unit, n))
            _warn_shared(found, first, second, share, areas[best].unit)
            told += 1
            if told == SHOWN:
                return


def _warn_shared(found: Findings, first: Area, second: Area, share: float, best: str) -> None:
    if first.unit == second.unit:
        says, hint = (
            f"{share:.0%} of one area of {first.unit!r} is in another of its",
            "leave one out, or end its period",
        )
    else:
        says = f"{share:.0%} of the smaller area is the ground of both {first.unit!r} and {second.unit!r}"
        hint = f"every report from there goes to {best!r}, the other gets none"
    found.warn_at(AREAS, "features", second.number, says=says, hint=hint)


def check_places_in_units(found: Findings) -> None:
    """Warn of places and buildings that lie outside their unit's area or outside the city's extent."""
    areas: dict[str, list[Any]] = defaultdict(list)
    last = max(_openings(found.entries.areas), default=date.min)
    for area in found.entries.areas:
        if _holds(area, last):
            areas[area.unit].append(area.shape)
    parents = {unit.id: unit.parent for unit in found.entries.units}
    west, south, east, north = found.entries.city.extent
    grounds = {unit: _on_plane(shapely.union_all(shapes), (south + north) / 2) for unit, shapes in areas.items()}
    told = 0
    for number, place in enumerate(found.entries.places):
        unit = next((u for u in (place.unit or "", *_above(place.unit or "", parents)) if u in grounds), None)
        for where, name, point in _points(place):
            if told == SHOWN:
                return
            if not (west <= point[0] <= east and south <= point[1] <= north):
                says, hint = f"{name} lies outside the city's extent", "longitude first, WGS-84"
            elif unit is not None and (far := _metres(point, grounds[unit], (south + north) / 2)) > PLACE_METRES:
                says = f"{name} lies {far:.0f} m outside the area of {unit!r}"
                hint = "300 to 500 m are a map drawn in GCJ-02: points are WGS-84"
            else:
                continue
            found.warn((Place, number), *where, says=says, hint=hint)
            told += 1


def _points(place: Place) -> Iterator[tuple[tuple[str, ...], str, Point]]:
    """For each point of a place: where it is in the file, what it is called, and (lon, lat)."""
    if place.point is not None:
        yield ("point",), repr(place.name), place.point
    for number, point in place.buildings.items():
        if point is not None:
            yield ("buildings", number), f"building {number} of {place.name!r}", point


def _on_plane(shape: Any, latitude: float) -> Any:
    """``shape`` (degrees) projected to metres, accurate near ``latitude``."""
    scale = np.array([METRES_PER_DEGREE * math.cos(math.radians(latitude)), METRES_PER_DEGREE])
    plane = shapely.transform(shape, lambda degrees: degrees * scale)
    shapely.prepare(plane)
    return plane


def _metres(point: Point, ground: Any, latitude: float) -> float:
    return float(shapely.distance(ground, _on_plane(shapely.Point(point), latitude)))


def _openings(areas: Iterable[Area]) -> list[date]:
    """The first days of the periods in which the same areas are valid, in order."""
    days = {day for area in areas for day in (area.valid_from, area.valid_to) if day is not None}
    return [date.min, *sorted(days)]


def _holds(area: Area, day: date) -> bool:
    return (area.valid_from or date.min) <= day < (area.valid_to or date.max)


def _together(one: Area, other: Area) -> bool:
    """Whether there is a day on which both areas are valid."""
    begins = max(one.valid_from or date.min, other.valid_from or date.min)
    return begins < min(one.valid_to or date.max, other.valid_to or date.max)


def _above(unit: str, parents: Mapping[str, str | None]) -> tuple[str, ...]:
    """The units above, nearest first. Cycles of parents are reported elsewhere; here ``DEEPEST_TREE`` ends them."""
    found: list[str] = []
    upper = parents.get(unit)
    while upper is not None and len(found) < DEEPEST_TREE:
        found.append(upper)
        upper = parents.get(upper)
    return tuple(found)


def _related(one: str, other: str, above: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether one unit is above the other. A unit is not related to itself: its areas must not overlap either."""
    return one in above[other] or other in above[one]
