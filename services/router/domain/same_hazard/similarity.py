"""Whether two reports are about one hazard, by place, time and text: different building or gate numbers separate them
(2幢 is not 12幢). Photos that look alike count like common words; photos that differ prove nothing, and a photo never
outweighs different numbers.

Pure and symmetric: ``alike(a, b) == alike(b, a)``. A report's text is parsed once (``Traits``), and the result is
stored with the case that the report opens. Later reports are compared with that, so the order of attaching does not
matter.
"""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from services.router.domain.same_hazard.text_features import numbers_in as numbers_in
from services.router.domain.same_hazard.text_features import words_in as words_in

CELLS_PER_DEGREE = 500
"""Search cells of 1/500 degree, some 200 m: a search reads those that its circle touches."""
METRES_PER_DEGREE = 111_320.0
COPY_BITS = 8
"""Copies of one picture differ in at most so many of 64 bits; other pictures in 30 on average (decision 0012)."""


class SameRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """A category's ``same`` rule of the pack: when two of its reports are about one hazard."""

    radius_m: float
    window: timedelta
    words: float
    reopens: timedelta
    reopens_up: bool
    linked: timedelta


class Traits(msgspec.Struct, frozen=True, omit_defaults=True):
    """The features of a report that are compared. ``numbers``: (kind, value) pairs; all tuples sorted."""

    city: str
    category: str
    lon: float
    lat: float
    places: tuple[str, ...] = ()
    roads: tuple[str, ...] = ()
    numbers: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()
    looks: tuple[str, ...] = ()
    """Perceptual hashes of its photos: 64 bits each, 16 hex digits (``shared.contracts.reports.PhotoHash``)."""
    linked_seconds: float = 0.0
    """How long after its end its case is still found by a search."""

    @property
    def key(self) -> str:
        """The search key of its case: city, category and search cell."""
        return _key(self.city, self.category, _cell(self.lon), _cell(self.lat))

    def keys(self, radius_m: float) -> list[str]:
        """The search keys of all cells within ``radius_m`` metres."""
        north = radius_m / METRES_PER_DEGREE
        east = north / max(0.01, math.cos(math.radians(self.lat)))
        return [
            _key(self.city, self.category, x, y)
            for x in range(_cell(self.lon - east), _cell(self.lon + east) + 1)
            for y in range(_cell(self.lat - north), _cell(self.lat + north) + 1)
        ]


def _cell(degrees: float) -> int:
    return math.floor(degrees * CELLS_PER_DEGREE)


def _key(city: str, category: str, x: int, y: int) -> str:
    return f"{city}:{category}:{x}:{y}"


def metres(one: Traits, other: Traits) -> float:
    """Equirectangular distance: exact to a millimetre over a few hundred metres."""
    return metres_between(one.lon, one.lat, other.lon, other.lat)


def metres_between(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """As ``metres``, for two points in degrees."""
    dx = (other_lon - lon) * math.cos(math.radians((lat + other_lat) / 2))
    return METRES_PER_DEGREE * math.hypot(dx, other_lat - lat)


def alike(one: Traits, other: Traits, rule: SameRule) -> bool:
    """Whether they may be about one hazard by place, text and photos; time is not compared here."""
    if _told_apart(one, other, rule):
        return False
    return _said_alike(one, other, rule) or _seen_alike(one.looks, other.looks)


def by_photo(one: Traits, other: Traits, rule: SameRule) -> bool:
    """Whether they are alike only because of their photos: their texts alone are not enough."""
    return bool(one.looks and other.looks) and alike(one, other, rule) and not _said_alike(one, other, rule)


def _told_apart(one: Traits, other: Traits, rule: SameRule) -> bool:
    """Whether distance, places, roads or numbers separate them, whatever else they have in common."""
    if one.city != other.city or one.category != other.category or metres(one, other) > rule.radius_m:
        return True
    if _apart(one.places, other.places) or _apart(one.roads, other.roads):
        return True
    kinds = {kind for kind, _ in one.numbers} & {kind for kind, _ in other.numbers}
    return any(_apart(_of(kind, one), _of(kind, other)) for kind in kinds)


def _said_alike(one: Traits, other: Traits, rule: SameRule) -> bool:
    return _same_spot(one, other) or _in_common(one.words, other.words) >= rule.words


def _seen_alike(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether a photo of one differs from a photo of the other in at most ``COPY_BITS`` bits."""
    ones, others = [int(looks, 16) for looks in one], [int(looks, 16) for looks in other]
    return any((a ^ b).bit_count() <= COPY_BITS for a in ones for b in others)


def _of(kind: str, traits: Traits) -> list[str]:
    return [value for known, value in traits.numbers if known == kind]


def _apart(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether both are non-empty and have nothing in common."""
    ones, others = set(one), set(other)
    return bool(ones and others) and not ones & others


def _same_spot(one: Traits, other: Traits) -> bool:
    """Whether both name the same place, and neither gives a number within it that the other lacks."""
    return bool(set(one.places) & set(other.places)) and set(one.numbers) == set(other.numbers)


def _in_common(one: Iterable[str], other: Iterable[str]) -> float:
    """Share of the shorter one's words that the other has too; 1 if one has no words."""
    ones, others = set(one), set(other)
    return len(ones & others) / min(len(ones), len(others)) if ones and others else 1.0


def in_time(at: datetime, first: datetime, last: datetime, window: timedelta) -> bool:
    """Whether ``at`` is within ``window`` of ``first`` or ``last``, or between them."""
    return first - window <= at <= last + window
