"""The outbox relay: publishes the events that documents carry, and clears them once Kafka has them.

Context: a change of a document adds its events to the document's ``pending`` in the same MongoDB update and marks the
document with ``outbox`` = {lane, since}. So document and events are stored together or not at all. Afterwards the relay

1. inserts the events into the service's ``events`` and publishes them, both at once, and awaits the acknowledgements;
2. takes them out of ``pending`` and removes the mark.

A crash between the two repeats step 1. That is harmless: event ids are derived from the document's id and version, and
consumers ignore an id that they have seen. The process that wrote a document offers its events in memory
(``Outbox.offer``). What was not offered, or was left by a crash or while Kafka was away, is found by the index
``outbox``: danger before live before history, oldest first.

A first event (``Outbox.offer_first``) is only published. It is neither stored nor cleared, since it can be made from
its document at any time (``first_events``).
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog
from aiokafka.errors import KafkaError
from prometheus_client import Counter, Gauge

from shared.contracts.envelope import DANGER, HISTORY, LANES, LIVE, Envelope
from shared.runtime.kafka.broker import Publisher
from shared.runtime.kafka.duplicate_metrics import count_duplicates
from shared.runtime.storage.mongo import Collection, Document, IndexModel, MongoError, UpdateOne
from shared.runtime.timekeeping.batch_pacing import BatchPacing
from shared.runtime.timekeeping.wall_clock import real_now

log = structlog.get_logger()

ROUND = 256
"""Most documents of one round."""
LOOKED_FOR = 64
"""Places in a round with a poll that are reserved for documents found by the index, however many are offered."""
OFFERED_MAX = 4096
"""Per lane, so that imports cannot fill the queue of live documents."""
ROUNDS_AT_ONCE = 2
LEFT_BEHIND = timedelta(seconds=2)
"""The poll takes documents that were marked at least so long ago: younger ones are most likely in the queue already."""
POLL_SECONDS = 5.0
POLL_SECONDS_SOON = 2.0
SOON_FOR = 30.0
"""Seconds after a start, a failure or an overflow in which the poll runs more often, since documents may be waiting."""
SPACING_SECONDS = 0.01
RETRY_SECONDS_MAX = 5.0

_RELAYED = Counter("whistle_events_relayed_total", "Events published and acknowledged.", ["service"])
_STOPPED = Gauge("whistle_relay_failing", "1 while the relay cannot publish.", ["service"])
_WAITING = Gauge("whistle_relay_waiting_documents", "Documents handed to the relay that wait for a round.", ["service"])
_IN_FLIGHT = Gauge("whistle_relay_in_flight_documents", "Documents whose events are being published.", ["service"])
_AGE = Gauge(
    "whistle_relay_backlog_age_seconds",
    "Age of the oldest document with pending events that the poll found; 0: none was left behind.",
    ["service"],
)

OUTBOX_INDEX = IndexModel([("outbox.lane", 1), ("outbox.since", 1)], name="outbox", sparse=True)
EVENT_INDEXES = (
    IndexModel([("subject", 1), ("sequence", 1)], name="subject"),
    IndexModel([("stored_at", 1), ("_id", 1)], name="stored_order"),
)


@dataclass(frozen=True, slots=True)
class OfferedDocument:
    """A document's pending events at its ``version``. ``first``: its first event, which is published and not stored."""

    outbox: "Outbox"
    id: str
    version: int
    events: tuple[Envelope, ...]
    first: bool = False

    @property
    def lane(self) -> int:
        """The most urgent lane among its events."""
        return min((event.lane for event in self.events), default=LIVE)

    @property
    def place(self) -> tuple["Outbox", str, int]:
        return self.outbox, self.id, self.version


class Outbox:
    """A collection whose documents carry pending events. ``Relay.source`` makes it; stores offer events through it."""

    def __init__(self, relay: "Relay", documents: Collection) -> None:
        self.documents = documents
        self._relay = relay

    def offer(self, id_: str, version: int, events: Sequence[Envelope]) -> None:
        """Publish what was just written into the document's ``pending`` with its ``version``."""
        self._relay.take(OfferedDocument(self, id_, version, tuple(events)))

    def offer_first(self, event: Envelope) -> None:
        """Publish the first event of a document, its ``subject``."""
        self._relay.take(OfferedDocument(self, event.subject, event.sequence, (event,), first=True))

    def room(self, lane: int) -> int:
        """How many documents may be offered now in ``lane``; the relay's outboxes share it."""
        return self._relay.room(lane)

    @property
    def stuck(self) -> bool:
        """Whether the relay's last round failed: MongoDB or Kafka is away."""
        return self._relay.failing_since is not None


