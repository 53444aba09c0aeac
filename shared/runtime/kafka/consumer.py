"""Consumers: at-least-once delivery of batches of events to a handler.

``latest_event_consumer`` hands over only the newest event of each aggregate in a batch. It is for projections, whose
writes are guarded by version. ``every_event_consumer`` hands over all events. It is for effects, which derive the ids
of what they create from the event's id, so that a repeat has no effect.

Records are decoded one by one; one that cannot be decoded is parked as a dead letter. When the handler raises an outage
(MongoDB, Kafka, an HTTP peer), the batch is retried for a minute and then left to be delivered again. On any other
exception the events are handled one by one, and those that fail are parked.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

import httpx
import structlog
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker
from prometheus_client import Counter, Histogram

from shared.contracts.catalogue import CATALOGUE, lane_group, lane_topic
from shared.contracts.envelope import LIVE, Envelope, Malformed, from_record
from shared.kernel.clock import Clock
from shared.runtime.kafka.broker import durable_subscriber, fetching_paused
from shared.runtime.kafka.crash_attempts import BATCH_ATTEMPTS_MAX, RECORD_ATTEMPTS_MAX
from shared.runtime.kafka.dead_letters import DeadLetters
from shared.runtime.kafka.lane_priority import LanePriority
from shared.runtime.observability.log_ids import ids_in
from shared.runtime.settings import Settings
from shared.runtime.storage.mongo import MongoError

log = structlog.get_logger()

T = TypeVar("T")
Handler = Callable[[Sequence[Envelope]], Awaitable[None]]
OUTAGES = (MongoError, KafkaError, httpx.HTTPError, OSError, TimeoutError)
OUTAGE_SECONDS_MAX = 60.0
SPACING_SECONDS = 0.02
"""Least time between two batches: a record after a pause is handled at once, those that follow closely in one batch."""
BACKGROUND_SPACING_SECONDS = 0.1
"""The same for consumers that page nobody: fewer, larger batches leave CPU to those that do."""
_HANDLED = Counter("whistle_events_handled_total", "Events handled by consumers.", ["group"])
_TOOK = Histogram(
    "whistle_consumer_batch_duration_seconds",
    "Time to handle a batch of records, outages that were waited for included.",
    ["group"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
)


class HandledOffset(NamedTuple):
    """Every record below ``offset`` is handled; ``newest``: the latest timestamp of them in ms, 0 while unknown."""

    offset: int
    newest: int = 0


class Consumer(ConsumerRebalanceListener):  # type: ignore[misc] # the client is not typed
    """One subscription: one lane of a topic, a consumer group, and the handler of its events."""

    def __init__(
        self,
        topic: str,
        group: str,
        handle: Handler,
        dead: DeadLetters,
        clock: Clock,
        *,
        newest: bool,
        spacing: float = SPACING_SECONDS,
        lane: int = LIVE,
    ) -> None:
        self.topic = lane_topic(topic, lane)
        self._of = topic
        self.lane = lane
        self.lane_priority = LanePriority()
        self._spacing = spacing
        self.group = lane_group(group, lane)
        self._handle = handle
        self._dead = dead
        self._attempts = dead.attempts
        self._counted_places: frozenset[str] = frozenset()
        self._proven: set[int] = set()
        """Partitions whose first batch since the start was handled: no record there crashes the process at once."""
        self._clock = clock
        self._newest = newest
        self.subscriber: Any = None
        self.progress = time.monotonic()
        self.records = 0
        """Records handled since the start."""
        self._counted, self._took = _HANDLED.labels(group), _TOOK.labels(group)
        self.retries_outages = True
        """Whether a batch is retried during an outage; if not, it fails and is delivered again."""
        self.first_offsets: dict[int, int] = {}
        """Partition → the offset of the first record since it was assigned."""
        self.handled: dict[int, HandledOffset] = {}
        """Partition → up to where every record is handled."""
        self.reassigned: set[int] = set()
        """Partitions that another process had, or may have had, since the last check of the offset marks."""
        self.rewound: set[int] = set()
        """Partitions that were sought back to an earlier offset; the batch in hand may still be from after it."""

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Nothing to do: ``on_partitions_assigned`` follows."""

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Consuming starts at the group's committed offsets; forget what was known of these partitions."""
        for place in assigned:
            self.forget_offsets(place.partition)
            self.rewound.discard(place.partition)
            self.reassigned.add(place.partition)

    def forget_offsets(self, partition: int | None = None) -> None:
        """Forget the first and handled offsets of one partition, or of all."""
        for places in (self.first_offsets, self.handled):
            if partition is None:
                places.clear()
            else:
                places.pop(partition, None)

    def subscribe(self, settings: Settings, broker: KafkaBroker) -> None:
        """Declare the FastStream subscriber; it starts with the broker."""
        self.subscriber = durable_subscriber(settings, broker, self.topic, self.group, self.group, self, lane=self.lane)
        self.subscriber(self._consume)

    async def _consume(self, records: tuple[ConsumerRecord, ...]) -> None:
        with fetching_paused(getattr(self.subscriber, "consumer", None)):
            await self.lane_priority.begins(self.lane)
            began = time.monotonic()
            try:
                await self._turn(records, began)
            finally:
                took = time.monotonic() - began
                rest = self.lane_priority.ended(self.lane, took)
            await asyncio.sleep(max(0.0, self._spacing - took, rest))

    async def _turn(self, records: tuple[ConsumerRecord, ...], began: float) -> None:
        firsts = {record.partition: record.offset for record in reversed(records)}
        self.first_offsets = firsts | self.first_offsets
        unproven = {f"{self.group}/{p}/{offset}" for p, offset in firsts.items() if p not in self._proven}
        if unproven and await self._begin(unproven) > BATCH_ATTEMPTS_MAX:
            await self._one_by_one(records)
        else:
            await self._handled(records)
        if unproven:
            await self._attempts.done(unproven)
            self._counted_places = frozenset()
            self._proven |= firsts.keys()
        self.records += len(records)
        self.progress = time.monotonic()
        self._took.observe(self.progress - began)
        self._note_places(firsts, records)

    async def _begin(self, places: Iterable[str]) -> int:
        self._counted_places = frozenset(places)
        return await self._retry_outages(lambda: self._attempts.begin(self._counted_places))

    async def _one_by_one(self, records: Sequence[ConsumerRecord]) -> None:
        """One of them may be what ended the processes before."""
        for record in records:
            place = f"{self.group}/{record.partition}/{record.offset}/alone"
            if await self._begin([place]) > RECORD_ATTEMPTS_MAX:
                reason = f"{RECORD_ATTEMPTS_MAX} processes ended while they had it in hand"
                await self._dead.park(record, self.group, reason, self._clock.now())
            else:
                await self._handled([record])
            self.progress = time.monotonic()
            await self._attempts.done([place])

    async def _handled(self, records: Sequence[ConsumerRecord]) -> None:
        pairs = [pair for record in records if (pair := await self._decoded(record)) is not None]
        if self._newest:
            pairs = newest_of_each(pairs)
        if pairs:
            await self._retry_outages(lambda: self._handle_splitting(pairs))
        self._counted.inc(len(pairs))

    def _note_places(self, firsts: dict[int, int], records: Sequence[ConsumerRecord]) -> None:
        """Note up to where records are handled. A hole between two batches means that another process had the
        partition in between, or that the partition was sought back and the records between come again."""
        lasts = {record.partition: record for record in records}
        for partition, last in lasts.items():
            first, newest = firsts[partition], max(r.timestamp for r in records if r.partition == partition)
            before = self.handled.get(partition, HandledOffset(first))
            if first > before.offset and partition in self.rewound:
                continue  # fetched before the seek: these records come again
            self.rewound.discard(partition)
            if first > before.offset:
                self.reassigned.add(partition)
                self.first_offsets[partition], self.handled[partition] = first, HandledOffset(last.offset + 1, newest)
            elif before.offset <= last.offset:
                self.handled[partition] = HandledOffset(last.offset + 1, max(before.newest, newest))

    async def _decoded(self, record: ConsumerRecord) -> tuple[ConsumerRecord, Envelope] | None:
        try:
            event = from_record(self._of, record.key, record.value, record.headers)
            if event.type not in CATALOGUE:
                raise Malformed(f"the type {event.type[:80]} is not in the catalogue")
        except Malformed as wrong:
            await self._dead.park(record, self.group, str(wrong), self._clock.now())
            return None
        return record, event

    async def _retry_outages(self, work: Callable[[], Awaitable[T]]) -> T:
        """Call ``work`` again while it raises outages, for a minute at most; then raise, so that Kafka redelivers."""
        pause, since = 0.1, time.monotonic()
        while True:
            try:
                return await work()
            except OUTAGES as error:
                if not self.retries_outages or time.monotonic() - since > OUTAGE_SECONDS_MAX:
                    raise
                log.warning("consumer.waits", group=self.group, error=str(error), kind=type(error).__name__)
                self.progress = time.monotonic()
                await self._survived()
                await asyncio.sleep(pause)
                pause = min(5.0, pause * 2)

    async def _survived(self) -> None:
        """The handler returned (with an outage), so these records did not crash the process: reset their counters."""
        if self._counted_places:
            with contextlib.suppress(*OUTAGES):
                await self._attempts.done(self._counted_places)
                self._counted_places = frozenset()

    async def _handle_splitting(self, pairs: Sequence[tuple[ConsumerRecord, Envelope]]) -> None:
        try:
            await self._handle([event for _, event in pairs])
        except OUTAGES:
            raise
        except Exception as fault:
            if len(pairs) > 1:
                for pair in pairs:
                    await self._handle_splitting([pair])
                    self.progress = time.monotonic()
                return
            event = pairs[0][1]
            log.exception(
                "record.failed", group=self.group, id=event.id, trace=event.trace, **ids_in(event.id, event.subject)
            )
            await self._dead.park(pairs[0][0], self.group, f"{type(fault).__name__}: {fault}", self._clock.now())


