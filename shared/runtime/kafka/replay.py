"""Replay: publishes stored events again, first events before later ones, each oldest first. Consumers deduplicate.

One request publishes one stretch, so that it stays short however much is stored; its answer says where to continue.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Protocol

import msgspec

from shared.contracts.catalogue import TOPICS, lane_topic
from shared.contracts.envelope import Envelope
from shared.kernel.clock import rfc3339
from shared.kernel.errors import FieldError, invalid
from shared.runtime.kafka.broker import Publisher
from shared.runtime.kafka.first_events import FirstEvents
from shared.runtime.kafka.outbox_relay import from_stored
from shared.runtime.storage.mongo import Collection

PAGE = 256
STRETCH = 8 * PAGE
"""Most events of one request: what one relay publishes in about two seconds."""
STRETCH_SECONDS = 3.0
"""Time limit of a stretch: on a slow machine it is cut short before the caller's time-out, or nothing would advance."""


class ReplayBody(msgspec.Struct, forbid_unknown_fields=True):
    """Publish the events that were stored from ``since`` until before ``until`` (default: up to the newest).

    ``after``: the ``next`` of the previous answer. ``cluster``: refuse unless connected to this Kafka cluster.
    ``topic``: only events of this topic, named without the namespace.
    """

    since: datetime
    until: datetime | None = None
    dry_run: bool = False
    after: Annotated[str, msgspec.Meta(max_length=400)] | None = None
    cluster: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    topic: Annotated[str, msgspec.Meta(max_length=100)] | None = None


class ReplaySource(Protocol):
    """What a replay needs of a service."""

    publisher: Publisher
    events: Collection
    first_events: Sequence[FirstEvents]


@dataclass(frozen=True, slots=True)
class Stretch:
    """``events``: how many stored events were read; ``next``: the cursor to continue after, None at the end."""

    events: int
    next: str | None


@dataclass(frozen=True, slots=True)
class _Place:
    """The last event published: in which collection, and where in its total order."""

    log: int
    at: datetime
    id: str

    def __str__(self) -> str:
        return f"{self.log} {rfc3339(self.at)} {self.id}"


async def publish_again(service: ReplaySource, body: ReplayBody) -> Stretch:
    """Publish the next stretch. Raises ``KafkaError`` when not all of it was acknowledged, ``Refusal`` 422 for a wrong
    ``after`` or ``topic``."""
    if body.topic is not None and body.topic not in TOPICS:
        raise invalid(FieldError("/topic", "is no topic"))
    logs = (*service.first_events, FirstEvents(service.events, from_stored))
    place = _read(body.after, len(logs)) if body.after is not None else None
    count, ends = 0, time.monotonic() + STRETCH_SECONDS
    for number in range(place.log if place else 0, len(logs)):
        while True:
            page = await logs[number].collection.find(
                _later(body, place), sort=[("stored_at", 1), ("_id", 1)], limit=PAGE
            )
            if not page:
                break
            if not body.dry_run:
                await service.publisher.publish(_wanted([logs[number].event(document) for document in page], body))
            count += len(page)
            place = _Place(number, page[-1]["stored_at"], page[-1]["_id"])
            if count >= STRETCH or time.monotonic() > ends:
                return Stretch(count, str(place))
        place = None
    return Stretch(count, None)


def _wanted(events: list[Envelope], body: ReplayBody) -> list[Envelope]:
    if body.topic is None:
        return events
    return [event for event in events if lane_topic(event.topic, event.lane) == body.topic]


def _later(body: ReplayBody, place: _Place | None) -> dict[str, Any]:
    """The filter for the next page, ordered by time and id: one group commit can store more than a page in one
    millisecond."""
    bounds: dict[str, Any] = {"$gte": place.at if place else body.since}
    if body.until is not None:
        bounds["$lt"] = body.until
    if place is None:
        return {"stored_at": bounds}
    after = [{"stored_at": {"$gt": place.at}}, {"stored_at": place.at, "_id": {"$gt": place.id}}]
    return {"stored_at": bounds, "$or": after}


def _read(after: str, logs: int) -> _Place:
    try:
        number, at, id_ = after.split(" ")
        place = _Place(int(number), datetime.fromisoformat(at), id_)
        if place.at.tzinfo is None or not 0 <= place.log < logs:
            raise ValueError
    except ValueError as wrong:
        raise invalid(FieldError("/after", "is not the `next` of an answer")) from wrong
    return place
