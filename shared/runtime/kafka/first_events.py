"""First events: what a new document says of itself is not stored a second time, it follows from the document.

A report's submission, a case's opening, an alert's sending are version 1 of their documents. Whoever makes such a
document publishes its first event before it lets go of what made it (the request's group, the consumed batch);
trace and replay read it from the document again.
"""

from collections.abc import Callable
from dataclasses import dataclass

from shared.contracts.envelope import Envelope
from shared.runtime.storage.mongo import Collection, Document, IndexModel

BIRTH_INDEX = IndexModel([("stored_at", 1), ("_id", 1)], name="stored_order")


@dataclass(frozen=True, slots=True)
class Births:
    """The documents of a collection and the event that each began with. Every one has ``stored_at``, in real time."""

    collection: Collection
    event: Callable[[Document], Envelope]

    async def of(self, aggregate: str) -> tuple[Envelope, Document] | None:
        """The first event of ``aggregate``, if it is one of these."""
        document = await self.collection.find_one({"_id": aggregate})
        return (self.event(document), document) if document is not None else None
