"""Rows that hold wrapped keys, and the record of master keys: their types and converters."""

from datetime import datetime

import msgspec

from shared.runtime.storage.mongo import Document


class GenerationRecord(msgspec.Struct, frozen=True, kw_only=True, rename={"id": "_id"}):
    """A master key that was made; its ``_id`` is its number. The key itself is not in the database."""

    id: int
    mark: str | None
    """A fingerprint of the key, which does not reveal it; None if the key could not be read."""
    made_at: datetime
    destroyed_at: datetime | None = None
    owed: bool = False
    """Something under this key was erased, so the key must be destroyed."""


class WrappedKey(msgspec.Struct, frozen=True):
    """Id and wrapped key of a person's or a report's row."""

    owner: str
    wrapped: bytes


class _SealedKey(msgspec.Struct, frozen=True):
    key: bytes


class SealedReport(msgspec.Struct, frozen=True, kw_only=True, rename={"id": "_id"}):
    """The fields of a stored confidential report that show whether its key must be wrapped again."""

    id: str
    fingerprint: str
    sealed: _SealedKey | None = None


SEALED_REPORT_FIELDS: Document = {"sealed.key": 1, "fingerprint": 1}


def generation_fields(generation: GenerationRecord) -> Document:
    """The row of a new generation, but for its ``_id``."""
    return {"mark": generation.mark, "made_at": generation.made_at, "destroyed_at": generation.destroyed_at}


def generation_from_doc(document: Document) -> GenerationRecord:
    return msgspec.convert(document, GenerationRecord)


def wrapped_from_doc(document: Document, field: str) -> WrappedKey | None:
    """The key at ``field`` (a path: ``sealed.key``); None for a row that has none."""
    value: object = document
    for name in field.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return WrappedKey(document["_id"], bytes(value)) if isinstance(value, bytes) else None


def sealed_report_from_doc(document: Document) -> SealedReport:
    return msgspec.convert(document, SealedReport)
