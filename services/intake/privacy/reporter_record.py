"""The row of a person who reported: its type and converters."""

from datetime import datetime

import msgspec

from shared.runtime.storage.mongo import Document


class ReporterRecord(msgspec.Struct, frozen=True, kw_only=True, rename={"id": "_id"}):
    """A person's row. Its ``_id`` is the pseudonym; of an erased person only ``erased_at`` is left beside it."""

    id: str
    city: str
    app: str
    key: bytes | None = None
    """The person's own key, wrapped by a master key."""
    sealed: bytes | None = None
    """Reference, name and telephone number, sealed with the key."""
    digest: str | None = None
    """Of what is sealed, keyed with the key: tells whether something new was sent."""
    ending: str | None = None
    """Keyed hash of the last four digits of the telephone number; None without one, and of rows that an older version
    wrote until the person reports again."""
    seen_at: datetime | None = None
    """When the person last reported, to the day."""
    erased_at: datetime | None = None


class PlainPerson(msgspec.Struct, frozen=True, kw_only=True, rename={"id": "_id"}):
    """A row of ``persons``, where an older version kept personal data in plain."""

    id: str
    city: str
    app: str
    ref: str | None = None
    name: str | None = None
    phone: str | None = None


def to_fields(person: ReporterRecord) -> Document:
    """The row of a person who is kept, but for its ``_id``."""
    return {
        "city": person.city,
        "app": person.app,
        "key": person.key,
        "sealed": person.sealed,
        "digest": person.digest,
        "ending": person.ending,
        "seen_at": person.seen_at,
    }


def from_doc(document: Document) -> ReporterRecord:
    return msgspec.convert(document, ReporterRecord)


def plain_from_doc(document: Document) -> PlainPerson:
    return msgspec.convert(document, PlainPerson)
