"""The gazetteer: finds places that a text names.

Text and names are normalized first (``addresses``). A number is matched whole: 12幢 never contains 2幢. Longer names
win over shorter ones, places over roads, and roads over the names of units. A building's number is looked up in the
named estate, wherever in the text it is.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from shared.city.model.ground import Place, Unit
from shared.city.place.addresses import NUMBER, compact
from shared.city.place.addresses import normal as normal
from shared.city.words.phrases import Phrases, plain

_CJK = re.compile(r"[一-鿿]")
_CUT = re.compile(r"[0-9a-z][0-9]")

ROADS = ("road", "street")
"""Kinds of places that cross many units: they need no point, and never contradict a report's point."""


class Spot(NamedTuple):
    """Where a place is: a point, a unit, or both."""

    name: str
    unit: str | None
    point: tuple[float, float] | None


class NamedPlaces(NamedTuple):
    """What a text names. ``spots``: the place, several if places share the name. ``others``: further places.
    ``firm``: not only a road. ``unknown_building``: the named estate has no such building."""

    spots: tuple[Spot, ...]
    others: tuple[Spot, ...]
    firm: bool
    unknown_building: bool
    places: frozenset[str] = frozenset()
    """Every place in the words, in normal form and without a building's number."""
    roads: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    """Every unit that is named itself, by id."""


NOTHING = NamedPlaces((), (), False, False)


class _Site(NamedTuple):
    """A named place (``spot``: None if only its buildings are known), and its buildings by number."""

    spot: Spot | None
    tier: int
    buildings: dict[str, Spot]


def building_number(text: str) -> str:
    """A building's number, normalized: ``02`` is ``2``, ``A`` is ``a``, 十二 is ``12``."""
    match = NUMBER.search(normal(text + "幢"))
    return match[1] if match else plain(text)


def building_name(place: str, number: str) -> str:
    """建华园2号楼, "Harbour Flats 2": how the building ``number`` of ``place`` is called."""
    return f"{place}{number}号楼" if _CJK.search(place) else f"{place} {number}"


class Gazetteer:
    """Places and units by name. The time to find names is linear in the text, whatever the number of names."""

    def __init__(self, places: Sequence[Place], units: Iterable[Unit]) -> None:
        self._sites: list[_Site] = []
        self._by_name: dict[str, list[int]] = defaultdict(list)
        for place in places:
            self._add_place(place)
        for place in places:
            self._add_as_building(place)
        for unit in units:
            self._add(_Site(Spot(unit.name, unit.id, None), 0, {}), (unit.name, unit.name_en, *unit.aliases))
        self._names = list(self._by_name)
        self._phrases = Phrases(self._names)

    def find(self, text: str) -> NamedPlaces:
        """What ``text`` names, or ``NOTHING``."""
        return self._find(self.in_one_form(text))

    def in_one_form(self, text: str) -> str:
        """``normal``, with the short form after an estate's name expanded: 建华园11-9-302 is 建华园11幢9单元302."""
        text = normal(text)
        if "-" not in text:
            return text
        ends = [end for _, end, sites in self._hits(text) if any(site.tier == 2 for site in sites)]
        for end in reversed(ends):
            text = text[:end] + compact(text[end:])
        return text

    def _find(self, text: str) -> NamedPlaces:
        hits = self._hits(text)
        if not hits:
            return NOTHING
        start, end, sites = max(hits, key=lambda hit: (max(s.tier for s in hit[2]), hit[1] - hit[0], -hit[0]))
        tier = max(site.tier for site in sites)
        sites = [site for site in sites if site.tier == tier]
        spots, unknown = _narrow(sites, _number_near(text, start, end))
        others = [
            site.spot
            for at, _, named in hits
            if at != start
            for site in named
            if site.spot and site.tier == tier and site.spot not in spots
        ]
        units = {site.spot.unit for _, _, named in hits for site in named if site.tier == 0 and site.spot}
        named_units = frozenset(unit for unit in units if unit is not None)
        return NamedPlaces(spots, tuple(others), tier != 1, unknown, _named(hits, 2), _named(hits, 1), named_units)

    def _hits(self, text: str) -> list[tuple[int, int, list[_Site]]]:
        """Names in the text, in order, without those inside a longer name and those that split a number."""
        kept: list[tuple[int, int, list[_Site]]] = []
        reached = 0
        for start, end, number in sorted(self._phrases.find(text), key=lambda hit: (hit.start, -hit.end)):
            cuts = (start and _CUT.fullmatch(text, start - 1, start + 1)) or (
                end < len(text) and _CUT.fullmatch(text, end - 1, end + 1)
            )
            if cuts or end <= reached:
                continue
            reached = end
            kept.append((start, end, [self._sites[i] for i in self._by_name[self._names[number]]]))
        return kept

    def _add(self, site: _Site, names: Iterable[str]) -> None:
        self._sites.append(site)
        for name in {normal(name).replace("*", "") for name in names} - {""}:
            self._by_name[name].append(len(self._sites) - 1)

    def _add_place(self, place: Place) -> None:
        spot = Spot(place.name, place.unit, place.point)
        buildings = {
            building_number(n): Spot(building_name(place.name, n), place.unit, point or place.point)
            for n, point in place.buildings.items()
        }
        names = (place.name, place.name_en, *place.aliases)
        self._add(_Site(spot, 1 if place.kind in ROADS else 2, buildings), names)

    def _add_as_building(self, place: Place) -> None:
        """A place named like 建华园2号楼 is also building 2 of the place called 建华园."""
        for name in (place.name, *place.aliases):
            match = NUMBER.search(key := normal(name))
            if not match or not match.start() or match.end() != len(key):
                continue
            spot = Spot(place.name, place.unit, place.point)
            estate = key[: match.start()]
            if estate not in self._by_name:
                self._add(_Site(None, 2, {}), (estate,))
            for site in self._by_name[estate]:
                self._sites[site].buildings.setdefault(match[1], spot)


def _named(hits: list[tuple[int, int, list[_Site]]], tier: int) -> frozenset[str]:
    """The names of that tier; a building that is a place of its own counts as its estate."""
    named = (site.spot.name for _, _, sites in hits for site in sites if site.tier == tier and site.spot)
    return frozenset(NUMBER.sub("", normal(name)) or name for name in named)


def _number_near(text: str, start: int, end: int) -> str | None:
    """The first building's number after the name, else the first before it."""
    numbers = [(match.start() < end, match.start(), match[1]) for match in NUMBER.finditer(text)]
    outside = [number for number in numbers if not start <= number[1] < end]
    return min(outside)[2] if outside else None


def _narrow(sites: list[_Site], number: str | None) -> tuple[tuple[Spot, ...], bool]:
    """The spots for a building's ``number``, and whether no estate of that name has such a building."""
    if number is not None and any(site.buildings for site in sites):
        built = tuple(site.buildings[number] for site in sites if number in site.buildings)
        if built:
            return built, False
        return tuple(site.spot for site in sites if site.spot), True
    return tuple(site.spot for site in sites if site.spot), False
