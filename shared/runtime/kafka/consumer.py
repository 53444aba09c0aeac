"""Consumers: at-least-once delivery of batches of events to a handler.

``latest_event_consumer`` hands over only the newest event of each aggregate in a batch: for projections, which guard
their writes by version. ``every_event_consumer`` hands over all: for effects, which derive what they make from the
event's id, so that a repeat has no effect.

Both decode record by record. A record that is no event of ours is parked as a dead letter, and the others go on. When
the handler fails with an outage (MongoDB, Kafka, an HTTP peer) the batch waits and is tried again, for a minute; then
it is delivered anew. Any other failure is the fault of one record: the batch is split until the record that fails is
found and parked.
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
from shared.runtime.kafka.broker import durable_subscriber, held_back
from shared.runtime.kafka.crash_attempts import BATCH_ATTEMPTS_MAX, RECORD_ATTEMPTS_MAX
from shared.runtime.kafka.dead_letters import DeadLetters
from shared.runtime.kafka.lane_priority import LanePriority
from shared.runtime.settings import Settings
from shared.runtime.storage.mongo import MongoError

log = structlog.get_logger()

T = TypeVar("T")
Handler = Callable[[Sequence[Envelope]], Awaitable[None]]
OUTAGES = (MongoError, KafkaError, httpx.HTTPError, OSError, TimeoutError)
OUTAGE_SECONDS_MAX = 60.0
SPACING_SECONDS = 0.02
"""Between batches: a record after a pause is handled at once, those on its heels together."""
LEISURE_SECONDS = 0.1
"""The same where nobody is paged by it: fewer, larger batches leave more of the machine to those who are."""
_HANDLED = Counter("whistle_events_handled_total", "Events handled by consumers.", ["group"])
_TOOK = Histogram(
    "whistle_consumer_batch_duration_seconds",
    "Time to handle a batch of records, outages that were waited for included.",
    ["group"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
)


class Handled(NamedTuple):
    """Everything below ``offset`` is handled; ``newest``: the latest time of these records, in ms, 0 while unknown."""

    offset: int
    newest: int = 0


class Consumer(ConsumerRebalanceListener):  # type: ignore[misc] # the client is not typed
    """One subscription: a topic in one of its lanes, a group and what is done with its events."""

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
        self.way = LanePriority()
        self._spacing = spacing
        self.group = lane_group(group, lane)
        self._handle = handle
        self._dead = dead
        self._attempts = dead.attempts
        self._in_hand: frozenset[str] = frozenset()
        self._proven: set[int] = set()
        """Partitions whose first batch since the start was handled."""
        self._clock = clock
        self._newest = newest
        self.subscriber: Any = None
        self.progress = time.monotonic()
        self.records = 0
        """Handled since the start."""
        self._counted, self._took = _HANDLED.labels(group), _TOOK.labels(group)
        self.patient = True
        """Whether an outage is waited for, or left to whom the batch is given next."""
        self.began: dict[int, int] = {}
        """Partition → the first offset that came since it was assigned."""
        self.handled: dict[int, Handled] = {}
        """Partition → how far everything is handled."""
        self.apart: set[int] = set()
        """Partitions that were another's meanwhile, or may have been: what is handled of them is to be looked up."""
        self.sent_back: set[int] = set()
        """Partitions that go on at an earlier place, after what is in hand."""

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """The group deals its partitions out anew."""

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """They go on at the group's offsets, whoever had them before."""
        for place in assigned:
            self.forget_places(place.partition)
            self.sent_back.discard(place.partition)
            self.apart.add(place.partition)

    def forget_places(self, partition: int | None = None) -> None:
        """A partition, or all of them, may come back at another place."""
        for places in (self.began, self.handled):
            if partition is None:
                places.clear()
            else:
                places.pop(partition, None)

    def subscribe(self, settings: Settings, broker: KafkaBroker) -> None:
        """Declare the FastStream subscriber; it starts with the broker."""
        self.subscriber = durable_subscriber(settings, broker, self.topic, self.group, self.group, self, lane=self.lane)
        self.subscriber(self._consume)

    async def _consume(self, records: tuple[ConsumerRecord, ...]) -> None:
        with held_back(getattr(self.subscriber, "consumer", None)):
            await self.way.begins(self.lane)
            began = time.monotonic()
            try:
                await self._turn(records, began)
            finally:
                took = time.monotonic() - began
                rest = self.way.ended(self.lane, took)
            await asyncio.sleep(max(0.0, self._spacing - took, rest))

    async def _turn(self, records: tuple[ConsumerRecord, ...], began: float) -> None:
        firsts = {record.partition: record.offset for record in reversed(records)}
        self.began = firsts | self.began
        unproven = {f"{self.group}/{p}/{offset}" for p, offset in firsts.items() if p not in self._proven}
        if unproven and await self._begin(unproven) > BATCH_ATTEMPTS_MAX:
            await self._one_by_one(records)
        else:
            await self._handled(records)
        if unproven:
            await self._attempts.done(unproven)
            self._in_hand = frozenset()
            self._proven |= firsts.keys()
        self.records += len(records)
        self.progress = time.monotonic()
        self._took.observe(self.progress - began)
        self._note_places(firsts, records)

    async def _begin(self, places: Iterable[str]) -> int:
        self._in_hand = frozenset(places)
        return await self._through_outages(lambda: self._attempts.begin(self._in_hand))

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
            await self._through_outages(lambda: self._isolating(pairs))
        self._counted.inc(len(pairs))

    def _note_places(self, firsts: dict[int, int], records: Sequence[ConsumerRecord]) -> None:
        """What joins on to what was handled before. What lies apart from it shows that others had the partition
        in between; who was sent back has a stretch to go again."""
        lasts = {record.partition: record for record in records}
        for partition, last in lasts.items():
            first, newest = firsts[partition], max(r.timestamp for r in records if r.partition == partition)
            before = self.handled.get(partition, Handled(first))
            if first > before.offset and partition in self.sent_back:
                continue  # in hand when it was sent back, perhaps more than once: all of it comes again
            self.sent_back.discard(partition)
            if first > before.offset:
                self.apart.add(partition)
                self.began[partition], self.handled[partition] = first, Handled(last.offset + 1, newest)
            elif before.offset <= last.offset:
                self.handled[partition] = Handled(last.offset + 1, max(before.newest, newest))

    async def _decoded(self, record: ConsumerRecord) -> tuple[ConsumerRecord, Envelope] | None:
        try:
            event = from_record(self._of, record.key, record.value, record.headers)
            if event.type not in CATALOGUE:
                raise Malformed(f"the type {event.type[:80]} is not in the catalogue")
        except Malformed as wrong:
            await self._dead.park(record, self.group, str(wrong), self._clock.now())
            return None
        return record, event

    async def _through_outages(self, work: Callable[[], Awaitable[T]]) -> T:
        """Try until it is done, for at most a minute; then let the batch be delivered again."""
        pause, since = 0.1, time.monotonic()
        while True:
            try:
                return await work()
            except OUTAGES as error:
                if not self.patient or time.monotonic() - since > OUTAGE_SECONDS_MAX:
                    raise
                log.warning("consumer.waits", group=self.group, error=str(error), kind=type(error).__name__)
                self.progress = time.monotonic()
                await self._survived()
                await asyncio.sleep(pause)
                pause = min(5.0, pause * 2)

    async def _survived(self) -> None:
        """The handler returned (with an outage), so these records did not crash the process: reset their counters."""
        if self._in_hand:
            with contextlib.suppress(*OUTAGES):
                await self._attempts.done(self._in_hand)
                self._in_hand = frozenset()

    async def _isolating(self, pairs: Sequence[tuple[ConsumerRecord, Envelope]]) -> None:
        try:
            await self._handle([event for _, event in pairs])
        except OUTAGES:
            raise
        except Exception as fault:
            if len(pairs) > 1:
                for pair in pairs:
                    await self._isolating([pair])
                    self.progress = time.monotonic()
                return
            log.exception("record.failed", group=self.group, id=pairs[0][1].id)
            await self._dead.park(pairs[0][0], self.group, f"{type(fault).__name__}: {fault}", self._clock.now())


def newest_of_each(pairs: Sequence[tuple[ConsumerRecord, Envelope]]) -> list[tuple[ConsumerRecord, Envelope]]:
    """Of several events of one aggregate only the newest: a projection needs no other."""
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
    """``handle`` gets every event and must derive what it makes from the event's id. ``spacing``: seconds.

    Each lane of a topic has a consumer and a group of its own; ``handle`` may be called for several at once.
    """
    return Consumer(topic, group, handle, dead, clock, newest=False, spacing=spacing, lane=lane)
