"""A silence: the type and its document in MongoDB."""

from datetime import datetime

import msgspec

from shared.runtime.storage.mongo import Document


class Around(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A place and how far around it: WGS-84, metres. ``place``: what it is called."""

    lon: float
    lat: float
    metres: int
    place: str = ""


class Silence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"id": "_id", "from_": "from"}):
    """While it holds, alerts about ``categories`` (all when empty) on the unit's ground stay in the inbox.

    One ``around`` a place mutes the unit's own people for new cases there. Levels above hear of them as always."""

    id: str
    city: str
    unit: str
    categories: list[str]
    until: datetime
    reason: str = ""
    asked_from: datetime | None = None
    """The ``from`` of the request; None when it was left out, and in documents of older versions."""
    from_: datetime
    around: Around | None = None
    by: str = ""
    made_at: datetime
    ended_at: datetime | None = None
    """When somebody ended it early."""
    ended_by: str | None = None

    def holds_at(self, at: datetime) -> bool:
        """No silence holds before it was made: alerts that were sent by then stay sent."""
        return max(self.from_, self.made_at) <= at < (self.ended_at or self.until)


def to_doc(silence: Silence) -> Document:
    """The document of ``silences``, without ``stored_at``, which the store adds. ``asked_from`` is null where absent,
    because version 0.1.0 reads it."""
    document: Document = msgspec.to_builtins(silence, builtin_types=(datetime,))
    return {"asked_from": None, **document}


def from_doc(document: Document) -> Silence:
    """The silence that ``to_doc`` stored; fields of a newer version are ignored."""
    return msgspec.convert(document, Silence)
