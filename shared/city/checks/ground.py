"""Checks the city, the tree of units, and that places have a unit or a point. (Areas: ``check_areas``.)"""

from collections import defaultdict
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.city.checks.findings import Findings
from shared.city.model.ground import Place, UnitEntry
from shared.city.place.gazetteer import ROADS
from shared.city.promises.durations import is_retention

DEEPEST_TREE = 20


def check_city(found: Findings) -> None:
    """Check time zone, root, extent, retention and queue levels. (Secrets: ``check_secrets``.)"""
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
    """Check parents, cycles, the order of levels, and ``answers_for``. True when the units form one tree."""
    units = found.entries.units
    found.check_unique(UnitEntry, "id", [unit.id for unit in units])
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
    """The number of units from ``unit`` up to its root; None for a cycle."""
    seen: set[str] = set()
    at: str | None = unit
    while at is not None:
        if at in seen:
            return None
        seen.add(at)
        at = parents.get(at)
    return len(seen)


def _levels(found: Findings) -> None:
    """Level words are free, but a level may not be above another in one place and below it elsewhere."""
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
        found.check_units((UnitEntry, number), "answers_for", unit.answers_for)
        for ground in unit.answers_for:
            if taken.setdefault(ground, unit.id) != unit.id:
                says = f"{taken[ground]!r} answers for {ground!r} already"
                found.error((UnitEntry, number), "answers_for", says=says)


def check_places(found: Findings) -> None:
    """Check that places name existing units and have a unit or a point."""
    places = found.entries.places
    found.check_unique(Place, "id", [place.id for place in places])
    for number, place in enumerate(places):
        if place.unit is not None:
            found.check_units((Place, number), "unit", [place.unit])
        elif place.point is None and place.kind not in ROADS and not any(place.buildings.values()):
            hint = "give a point, a unit or both"
            found.warn((Place, number), says=f"nothing says where {place.name!r} is", hint=hint)
