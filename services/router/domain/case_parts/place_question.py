"""The question which of several places a report means."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the places that the words may mean. ``unit``: who answers for it."""

    place: str
    unit: str


@dataclass(frozen=True, slots=True)
class PlaceQuestion:
    """Asked when the case is opened, beside its states: the work does not wait for the answer."""

    at: datetime
    text: str
    until: datetime
    candidates: tuple[Candidate, ...]
