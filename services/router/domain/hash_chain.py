"""The chain over a case's history: every event takes up the one before, so that none is changed, taken out or moved.

An event's ``head`` is a SHA-256 over the head before it and what the event says; the case keeps the newest. An event
says the digest of its line in the history too: the line's words stay with the case and are held all the same.
"""

import hashlib
from dataclasses import fields
from datetime import datetime
from operator import attrgetter

from services.router.domain.case import Entry
from shared.kernel.clock import rfc3339

_NAMES = tuple(field.name for field in fields(Entry))
_values = attrgetter(*_NAMES)


def line(entry: Entry) -> str:
    """The digest of a line of the history. What a line does not hold is not in it, so that lines may gain fields."""
    said = [f"{name}={_text(value)}" for name, value in zip(_NAMES, _values(entry), strict=True) if value]
    return hashlib.sha256("\x1f".join(said).encode()).hexdigest()


def _text(value: object) -> str:
    """The same before it was stored and afterwards, in whatever zone a moment is told."""
    return rfc3339(value) if isinstance(value, datetime) else str(value)


def linked(head: str, id_: str, type_: str, at: str, data: str) -> str:
    """The head after an event: its id, type, moment (RFC 3339) and data, whatever text these are."""
    return hashlib.sha256("\x1f".join((head, id_, type_, at, data)).encode()).hexdigest()
