"""The relay: events leave from the documents that they were written with.

A change of a document adds its events to the document's ``pending`` in the same update and marks the document with
``outbox`` = {lane, since}. The relay (a) inserts them into the service's ``events``, (b) publishes them and awaits the
acknowledgements, (c) clears them from the document. A crash in between repeats, and repeating is harmless: event ids
are derived and consumers absorb them. Documents just written are handed over in memory (``offer``); what was not, or
what a crash or an absent broker left behind, is found by the index, oldest first, danger before the rest.

A first event (``births``) only passes through: it is published and neither stored nor cleared, since its document says
it for good.
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
from shared.runtime.kafka.duplicates import absorbed
from shared.runtime.storage.mongo import Collection, Document, IndexModel, MongoError, UpdateOne
from shared.runtime.timekeeping.batch_pacing import Spacing
from shared.runtime.timekeeping.wall_clock import real_now

log = structlog.get_logger()

ROUND = 256
LOOKED_FOR = 64
"""Of a round that looks, kept for what was left behind: whatever is handed over, none of that waits for ever."""
HANDED_MAX = 4096
"""In each lane: history takes no room away from what is live."""
ROUNDS_AT_ONCE = 2
LEFT_BEHIND = timedelta(seconds=2)
POLL_SECONDS = 5.0
POLL_SECONDS_SOON = 2.0
SOON_FOR = 30.0
"""So long after a start, a failure or an overflow something is likely to be left behind."""
SPACING_SECONDS = 0.01
RETRY_SECONDS_MAX = 5.0

_RELAYED = Counter("whistle_events_relayed_total", "Events published and acknowledged.", ["service"])
_STOPPED = Gauge("whistle_relay_failing", "1 while the relay cannot publish.", ["service"])
_HANDED = Gauge("whistle_relay_waiting_documents", "Documents handed to the relay that wait for a round.", ["service"])
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
class Handed:
    """Events of a document as they were written with its ``version``. ``birth``: the first one, only published."""

    collection: int
    id: str
    version: int
    events: tuple[Envelope, ...]
    birth: bool = False

    @property
    def lane(self) -> int:
        """The first of its events'."""
        return min((event.lane for event in self.events), default=LIVE)

    @property
    def place(self) -> tuple[int, str, int]:
        return self.collection, self.id, self.version


def as_pending(events: Iterable[Envelope]) -> list[Document]:
    """Events as a document's ``pending`` holds them."""
    return [msgspec.to_builtins(event, builtin_types=(datetime,)) for event in events]


