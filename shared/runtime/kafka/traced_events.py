"""What a service has stored about an id: a report, a case, an alert, one event, a delivery, or a trace.

Documents have no index by trace, which would slow down every insert: of each collection the newest are looked through.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

from shared.contracts.envelope import Envelope
from shared.runtime.kafka.first_events import FirstEvents
from shared.runtime.kafka.outbox_relay import from_stored
from shared.runtime.storage.mongo import Collection, Document

EVENTS_MAX = 500
TRACED_NEWEST = 20_000
"""Documents of each collection that are looked through for a trace: some 100 ms, and some hours of a large city."""
_TRACE = re.compile(r"(?:00-)?([0-9a-f]{32})(?:-[0-9a-f]{16}-[0-9a-f]{2})?")


class StoredEvent(NamedTuple):
    """``at``: when it was stored, in real time; None while it waits in its document."""

    event: Envelope
    at: datetime | None


class Traced(NamedTuple):
    """What is stored about an id. ``case``, ``city``: of the delivery that has the id, else None and empty."""

    events: Sequence[StoredEvent]
    case: str | None = None
    city: str = ""


class EventStores(Protocol):
    """What is looked through: see ``Service``."""

    events: Collection
    first_events: Sequence[FirstEvents]
    deliveries: Sequence[Collection]

    @property
    def sources(self) -> Sequence[Collection]: ...


def trace_id(text: str) -> str | None:
    """The 32 digits of a trace id or a traceparent (W3C); None for anything else."""
    found = _TRACE.fullmatch(text)
    return found[1] if found else None


async def traced(stores: EventStores, id_: str) -> Traced:
    """Everything stored about ``id_``, at most ``EVENTS_MAX`` events of a collection. Raises ``MongoError``."""
    trace = trace_id(id_)
    if trace is not None:
        return Traced(_in_order(await _of_trace(stores, trace)))
    for deliveries in stores.deliveries:
        delivery = await deliveries.find_one({"_id": id_}, {"case": 1, "city": 1})
        if delivery is not None:
            return Traced((), delivery["case"], delivery["city"])
    return Traced(_in_order(await _of_subject(stores, id_)))


async def _of_subject(stores: EventStores, id_: str) -> list[StoredEvent]:
    rows = await stores.events.find({"$or": [{"subject": id_}, {"_id": id_}]}, sort=[("sequence", 1)], limit=EVENTS_MAX)
    found = [StoredEvent(from_stored(row), row["stored_at"]) for row in rows]
    for first in stores.first_events:
        born = await first.of_aggregate(id_.partition(".")[0])
        if born is not None and id_ in (born[0].id, born[0].subject):
            found.append(StoredEvent(born[0], born[1]["stored_at"]))
        if first.about:
            about = await first.collection.find({first.about: id_}, limit=EVENTS_MAX)
            found += [StoredEvent(first.event(document), document["stored_at"]) for document in about]
    stored = {one.event.id for one in found}
    for source in stores.sources:
        document = await source.find_one({"_id": id_}, {"pending": 1})
        waiting = [msgspec.convert(pending, Envelope) for pending in (document or {}).get("pending", ())]
        found += [StoredEvent(event, None) for event in waiting if event.id not in stored]
    return found


async def _of_trace(stores: EventStores, trace: str) -> list[StoredEvent]:
    found = []
    for first in stores.first_events:
        ids = await _newest(first.collection, first.trace, trace)
        documents = await first.collection.find({"_id": {"$in": ids}}, limit=len(ids))
        found += [StoredEvent(first.event(document), document["stored_at"]) for document in documents]
    ids = await _newest(stores.events, "trace", trace)
    rows = await stores.events.find({"_id": {"$in": ids}}, limit=len(ids))
    return found + [StoredEvent(from_stored(row), row["stored_at"]) for row in rows]


async def _newest(collection: Collection, field: str, trace: str) -> list[str]:
    """Ids of those of the newest documents that belong to the trace."""
    rows = await collection.find({}, {field: 1}, sort=[("stored_at", -1), ("_id", -1)], limit=TRACED_NEWEST)
    return [row["_id"] for row in rows if trace_id(_text(row, field)) == trace][:EVENTS_MAX]


def _text(row: Document, field: str) -> str:
    value: object = row
    for name in field.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def _in_order(found: list[StoredEvent]) -> list[StoredEvent]:
    return sorted(found, key=lambda one: (one.event.sequence, one.event.id))
