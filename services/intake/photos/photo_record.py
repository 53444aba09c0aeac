"""The row of a photo: its type, and the one place where the type becomes the document and the document the type."""

from datetime import datetime
from typing import Literal

import msgspec

from shared.kernel.ids import opening_report
from shared.runtime.storage.mongo import Document

State = Literal["arriving", "sent", "clean", "unreadable", "going"]
"""``arriving``: its bytes are not stored yet; ``sent``: it waits to be cleaned; ``going``: it is being swept."""
THERE: frozenset[State] = frozenset({"sent", "clean", "unreadable"})
"""States in which a photo may be claimed and requested."""


class PhotoRecord(msgspec.Struct, frozen=True, kw_only=True, rename={"id": "_id"}):
    """What is known of a photo; its bytes lie in two buckets. ``bytes``, ``width`` and ``height``: as sent."""

    id: str
    city: str
    app: str
    sender: str = ""
    """The result of ``sender_of``; empty in rows of version 0.1.0."""
    bytes: int = 0
    sha256: str
    media: str
    width: int
    height: int
    state: State
    originals: list[str] | None = None
    """Names under which its bytes as sent were or are being put; None in rows of 0.1.0: its id."""
    original: str | None = None
    """The name that counts."""
    attempts: int
    """How often a worker began to clean it."""
    sent_at: datetime
    lease_until: datetime
    """No other worker takes it before."""
    claimed: bool
    report: str | None = None
    case: str | None = None
    looks: str | None = None
    """As ``looks_of`` has it, of a clean photo with enough to be known by."""

    @property
    def names(self) -> list[str]:
        """Names under which bytes as sent may be stored."""
        return self.originals if self.originals is not None else [self.id]

    @property
    def opened_by(self) -> str | None:
        """The report that shows it, or that opened the case which does; None while nobody claimed it."""
        if self.report is not None:
            return self.report
        return opening_report(self.case) if self.case is not None else None


class PhotoSize(msgspec.Struct, frozen=True):
    """A photo's size, for the limit of its sender's unclaimed bytes."""

    bytes: int


def to_doc(photo: PhotoRecord) -> Document:
    """The document of a new photo, which nobody claimed and nobody cleaned."""
    return {
        "_id": photo.id,
        "city": photo.city,
        "app": photo.app,
        "sender": photo.sender,
        "bytes": photo.bytes,
        "sha256": photo.sha256,
        "media": photo.media,
        "width": photo.width,
        "height": photo.height,
        "state": photo.state,
        "originals": photo.originals,
        "attempts": photo.attempts,
        "sent_at": photo.sent_at,
        "lease_until": photo.lease_until,
        "claimed": photo.claimed,
    }


def from_doc(document: Document) -> PhotoRecord:
    """The photo of any version's row."""
    return msgspec.convert(document, PhotoRecord)
