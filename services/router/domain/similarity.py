"""Are two reports of one thing? Place, time, and words: numbers of buildings and gates count, 2幢 is not 12幢. Photos
that look alike stand for words in common; photos that do not say nothing, and none ever stands against a number.

Pure and symmetric: ``alike(a, b) == alike(b, a)``. What the words say is read once, when a report comes (``Traits``),
and kept with the case that it opens; every later report is compared with that, so that the order in which reports are
attached changes nothing.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.router.domain.text_features import numbers_in as numbers_in
from services.router.domain.text_features import words_in as words_in

CELLS_PER_DEGREE = 500
"""Cells of a five-hundredth of a degree, some 200 m: a search looks into those that its circle touches."""
METRES_PER_DEGREE = 111_320.0
COPY_BITS = 8
"""Of 64 that two copies of one picture may differ in; other pictures differ in 30 on average (decision 0012)."""


@dataclass(frozen=True, slots=True)
class SameRule:
    """What a category's reports need to be of one thing, as the pack has it."""

    radius_m: float
    window: timedelta
    words: float
    reopens: timedelta
    reopens_up: bool
    linked: timedelta


@dataclass(frozen=True, slots=True)
class Traits:
    """What of a report others are compared with. ``numbers``: (kind, value) pairs; all sorted."""

    city: str
    category: str
    lon: float
    lat: float
    places: tuple[str, ...] = ()
    roads: tuple[str, ...] = ()
    numbers: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()
    looks: tuple[str, ...] = ()
    """Of its photos: 64 bits each in 16 hex digits (``shared.contracts.reports.PhotoHash``)."""
    linked_seconds: float = 0.0
    """So long after its end the case that it opened is still looked for."""

    @property
    def key(self) -> str:
        """Where the case that it opened is found."""
        return _key(self.city, self.category, _cell(self.lon), _cell(self.lat))

    def keys(self, radius_m: float) -> list[str]:
        """Where cases within ``radius_m`` are found."""
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
    """Equirectangular distance: exact to a millimetre over the few hundred metres that matter."""
    return metres_between(one.lon, one.lat, other.lon, other.lat)


def metres_between(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """As ``metres``, of two points in degrees."""
    dx = (other_lon - lon) * math.cos(math.radians((lat + other_lat) / 2))
    return METRES_PER_DEGREE * math.hypot(dx, other_lat - lat)


def alike(one: Traits, other: Traits, rule: SameRule) -> bool:
    """Whether what they say and show may be of one thing; time is not looked at here."""
    if _told_apart(one, other, rule):
        return False
    return _said_alike(one, other, rule) or _seen_alike(one.looks, other.looks)


def by_photo(one: Traits, other: Traits, rule: SameRule) -> bool:
    """Whether they are alike by their photos alone: what they say would not do."""
    return bool(one.looks and other.looks) and alike(one, other, rule) and not _said_alike(one, other, rule)


def _told_apart(one: Traits, other: Traits, rule: SameRule) -> bool:
    """Too far off each other, or by what both name: whatever else they have in common, they are of two things."""
    if one.city != other.city or one.category != other.category or metres(one, other) > rule.radius_m:
        return True
    if _apart(one.places, other.places) or _apart(one.roads, other.roads):
        return True
    kinds = {kind for kind, _ in one.numbers} & {kind for kind, _ in other.numbers}
    return any(_apart(_of(kind, one), _of(kind, other)) for kind in kinds)


def _said_alike(one: Traits, other: Traits, rule: SameRule) -> bool:
    return _same_spot(one, other) or _in_common(one.words, other.words) >= rule.words


def _seen_alike(one: Iterable[str], other: Iterable[str]) -> bool:
    """One photo of each is a copy of the other's, or as good as one."""
    ones, others = [int(looks, 16) for looks in one], [int(looks, 16) for looks in other]
    return any((a ^ b).bit_count() <= COPY_BITS for a in ones for b in others)


def _of(kind: str, traits: Traits) -> list[str]:
    return [value for known, value in traits.numbers if known == kind]


def _apart(one: Iterable[str], other: Iterable[str]) -> bool:
    """Both say something and nothing of it is the same."""
    ones, others = set(one), set(other)
    return bool(ones and others) and not ones & others


def _same_spot(one: Traits, other: Traits) -> bool:
    """Both name the same place, and nothing that tells two spots of it apart is said by one alone."""
    return bool(set(one.places) & set(other.places)) and set(one.numbers) == set(other.numbers)


def _in_common(one: Iterable[str], other: Iterable[str]) -> float:
    """Share of the shorter one's words that the other has too; 1 where one says nothing."""
    ones, others = set(one), set(other)
    return len(ones & others) / min(len(ones), len(others)) if ones and others else 1.0


def in_time(at: datetime, first: datetime, last: datetime, window: timedelta) -> bool:
    """Whether a report of ``at`` is near in time to those from ``first`` to ``last``."""
    return first - window <= at <= last + window
