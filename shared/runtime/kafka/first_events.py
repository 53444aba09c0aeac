"""First events: derived from the document that they announce, and not stored a second time.

``report.submitted``, ``case.opened`` and ``alert.sent`` are version 1 of their documents. Whoever inserts such a
document publishes its first event before it acknowledges what caused it (the request, the consumed batch). Trace and
replay derive it from the document again.
"""

from collections.abc import Callable
from dataclasses import dataclass

from shared.contracts.envelope import Envelope
from shared.runtime.storage.mongo import Collection, Document, IndexModel

FIRST_EVENT_INDEX = IndexModel([("stored_at", 1), ("_id", 1)], name="stored_order")


@dataclass(frozen=True, slots=True)
class FirstEvents:
    """A collection and how the first event of its documents is derived. Each has ``stored_at``, in real time.

    ``trace``: where a document has the traceparent of what caused it; ``about``: the field with the id that its events
    are asked for by as well, such as an alert's case.
    """

    collection: Collection
    event: Callable[[Document], Envelope]
    trace: str = "trace"
    about: str = ""

    async def of_aggregate(self, aggregate: str) -> tuple[Envelope, Document] | None:
        """The first event of ``aggregate``, if it is one of these."""
        document = await self.collection.find_one({"_id": aggregate})
        return (self.event(document), document) if document is not None else None
