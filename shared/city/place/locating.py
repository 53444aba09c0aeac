"""Finds the unit that answers for a report, from its point, its words and the unit that it names.

1. A usable point inside areas: the deepest unit, of those without a ``layer``, that covers it; ``areas`` has the order.
2. A usable point outside all areas: from the nearest area upwards, the first unit that answers for the rest; beyond the
   pack's extent, the root. Flag ``outside_all``.
3. No usable point (none, not on Earth, 0/0, within 30 m of a ``no_location`` point): the place that the words name;
   else the unit that the report names; else the root's sorting queue, flag ``sorting_queue``.
If point and words name different branches of the tree, the point decides; flag ``words_disagree``.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Literal, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from shared.city.model.city import City
from shared.city.model.ground import NoLocation
from shared.city.place.areas import METRES_PER_DEGREE, AreaIndex, Areas, AreasAtPoint, Floats, Ints
from shared.city.place.borders import BORDER_METRES, Borders
from shared.city.place.datum import is_on_earth
from shared.city.place.gazetteer import NOTHING, Gazetteer, NamedPlaces, Spot
from shared.city.place.reasons import listed, reason
from shared.city.place.tree import Tree

NO_LOCATION_METRES = 30.0
CANDIDATES_MAX = 8
"""Of more places than this the first are asked about."""


class Candidate(msgspec.Struct, frozen=True):
    """One of the places that a report may mean. ``place``: its name; ``unit``: who answers for it."""

    place: str
    unit: str


class Located(msgspec.Struct, frozen=True):
    """The result. ``unit``: owner of the queue; ``path``: from the root to it; ``within``: the deepest unit there (a
    grid), if any. ``near``: other answering units whose ground is within 25 m. ``why``: the reasons, in words.
    """

    unit: str
    path: tuple[str, ...]
    by: Literal["area", "place", "unit", "fallback"]
    within: str | None = None
    near_border: bool = False
    near: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    place: str | None = None
    why: tuple[str, ...] = ()
    spot: tuple[float, float] | None = None
    """The point of the place that the words name, if they name exactly one."""
    places: frozenset[str] = frozenset()
    """Every place in the words; ``roads``: every road (``gazetteer.NamedPlaces``)."""
    roads: frozenset[str] = frozenset()
    candidates: tuple[Candidate, ...] = ()
    """With the flag ``ambiguous_place``: the places of different units that the words may mean, one of each unit."""


class LocateRequest(NamedTuple):
    """What is known of a report's place: a point (lon, lat, WGS-84), words, a unit; any may be missing.

    ``on``: the day, in the city's zone, whose areas apply; None = those of the last period.
    """

    point: tuple[float, float] | None
    text: str | None = None
    unit: str | None = None
    on: date | None = None


class LocatedMany(msgspec.Struct, frozen=True):
    """``units[within[i]]`` is the deepest unit at point ``i``, ``units[unit[i]]`` the one that answers; −1: outside."""

    units: Sequence[str]
    unit: Ints
    within: Ints
    near_border: npt.NDArray[np.bool_] | None = None


class Locator:
    """The rules above for one pack's tree, areas and gazetteer. The same request always has the same result."""

    def __init__(
        self, city: City, tree: Tree, areas: Areas, gazetteer: Gazetteer, no_location: Sequence[NoLocation]
    ) -> None:
        self._city, self._tree, self._areas, self._gazetteer = city, tree, areas, gazetteer
        self._no_location = tuple(no_location)
        self._known: dict[tuple[Spot, int], tuple[str | None, str | None]] = {}
        self._borders = Borders(tree)

    def locate(
        self,
        point: tuple[float, float] | None,
        text: str | None = None,
        unit: str | None = None,
        on: date | None = None,
    ) -> Located:
        """The unit that answers for ``point`` (lon, lat, WGS-84), else for what ``text`` names, else ``unit``.

        ``on``: the day whose areas apply; None = those of the last period. Never fails: there is always one owner.
        """
        return self.locate_each([LocateRequest(point, text, unit, on)])[0]

    def locate_each(self, asked: Sequence["LocateRequest"]) -> list[Located]:
        """``locate`` for many requests. Their geometry is looked up together, which takes a tenth of the time.

        The requests may be for different days: those of each period are looked up together.
        """
        periods: dict[int, list[int]] = {}
        for number, one in enumerate(asked):
            periods.setdefault(self._areas.period(one.on), []).append(number)
        found: dict[int, Located] = {}
        for numbers in periods.values():
            index = self._areas.at(asked[numbers[0]].on)
            found.update(zip(numbers, self._of_period([asked[n] for n in numbers], index), strict=True))
        return [found[number] for number in range(len(asked))]

    def _of_period(self, asked: Sequence["LocateRequest"], index: AreaIndex) -> list[Located]:
        unusable = [self._unusable(one.point) for one in asked]
        points = [one.point for one, why in zip(asked, unusable, strict=True) if one.point is not None and why is None]
        plane = np.array(points, dtype=float).reshape(-1, 2)
        around = iter(
            index.around_each(plane[:, 0], plane[:, 1], BORDER_METRES, self._borders.grounds(index)) if points else ()
        )
        return [self._one(one, why, around, index) for one, why in zip(asked, unusable, strict=True)]

    def _one(
        self, asked: "LocateRequest", unusable: str | None, around: Iterator[AreasAtPoint], index: AreaIndex
    ) -> Located:
        recorded = asked.unit if asked.unit in self._tree.units else None
        flags = ["unknown_unit"] if asked.unit and recorded is None else []
        found = self._gazetteer.find(asked.text) if asked.text else NOTHING
        if found.unknown_building:
            flags.append("unknown_building")
        if asked.point is not None and unusable is None:
            return self._by_point(asked.point, next(around), found, recorded, index, flags)
        if asked.point is not None:
            flags.append("no_location_point")
        return self._by_words(found, recorded, index, flags, [unusable or self._why("no_point")])

    def locate_many(self, lon: Floats, lat: Floats, on: date | None = None, borders: bool = False) -> LocatedMany:
        """Rule 1 for many points at once; with ``borders`` also whether each is near a border."""
        index = self._areas.at(on)
        names = list(self._tree.units)
        number = {name: i for i, name in enumerate(names)}
        of_area = np.array([number[name] for name in index.units] + [-1], dtype=np.intp)
        answers = np.array([number[self._tree.answering(name)] for name in names] + [-1], dtype=np.intp)
        covering = index.cover_many(lon, lat)
        within = of_area[covering]
        unit = answers[within]
        near = self._borders.near_many(index, unit, np.asarray(lon), np.asarray(lat)) if borders else None
        return LocatedMany(names, unit, within, near)

    def _by_point(
        self,
        point: tuple[float, float],
        around: AreasAtPoint,
        found: NamedPlaces,
        recorded: str | None,
        index: AreaIndex,
        flags: list[str],
    ) -> Located:
        within = index.units[around.covering[0]] if around.covering else None
        if within is not None:
            unit = self._tree.answering(within)
            why = [self._why("lies_in", unit=self._name(within))]
            if unit != within:
                why.append(self._why("answers_for", unit=self._name(unit), within=self._name(within)))
        else:
            unit, reason = self._outside(point, index)
            why = [reason]
            flags.append("outside_all")
        near = self._borders.near(index, unit, around)
        if near:
            why.append(self._why("near", metres=f"{BORDER_METRES:.0f}", units=self._listed(near)))
        named = {self._unit_of(spot, index)[0] for spot in found.spots} - {None}
        if named:
            disagree = found.firm and not any(self._tree.related(unit, n) for n in named if n)
            why.append(self._why("named_elsewhere" if disagree else "named", place=found.spots[0].name))
            flags += ["words_disagree"] if disagree else []
        if recorded and not self._tree.related(unit, self._tree.answering(recorded)):
            why.append(self._why("given", unit=self._name(recorded)))
            flags.append("unit_disagrees")
        return Located(
            unit=unit,
            path=self._tree.units[unit].path,
            by="area" if within else "fallback",
            within=within,
            near_border=bool(near),
            near=tuple(n for n in near if n != unit),
            flags=tuple(flags),
            place=found.spots[0].name if found.spots else None,
            why=tuple(why),
            spot=_only(found.spots),
            places=found.places,
            roads=found.roads,
        )

    def _outside(self, point: tuple[float, float], index: AreaIndex) -> tuple[str, str]:
        west, south, east, north = self._city.extent
        area = index.nearest(*point)
        if area is None or not (west <= point[0] <= east and south <= point[1] <= north):
            root = self._tree.root.id
            return root, self._why("beyond", unit=self._name(root))
        unit = self._tree.answering_for_rest(index.units[area])
        nearest = self._name(index.units[area])
        return unit, self._why("in_no_area", nearest=nearest, unit=self._name(unit))

    def _by_words(
        self, found: NamedPlaces, recorded: str | None, index: AreaIndex, flags: list[str], why: list[str]
    ) -> Located:
        placed = [(spot, *self._unit_of(spot, index)) for spot in found.spots]
        known = [(spot, unit, within) for spot, unit, within in placed if unit is not None]
        for said in ({recorded} if recorded else (), found.units):
            if len({unit for _, unit, _ in known}) > 1:
                there = [place for place in known if any(self._tree.related(place[1], unit) for unit in said)]
                known = there or known
        if not known:
            return self._by_unit(recorded, flags, why)
        units = sorted({unit for _, unit, _ in known})
        elsewhere = [(spot, self._unit_of(spot, index)[0]) for spot in found.others]
        others = {
            other
            for _, other in elsewhere
            if other is not None and not any(self._tree.related(other, u) for u in units)
        }
        spot, unit, within = known[0]
        meant = [*((spot.name, unit) for spot, unit, _ in known), *((spot.name, unit) for spot, unit in elsewhere)]
        if len(units) > 1:
            flags.append("ambiguous_place")
            unit, within = self._tree.answering(self._tree.common(units)), None
            why.append(self._why("ambiguous", place=spot.name, units=self._listed(units)))
        else:
            why.append(self._why("named", place=spot.name))
            if others:
                flags.append("ambiguous_place")
                why.append(self._why("names_others", units=self._listed(sorted(others))))
        if recorded and not self._tree.related(unit, self._tree.answering(recorded)):
            flags.append("unit_disagrees")
        meant = [(place, unit) for place, unit in meant if unit in units or unit in others]
        candidates = _one_of_each(meant) if "ambiguous_place" in flags and found.firm else ()
        return Located(unit, self._tree.units[unit].path, "place", within, flags=tuple(flags), place=spot.name,
                       why=tuple(why), spot=_only([spot for spot, _, _ in known]), places=found.places,
                       roads=found.roads, candidates=candidates)  # fmt: skip

    def _by_unit(self, recorded: str | None, flags: list[str], why: list[str]) -> Located:
        unit = self._tree.answering(recorded or self._tree.root.id)
        path = self._tree.units[unit].path
        if recorded:
            why.append(self._why("given", unit=self._name(recorded)))
            return Located(unit, path, "unit", recorded, flags=tuple(flags), why=tuple(why))
        why.append(self._why("nowhere", unit=self._name(unit)))
        return Located(unit, path, "fallback", flags=(*flags, "sorting_queue"), why=tuple(why))

    def _unit_of(self, spot: Spot, index: AreaIndex) -> tuple[str | None, str | None]:
        """The unit that answers for a place, and the deepest unit there; cached."""
        key = (spot, id(index))  # an index lives as long as the pack
        if key not in self._known:
            self._known[key] = self._find_unit_of(spot, index)
        return self._known[key]

    def _find_unit_of(self, spot: Spot, index: AreaIndex) -> tuple[str | None, str | None]:
        covering = index.covering(*spot.point) if spot.point else []
        under = index.units[covering[0]] if covering else None
        if spot.unit is None:
            return (self._tree.answering(under), under) if under else (None, None)
        unit = self._tree.answering(spot.unit)
        deeper = under is not None and spot.unit in self._tree.units[under].path
        return unit, under if deeper else spot.unit

    def _unusable(self, point: tuple[float, float] | None) -> str | None:
        if point is None:
            return None
        lon, lat = point
        if not is_on_earth(lon, lat):
            return self._why("not_on_earth")
        if lon == 0 and lat == 0:
            return self._why("zero")
        for known in self._no_location:
            east = (lon - known.point[0]) * METRES_PER_DEGREE * math.cos(math.radians(lat))
            north = (lat - known.point[1]) * METRES_PER_DEGREE
            if math.hypot(east, north) <= NO_LOCATION_METRES:
                return self._why("unknown_point", name=known.name or "?")
        return None

    def _why(self, what: str, **values: str) -> str:
        return reason(what, self._city.languages[0], **values)

    def _listed(self, units: Iterable[str]) -> str:
        return listed([self._name(unit) for unit in units], self._city.languages[0])

    def _name(self, unit: str) -> str:
        return f"{self._tree.units[unit].name} ({unit})"


def _one_of_each(meant: Iterable[tuple[str, str | None]]) -> tuple[Candidate, ...]:
    """The first place of each unit, in the order of the words."""
    first: dict[str, str] = {}
    for place, unit in meant:
        if unit is not None:
            first.setdefault(unit, place)
    return tuple(Candidate(place, unit) for unit, place in first.items())[:CANDIDATES_MAX]


def _only(spots: Sequence[Spot]) -> tuple[float, float] | None:
    """The point of the place if there is exactly one."""
    return spots[0].point if len(spots) == 1 else None
