"""Whom a claim of the organisation's sign-in means: a person of a city's pack."""

import re
from collections.abc import Collection
from dataclasses import dataclass

SHOWN_MAX = 60
_CITY = re.compile(r"[A-Za-z0-9_.-]{1,60}")
_PERSON = re.compile(r"[A-Za-z0-9_.:-]{1,120}")


@dataclass(frozen=True, slots=True)
class Named:
    """City and id as a pack would have them; perhaps of nobody."""

    city: str
    person: str


def named(claim: object, only_city: str, cities: Collection[str]) -> Named | None:
    """``claim``: an id, or ``city/id``; ``only_city``: the one whose people sign in by it, else empty; ``cities``: that
    are loaded. None where it can mean nobody: ids of two cities may be equal, so that no city is guessed."""
    if not isinstance(claim, str):
        return None
    city, slash, person = claim.rpartition("/")
    if not slash:
        city = only_city or (next(iter(cities)) if len(cities) == 1 else "")
    if not (_CITY.fullmatch(city) and _PERSON.fullmatch(person)) or city not in cities:
        return None
    return Named(city, person) if only_city in ("", city) else None


def shown(claim: object) -> str:
    """The claim as whoever signed in is told it, to say it to who keeps the list of people."""
    text = claim if isinstance(claim, str) else ""
    return "".join(char for char in text if char.isprintable())[:SHOWN_MAX]