class Relay:
    """Moves the pending events of some collections of one service."""

    def __init__(self, service: str, sources: Sequence[Collection], events: Collection, publisher: Publisher) -> None:
        self._service = service
        self._sources = sources
        self._events = events
        self._publisher = publisher
        self._handed: dict[int, deque[Handed]] = {lane: deque() for lane in LANES}
        self._in_flight: set[tuple[int, str, int]] = set()
        self._wake = asyncio.Event()
        self._spacing = Spacing(SPACING_SECONDS)
        self._soon_until = 0.0
        self.failing_since: float | None = None
        _HANDED.labels(service).set_function(lambda: sum(map(len, list(self._handed.values()))))
        _IN_FLIGHT.labels(service).set_function(lambda: len(self._in_flight))

    def offer(self, documents: Iterable[Handed]) -> None:
        """Hand over what was just written. Past the limit it is left to the poll: the documents hold the truth."""
        for document in documents:
            if self.room(document.lane):
                self._handed[document.lane].append(document)
            else:
                self._look_soon()
        self._wake.set()

    def room(self, lane: int) -> int:
        """How many documents may be offered now in ``lane``."""
        return max(0, HANDED_MAX - len(self._handed[lane]))

    def unwell(self) -> str | None:
        """Why events do not leave, if they do not."""
        return "events cannot be published" if self.failing_since is not None else None

    async def run(self) -> None:
        """For ever: rounds of handed documents, and every few seconds of those left behind."""
        rounds = asyncio.Semaphore(ROUNDS_AT_ONCE)
        self._look_soon()
        polled, pause = 0.0, 0.0
        # There may be more left behind; all that was found of it is in a round already.
        more, stuck = True, False

        def ended(_: "asyncio.Task[None]") -> None:
            rounds.release()
            if more:
                self._wake.set()

        async with asyncio.TaskGroup() as tasks:
            while True:
                if pause:
                    await asyncio.sleep(pause)
                elif not any(self._handed.values()) and (stuck or not more):
                    await self._woken(self._poll_after())
                await self._spacing.turn()
                looks = more or time.monotonic() - polled >= self._poll_after()
                batch = self._take((DANGER, LIVE), ROUND - LOOKED_FOR if looks else ROUND)
                if looks:
                    polled = time.monotonic()
                    found, more = await self._left_behind(ROUND - len(batch))
                    batch += found
                batch += self._take((HISTORY,), ROUND - len(batch))
                stuck = more and not batch
                if batch:
                    await rounds.acquire()
                    tasks.create_task(self._round(batch)).add_done_callback(ended)
                pause = min(RETRY_SECONDS_MAX, pause * 2 or 0.2) if self.failing_since else 0.0

    def _look_soon(self) -> None:
        self._soon_until = time.monotonic() + SOON_FOR

    def _poll_after(self) -> float:
        """Seconds between two looks at what was left behind."""
        return min(POLL_SECONDS, POLL_SECONDS_SOON) if time.monotonic() < self._soon_until else POLL_SECONDS

    async def _woken(self, seconds: float) -> None:
        self._wake.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    def _take(self, lanes: Iterable[int], limit: int) -> list[Handed]:
        batch: list[Handed] = []
        for handed in (self._handed[lane] for lane in lanes):
            while handed and len(batch) < limit:
                document = handed.popleft()
                if self._claim(document):
                    batch.append(document)
        return batch

    async def _left_behind(self, limit: int) -> tuple[list[Handed], bool]:
        """What is in no round yet, and whether there may be more: those in a round take up room in the answer."""
        now = real_now()
        before = now - LEFT_BEHIND
        oldest = now
        found: list[Handed] = []
        more = False
        try:
            for number, source in enumerate(self._sources):
                if limit <= len(found):
                    more = True
                    break
                documents = await source.find(
                    {"outbox.lane": {"$in": list(LANES)}, "outbox.since": {"$lte": before}},
                    {"version": 1, "pending": 1, "outbox": 1},
                    sort=[("outbox.lane", 1), ("outbox.since", 1)],
                    limit=limit - len(found),
                    hint="outbox",
                )
                more = more or len(documents) == limit - len(found)
                oldest = min([oldest, *(document["outbox"]["since"] for document in documents)])
                found += [h for h in (_handed(number, d) for d in documents) if self._claim(h)]
        except MongoError as error:
            self._failed(error)
        else:
            _AGE.labels(self._service).set((now - oldest).total_seconds())
            if not found and not any(self._handed.values()) and not self._in_flight:
                self._recovered()
        return found, more

    def _claim(self, document: Handed) -> bool:
        place = document.place
        if place in self._in_flight:
            return False
        self._in_flight.add(place)
        return True

    async def _round(self, batch: list[Handed]) -> None:
        events = [event for document in batch for event in document.events]
        changes = [document for document in batch if not document.birth]
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._store([event for document in changes for event in document.events]))
                both.create_task(self._publisher.publish(events))
            await self._clear(changes)
        except* (MongoError, KafkaError, OSError, TimeoutError) as errors:
            self._failed(errors.exceptions[0])
            for lane, handed in self._handed.items():
                handed.extendleft([d for d in batch if d.birth and d.lane == lane][: self.room(lane)])
        else:
            _RELAYED.labels(self._service).inc(len(events))
            self._recovered()
        finally:
            self._in_flight.difference_update(document.place for document in batch)

    async def _store(self, events: Sequence[Envelope]) -> None:
        if events:
            stored_at = real_now()
            inserted = await self._events.insert_all([_stored(event, stored_at) for event in events])
            if inserted.failed:
                raise TimeoutError("events were not stored by a majority")
            absorbed("events", len(inserted.duplicate))

    async def _clear(self, batch: Sequence[Handed]) -> None:
        """Whole outboxes at once where nothing else is pending; event by event where a document moved on meanwhile.

        The mark of the latter stays, and the poll takes it away once nothing is pending.
        """
        groups: dict[tuple[int, int, int], list[Handed]] = {}
        for document in batch:
            groups.setdefault((document.collection, document.version, len(document.events)), []).append(document)
        for (number, version, size), documents in groups.items():
            source = self._sources[number]
            cleared = await source.update_all(
                {"_id": {"$in": [d.id for d in documents]}, "version": version, "pending": {"$size": size}},
                {"$unset": {"pending": 1, "outbox": 1}},
                fast=True,
            )
            if cleared < len(documents):
                await source.write(
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
        """A round got through, or there is nothing left that could show it."""
        if self.failing_since is not None:
            log.info("relay.recovered")
            _STOPPED.labels(self._service).set(0)
            self.failing_since = None


def _handed(collection: int, document: Document) -> Handed:
    events = tuple(msgspec.convert(e, Envelope) for e in document.get("pending", ()))
    return Handed(collection, document["_id"], document.get("version", 0), events)


def _stored(event: Envelope, stored_at: datetime) -> Document:
    document: dict[str, Any] = msgspec.to_builtins(event, builtin_types=(datetime,))
    document["_id"] = document.pop("id")
    document["stored_at"] = stored_at
    return document


def from_stored(document: Document) -> Envelope:
    """An event as ``events`` holds it."""
    return msgspec.convert({**document, "id": document["_id"]}, Envelope)
