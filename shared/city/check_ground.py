"""Does the tree hold together, and does the ground: city, units, areas, places."""

from collections import defaultdict
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import shapely

from shared.city.areas import Area
from shared.city.durations import is_retention
from shared.city.entries import AREAS
from shared.city.findings import Findings
from shared.city.model.ground import Place, UnitEntry
from shared.city.places import ROADS

DEEPEST_TREE = 20
STICKS_OUT = 0.01
"""The share of an area that may lie outside its parent's before somebody is told."""


def check_city(found: Findings) -> None:
    """Zone, root, extent, retention, queue levels. (Secrets: ``check_secrets``.)"""
    city = found.entries.city
    try:
        ZoneInfo(city.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = "an IANA name such as Asia/Shanghai"
        found.error_at("city.yaml", "timezone", says=f"no time zone {city.timezone!r}", hint=hint)
    if city.root not in found.unit_ids:
        found.error_at("city.yaml", "root", says=f"no unit {city.root!r} in units.yaml")
    west, south, east, north = city.extent
    if west >= east or south >= north:
        found.error_at("city.yaml", "extent", says="expected west, south, east, north in degrees")
    for key, span in city.retention.items():
        if not is_retention(span):
            says = f"{span!r} is not a span of time"
            found.error_at("city.yaml", "retention", key, says=says, hint="for example P3Y, P6M, P30D")
    for number, level in enumerate(city.queue_levels or ()):
        if level not in found.levels:
            found.warn_at("city.yaml", "queue_levels", number, says=f"no unit is of level {level!r}")


def check_units(found: Findings) -> bool:
    """Parents, cycles, the order of levels, who answers for whom. True when the units make one tree."""
    units = found.entries.units
    found.once(UnitEntry, "id", [unit.id for unit in units])
    parents = {unit.id: unit.parent for unit in units}
    sound = len(parents) == len(units) and found.entries.city.root in parents
    for number, unit in enumerate(units):
        entry = (UnitEntry, number)
        root = unit.id == found.entries.city.root
        if root and unit.parent is not None:
            found.error(entry, "parent", says="the root has no parent")
        elif not root and unit.parent is None:
            found.error(entry, says=f"unit {unit.id!r} has no parent and is not the root")
        elif unit.parent is not None and unit.parent not in found.unit_ids:
            found.error(entry, "parent", says=f"no unit {unit.parent!r} in units.yaml")
        elif (length := _climb(unit.id, parents)) is None:
            found.error(entry, "parent", says=f"unit {unit.id!r} stands above itself: the parents go in a circle")
        elif length > DEEPEST_TREE:
            found.error(entry, "parent", says=f"deeper than {DEEPEST_TREE} levels")
        else:
            sound = sound and (root or unit.parent in parents)
            continue
        sound = False
    _levels(found)
    _answers(found)
    return sound


def _climb(unit: str, parents: dict[str, str | None]) -> int | None:
    """How many steps lead up from ``unit``; None when they go in a circle."""
    seen: set[str] = set()
    at: str | None = unit
    while at is not None:
        if at in seen:
            return None
        seen.add(at)
        at = parents.get(at)
    return len(seen)


def _levels(found: Findings) -> None:
    """Level words are free, but never stand above each other both ways."""
    level = {unit.id: unit.level for unit in found.entries.units}
    above: dict[str, set[str]] = defaultdict(set)
    for number, unit in enumerate(found.entries.units):
        upper = level.get(unit.parent or "")
        if upper is None or upper == unit.level or upper in above[unit.level]:
            continue
        if _reaches(upper, unit.level, above):
            says = f"level {unit.level!r} stands under {upper!r} here and above it elsewhere"
            found.error((UnitEntry, number), "level", says=says)
        else:
            above[unit.level].add(upper)


def _reaches(start: str, goal: str, above: dict[str, set[str]]) -> bool:
    waiting, seen = [start], {start}
    while waiting:
        at = waiting.pop()
        if at == goal:
            return True
        new = above[at] - seen
        seen |= new
        waiting += new
    return False


def _answers(found: Findings) -> None:
    taken: dict[str, str] = {}
    for number, unit in enumerate(found.entries.units):
        if not isinstance(unit.answers_for, tuple):
            continue
        found.unit((UnitEntry, number), "answers_for", unit.answers_for)
        for ground in unit.answers_for:
            if taken.setdefault(ground, unit.id) != unit.id:
                says = f"{taken[ground]!r} answers for {ground!r} already"
                found.error((UnitEntry, number), "answers_for", says=says)


def check_areas(found: Findings) -> None:
    """Areas have units and, in the governing layer, lie in their parents'."""
    areas = found.entries.areas
    if not areas:
        found.warn_at(AREAS, says="no areas: every point goes to the root")
    layers = {unit.id: unit.layer for unit in found.entries.units}
    for area in areas:
        if area.unit not in found.unit_ids:
            place = ("features", area.number, "properties", "unit")
            found.error_at(AREAS, *place, says=f"no unit {area.unit!r} in units.yaml")
    governing = [area for area in areas if area.unit in layers and layers[area.unit] is None]
    _sticking_out(found, [area for area in governing if area.valid_to is None])
    west, south, east, north = found.entries.city.extent
    frame = shapely.box(west, south, east, north)
    for area in governing:
        if not frame.intersects(area.shape):
            says, hint = "lies outside the city's extent", "is it latitude first?"
            found.warn_at(AREAS, "features", area.number, says=says, hint=hint)


def _sticking_out(found: Findings, areas: list[Area]) -> None:
    """Warns of areas that lie outside the nearest unit above that has areas of its own."""
    parents = {unit.id: unit.parent for unit in found.entries.units}
    shapes: dict[str, list[Any]] = defaultdict(list)
    for area in areas:
        shapes[area.unit].append(area.shape)
    below: dict[str, list[Area]] = defaultdict(list)
    for area in areas:
        upper = parents.get(area.unit)
        for _ in range(DEEPEST_TREE):
            if upper is None or upper in shapes:
                break
            upper = parents.get(upper)
        if upper in shapes:
            below[upper].append(area)
    for upper, children in below.items():
        ground = shapely.union_all(shapes[upper]) if len(shapes[upper]) > 1 else shapes[upper][0]
        shapely.prepare(ground)
        inside = shapely.covers(ground, np.array([area.shape for area in children], dtype=object))
        for area in (area for area, fits in zip(children, inside, strict=True) if not fits):
            share = shapely.area(shapely.difference(area.shape, ground)) / shapely.area(area.shape)
            if share > STICKS_OUT:
                says = f"{share:.0%} of the area of {area.unit!r} lies outside that of {upper!r}"
                found.warn_at(AREAS, "features", area.number, says=says)


def check_places(found: Findings) -> None:
    """Places have units that exist, and say where they are."""
    places = found.entries.places
    found.once(Place, "id", [place.id for place in places])
    for number, place in enumerate(places):
        if place.unit is not None:
            found.unit((Place, number), "unit", [place.unit])
        elif place.point is None and place.kind not in ROADS and not any(place.buildings.values()):
            hint = "give a point, a unit or both"
            found.warn((Place, number), says=f"nothing says where {place.name!r} is", hint=hint)