def newest_of_each(pairs: Sequence[tuple[ConsumerRecord, Envelope]]) -> list[tuple[ConsumerRecord, Envelope]]:
    """The newest event of each aggregate (``subject``), with its record."""
    newest: dict[str, tuple[ConsumerRecord, Envelope]] = {}
    for pair in pairs:
        seen = newest.get(pair[1].subject)
        if seen is None or pair[1].sequence >= seen[1].sequence:
            newest[pair[1].subject] = pair
    return list(newest.values())


def latest_event_consumer(topic: str, group: str, handle: Handler, dead: DeadLetters, clock: Clock) -> Consumer:
    """``handle`` gets the newest event of each aggregate and must guard its writes by version."""
    return Consumer(topic, group, handle, dead, clock, newest=True)


def every_event_consumer(
    topic: str,
    group: str,
    handle: Handler,
    dead: DeadLetters,
    clock: Clock,
    *,
    spacing: float = SPACING_SECONDS,
    lane: int = LIVE,
) -> Consumer:
    """``handle`` gets every event and must derive the ids of what it creates from the event's id.

    ``spacing``: least seconds between two batches.

    Each lane of a topic has a consumer and a group of its own; ``handle`` may be called for several at once.
    """
    return Consumer(topic, group, handle, dead, clock, newest=False, spacing=spacing, lane=lane)
