"""The rows of ``unanswered``: reports that have no case yet, with their deadlines; and how far the sweep has come."""

from datetime import UTC, datetime

import msgspec

from shared.runtime.storage.mongo import Document


class UnroutedRow(msgspec.Struct, frozen=True, kw_only=True, rename={"id": "_id"}):
    """A report without a case."""

    id: str
    lane: int
    stored_at: datetime | None = None
    """When the report was stored; version 0.1.0 did not say."""
    route_by: datetime
    """When it is late: then its breach is recorded, once."""
    republish_at: datetime
    """When it is published again."""
    tries: int
    """How often it was published again."""


class SweepMark(msgspec.Struct, frozen=True):
    """The last report that the sweep looked at."""

    at: datetime
    last: str

    @property
    def place(self) -> tuple[datetime, str]:
        return self.at, self.last


START = SweepMark(datetime(1970, 1, 1, tzinfo=UTC), "")


def to_doc(row: UnroutedRow) -> Document:
    return {
        "_id": row.id,
        "lane": row.lane,
        "stored_at": row.stored_at,
        "route_by": row.route_by,
        "republish_at": row.republish_at,
        "tries": row.tries,
    }


def from_doc(document: Document) -> UnroutedRow:
    return msgspec.convert(document, UnroutedRow)


def mark_doc(mark: SweepMark) -> Document:
    return {"at": mark.at, "last": mark.last}


def mark_from_doc(document: Document | None) -> SweepMark:
    """Where there is none, the sweep begins with the oldest report."""
    return msgspec.convert(document, SweepMark) if document is not None else START
