"""The hash chain over a case's history: it shows when an event was changed, removed or moved.

An event's ``head`` is a SHA-256 over the previous head and the event's content; the case keeps the newest. The event
also contains the digest of its history line, so that the line's text, which stays in the case, is protected too.
"""

import hashlib
from datetime import datetime
from operator import attrgetter

from services.router.domain.case_parts.history_line import Entry
from shared.kernel.clock import rfc3339

_NAMES = Entry.__struct_fields__
_values = attrgetter(*_NAMES)


def line(entry: Entry) -> str:
    """The digest of a history line. Empty fields are left out of it, so that lines may gain fields later."""
    said = [f"{name}={_text(value)}" for name, value in zip(_NAMES, _values(entry), strict=True) if value]
    return hashlib.sha256("\x1f".join(said).encode()).hexdigest()


def _text(value: object) -> str:
    """A field as text, equal before and after storing, and for equal times in different zones."""
    return rfc3339(value) if isinstance(value, datetime) else str(value)


def linked(head: str, id_: str, type_: str, at: str, data: str) -> str:
    """The head after an event. ``at``: RFC 3339; ``data``: the event's data as text."""
    return hashlib.sha256("\x1f".join((head, id_, type_, at, data)).encode()).hexdigest()
