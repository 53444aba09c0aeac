"""The question which of several places a report means."""

from datetime import datetime

import msgspec


class Candidate(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of the places that the words may mean. ``unit``: who answers for it."""

    place: str
    unit: str


class PlaceQuestion(msgspec.Struct, frozen=True, omit_defaults=True):
    """Asked when the case is opened, beside its states: the work does not wait for the answer."""

    at: datetime
    text: str
    until: datetime
    candidates: tuple[Candidate, ...]