def as_pending(events: Iterable[Envelope]) -> list[Document]:
    """Events as a document's ``pending`` holds them."""
    return [msgspec.to_builtins(event, builtin_types=(datetime,)) for event in events]


class Relay:
    """Publishes the pending events of one service: of every collection that ``source`` was called for."""

    def __init__(self, service: str, events: Collection, publisher: Publisher) -> None:
        self._service = service
        self.outboxes: list[Outbox] = []
        self._events = events
        self._publisher = publisher
        self._offered: dict[int, deque[OfferedDocument]] = {lane: deque() for lane in LANES}
        self._in_flight: set[tuple[Outbox, str, int]] = set()
        self._wake = asyncio.Event()
        self._spacing = BatchPacing(SPACING_SECONDS)
        self._soon_until = 0.0
        self.failing_since: float | None = None
        _WAITING.labels(service).set_function(lambda: sum(map(len, list(self._offered.values()))))
        _IN_FLIGHT.labels(service).set_function(lambda: len(self._in_flight))

    def source(self, documents: Collection) -> Outbox:
        """Declare a collection with pending events. It needs ``OUTBOX_INDEX``. The poll asks them in this order."""
        outbox = Outbox(self, documents)
        self.outboxes.append(outbox)
        return outbox

    @property
    def sources(self) -> list[Collection]:
        """The declared collections."""
        return [outbox.documents for outbox in self.outboxes]

    def take(self, document: OfferedDocument) -> None:
        """Queue a document. When its lane's queue is full it is dropped here; the poll finds it in the store."""
        if self.room(document.lane):
            self._offered[document.lane].append(document)
        else:
            self._look_soon()
        self._wake.set()

    def room(self, lane: int) -> int:
        """How many documents may be offered now in ``lane``."""
        return max(0, OFFERED_MAX - len(self._offered[lane]))

    def unwell(self) -> str | None:
        """Why events are not published; None while they are."""
        return "events cannot be published" if self.failing_since is not None else None

    async def run(self) -> None:
        """Publish offered documents as they come, and poll for those left behind, until cancelled."""
        rounds = asyncio.Semaphore(ROUNDS_AT_ONCE)
        self._look_soon()
        polled, pause = 0.0, 0.0
        # more: the poll may not have seen all that is left behind; stuck: what it saw is in a round already.
        more, stuck = True, False

        def ended(_: "asyncio.Task[None]") -> None:
            rounds.release()
            if more:
                self._wake.set()

        async with asyncio.TaskGroup() as tasks:
            while True:
                if pause:
                    await asyncio.sleep(pause)
                elif not any(self._offered.values()) and (stuck or not more):
                    await self._woken(self._poll_after())
                await self._spacing.turn()
                looks = more or time.monotonic() - polled >= self._poll_after()
                batch = self._next((DANGER, LIVE), ROUND - LOOKED_FOR if looks else ROUND)
                if looks:
                    polled = time.monotonic()
                    found, more = await self._left_behind(ROUND - len(batch))
                    batch += found
                batch += self._next((HISTORY,), ROUND - len(batch))
                stuck = more and not batch
                if batch:
                    await rounds.acquire()
                    tasks.create_task(self._round(batch)).add_done_callback(ended)
                pause = min(RETRY_SECONDS_MAX, pause * 2 or 0.2) if self.failing_since else 0.0

    def _look_soon(self) -> None:
        self._soon_until = time.monotonic() + SOON_FOR

    def _poll_after(self) -> float:
        """Seconds between two polls for documents that were left behind."""
        return min(POLL_SECONDS, POLL_SECONDS_SOON) if time.monotonic() < self._soon_until else POLL_SECONDS

    async def _woken(self, seconds: float) -> None:
        self._wake.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    def _next(self, lanes: Iterable[int], limit: int) -> list[OfferedDocument]:
        batch: list[OfferedDocument] = []
        for offered in (self._offered[lane] for lane in lanes):
            while offered and len(batch) < limit:
                document = offered.popleft()
                if self._claim(document):
                    batch.append(document)
        return batch

    async def _left_behind(self, limit: int) -> tuple[list[OfferedDocument], bool]:
        """Documents found by the index that are in no round, and whether there may be more than ``limit``."""
        now = real_now()
        before = now - LEFT_BEHIND
        oldest = now
        found: list[OfferedDocument] = []
        more = False
        try:
            for outbox in self.outboxes:
                if limit <= len(found):
                    more = True
                    break
                documents = await outbox.documents.find(
                    {"outbox.lane": {"$in": list(LANES)}, "outbox.since": {"$lte": before}},
                    {"version": 1, "pending": 1, "outbox": 1},
                    sort=[("outbox.lane", 1), ("outbox.since", 1)],
                    limit=limit - len(found),
                    hint="outbox",
                )
                more = more or len(documents) == limit - len(found)
                oldest = min([oldest, *(document["outbox"]["since"] for document in documents)])
                found += [o for o in (_found(outbox, d) for d in documents) if self._claim(o)]
        except MongoError as error:
            self._failed(error)
        else:
            _AGE.labels(self._service).set((now - oldest).total_seconds())
            if not found and not any(self._offered.values()) and not self._in_flight:
                self._recovered()
        return found, more

    def _claim(self, document: OfferedDocument) -> bool:
        place = document.place
        if place in self._in_flight:
            return False
        self._in_flight.add(place)
        return True

    async def _round(self, batch: list[OfferedDocument]) -> None:
        events = [event for document in batch for event in document.events]
        changes = [document for document in batch if not document.first]
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._store([event for document in changes for event in document.events]))
                both.create_task(self._publisher.publish(events))
            await self._clear(changes)
        except* (MongoError, KafkaError, OSError, TimeoutError) as errors:
            self._failed(errors.exceptions[0])
            for lane, offered in self._offered.items():
                offered.extendleft([d for d in batch if d.first and d.lane == lane][: self.room(lane)])
        else:
            _RELAYED.labels(self._service).inc(len(events))
            self._recovered()
        finally:
            self._in_flight.difference_update(document.place for document in batch)

    async def _store(self, events: Sequence[Envelope]) -> None:
        if events:
            stored_at = real_now()
            known = await self._events.insert_each([_stored(event, stored_at) for event in events], "events")
            count_duplicates("events", len(known))

    async def _clear(self, batch: Sequence[OfferedDocument]) -> None:
        """Empty the outboxes. A document that changed meanwhile has newer events in ``pending``: of such, only the
        published ones are pulled, and its mark stays until a later round finds nothing else pending.
        """
        groups: dict[tuple[Outbox, int, int], list[OfferedDocument]] = {}
        for document in batch:
            groups.setdefault((document.outbox, document.version, len(document.events)), []).append(document)
        for (outbox, version, size), documents in groups.items():
            cleared = await outbox.documents.update_all(
                {"_id": {"$in": [d.id for d in documents]}, "version": version, "pending": {"$size": size}},
                {"$unset": {"pending": 1, "outbox": 1}},
                fast=True,
            )
            if cleared < len(documents):
                await outbox.documents.write(
                    [
                        UpdateOne({"_id": d.id}, {"$pull": {"pending": {"id": {"$in": [e.id for e in d.events]}}}})
                        for d in documents
                    ],
                    fast=True,
                )

    def _failed(self, error: BaseException) -> None:
        if self.failing_since is None:
            self.failing_since = time.monotonic()
            _STOPPED.labels(self._service).set(1)
        self._look_soon()
        log.warning("relay.failed", error=str(error), kind=type(error).__name__)

    def _recovered(self) -> None:
        """A round succeeded, or nothing is pending any more."""
        if self.failing_since is not None:
            log.info("relay.recovered")
            _STOPPED.labels(self._service).set(0)
            self.failing_since = None


def _found(outbox: Outbox, document: Document) -> OfferedDocument:
    events = tuple(msgspec.convert(e, Envelope) for e in document.get("pending", ()))
    return OfferedDocument(outbox, document["_id"], document.get("version", 0), events)


def _stored(event: Envelope, stored_at: datetime) -> Document:
    document: dict[str, Any] = msgspec.to_builtins(event, builtin_types=(datetime,))
    document["_id"] = document.pop("id")
    document["stored_at"] = stored_at
    return document


def from_stored(document: Document) -> Envelope:
    """An event as ``events`` holds it."""
    return msgspec.convert({**document, "id": document["_id"]}, Envelope)
