"""Offset marks: how a consumer notices that Kafka lost records, and gets them again.

Context: Kafka only carries; the emitting service keeps every event in MongoDB. Beside Kafka's own offsets each consumer
stores a mark for each partition in its service's ``consumer_marks``: everything below ``offset`` is handled, and that
is everything that was published before ``at``. ``check`` is called every few seconds and compares marks with the log:

- The mark is in the log and the consumer began past it (somebody moved the offsets, or another process had the
  partition): it seeks back to the mark.
- The mark is not in the log any more (a wiped folder, another cluster, an outage longer than the retention, a leader
  that lost its tail): records are gone that Kafka will not deliver. The consumer asks the emitting service over HTTP to
  publish again what it stored since ``at``, stretch by stretch, and ignores what it knows.
- Otherwise the mark is moved to what is handled. A consumer that is only behind keeps its mark and has lost nothing.

A log is still the one that was read if a lookup by the timestamp of the newest handled record finds it below the
handled offset.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from prometheus_client import Counter

from shared.contracts.catalogue import EMITTERS
from shared.kernel.clock import rfc3339
from shared.runtime.http_client import client as http_client
from shared.runtime.kafka.consumer import Consumer, HandledOffset
from shared.runtime.kafka.replay import Stretch
from shared.runtime.settings import Settings
from shared.runtime.storage.mongo import Collection, InsertOne, MongoError, UpdateOne, Write

log = structlog.get_logger()

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SETTLE_SECONDS = 10.0
"""Wait before asking: a producer still connected to a wiped cluster is told that records were kept which were not."""
MARGIN = timedelta(seconds=30)
"""Between being stored and being published, and between the clocks of two machines."""
UNCHANGED_SECONDS = 60.0
_LOST = Counter("whistle_consumer_gaps_total", "Times that records were gone before they were handled.", ["group"])


class ReplayClient:
    """Asks the services that emit events to publish them again (``POST /v1/replay``)."""

    def __init__(self, settings: Settings, auth: httpx.Auth, transport: http_client.Transport | None = None) -> None:
        urls = {"intake": settings.intake_url, "router": settings.router_url, "notifier": settings.notifier_url}
        self._urls = {topic: f"{urls[service]}/v1/replay" for topic, service in EMITTERS.items()}
        self._client = http_client.client(transport=transport, auth=auth)

    async def publish_again(self, topic: str, since: datetime, cluster: str, after: str | None) -> Stretch:
        """Publish one stretch of a topic again. Raises ``httpx.HTTPError`` unless all of it was published."""
        body = {"since": rfc3339(since), "cluster": cluster, "topic": topic, **({"after": after} if after else {})}
        answer = await self._client.post(self._urls[topic], json=body)
        answer.raise_for_status()
        return msgspec.json.decode(answer.content, type=Stretch)


@dataclass(frozen=True)
class PartitionEnds:
    """End offsets of partitions, read at ``at`` (real time) or a moment later."""

    at: datetime
    offsets: Mapping[TopicPartition, int]


class LogReplacedError(Exception):
    """The log is not the one that was read: the topic was recreated or the cluster replaced. Reconnect."""


@dataclass
class _State:
    """What is known of one consumer since the last (re)connect."""

    checked: set[int] = field(default_factory=set)
    missed_since: datetime | None = None
    ask_at: float = 0.0
    asked_to: str | None = None
    lost: set[int] = field(default_factory=set)
    """Partitions whose log was replaced: only their marks may move back to a lower offset."""
    samples: dict[int, tuple[datetime, int]] = field(default_factory=dict)
    """Partition → a moment, and the end offset at that moment."""
    before: dict[int, datetime] = field(default_factory=dict)
    """Partition → the latest such moment whose end offset is handled: all that was published before it is handled."""
    marked: dict[int, tuple[HandledOffset, datetime, float]] = field(default_factory=dict)
    """Partition → the mark as it was written last, and when (monotonic seconds)."""


@dataclass(frozen=True)
class _ConsumerCheck:
    """One consumer during one check."""

    consumer: Consumer
    state: _State
    assigned: list[TopicPartition]
    topics: Iterable[str]

    @property
    def numbers(self) -> set[int]:
        return {place.partition for place in self.assigned}

    def forget_reassigned(self) -> None:
        """Forget partitions that were revoked, or that another process had in between; they are checked again."""
        consumer, state = self.consumer, self.state
        if not self.assigned:
            return
        for gone in state.checked - self.numbers:
            consumer.forget_offsets(gone)
        for number in consumer.reassigned | (state.checked - self.numbers):
            state.checked.discard(number)
            state.lost.discard(number)
            state.samples.pop(number, None)
            state.marked.pop(number, None)
        consumer.reassigned.clear()

    def still_has(self, place: TopicPartition) -> bool:
        """Whether the partition was ours all the time since this check began.

        The group may be rebalanced at every await; the consumer then forgets the offsets of these partitions.
        """
        client = self.consumer.subscriber.consumer
        return client is not None and place in client.assignment() and place.partition not in self.consumer.reassigned

    def places(self) -> dict[int, HandledOffset]:
        """Partition → up to where it is handled, for those that were checked since they were assigned."""
        handled, sure = self.consumer.handled, self.state.checked - self.consumer.reassigned
        return {number: handled[number] for number in sorted(self.numbers & sure) if number in handled}

    def known(self) -> dict[TopicPartition, HandledOffset]:
        """What was handled of each partition whose log must still hold it.

        Without an assignment it is what was handled last: either other processes have the partitions, or the topic was
        recreated, which the client itself would notice only after minutes.
        """
        handled = self.consumer.handled
        if self.assigned:
            checked = [place for place in self.assigned if place.partition in self.state.checked]
            return {place: handled[place.partition] for place in checked if place.partition in handled}
        return {TopicPartition(topic, n): h for topic in self.topics for n, h in handled.items()}


class GapRecovery:
    """The offset marks of a service's consumers; ``KafkaConnection`` calls ``check`` every few seconds."""

    def __init__(self, marks: Collection, consumers: Sequence[Consumer], emitters: ReplayClient) -> None:
        self._marks = marks
        self._consumers = consumers
        self._emitters = emitters
        self._states: dict[str, _State] = {}
        self._replaced: set[str] = set()
        """Groups that have still to ask for the events that the replaced log held."""

    def connected(self, *, replaced: bool) -> None:
        """Forget what was known of partitions: this is a new connection.

        ``replaced``: the log is another one, so that everything is missed of a partition without a mark.
        """
        if replaced:
            self._replaced = {consumer.group for consumer in self._consumers}
        self._states = {consumer.group: _State() for consumer in self._consumers}
        for consumer in self._consumers:
            consumer.forget_offsets()
            _LOST.labels(consumer.group)  # 0 is shown too: Prometheus sees no increase in a series that begins at 1

    async def check(self, cluster: str, offset_client: AIOKafkaConsumer, ends: PartitionEnds) -> None:
        """Check newly assigned partitions, have missing events published again, write marks.

        ``offset_client``: see ``open_offset_client``. Raises ``LogReplacedError``; outages are logged and retried.
        """
        checks = [
            _ConsumerCheck(consumer, self._states[consumer.group], sorted(client.assignment()), client.subscription())
            for consumer in self._consumers
            if (client := consumer.subscriber.consumer) is not None
        ]
        for check in checks:
            check.forget_reassigned()
        try:
            await _raise_if_replaced(checks, offset_client)
        except (KafkaError, TimeoutError) as error:
            log.warning("consumer_marks.retry", error=str(error), kind=type(error).__name__)
            return
        await asyncio.gather(
            *(self._check_consumer(check, offset_client, cluster, ends) for check in checks if check.assigned)
        )

    async def _check_consumer(
        self, check: _ConsumerCheck, offset_client: AIOKafkaConsumer, cluster: str, ends: PartitionEnds
    ) -> None:
        consumer, state = check.consumer, check.state
        try:
            new = [place for place in check.assigned if place.partition not in state.checked]
            if new:
                await self._check_assigned(check, offset_client, new, cluster, ends)
            if state.missed_since is not None:
                await self._ask(consumer, state, cluster)
            else:
                _sample(check, ends)
                await self._note(check, cluster)
        except (KafkaError, MongoError, httpx.HTTPError, TimeoutError) as error:
            log.warning("consumer_marks.retry", group=consumer.group, error=str(error), kind=type(error).__name__)

    async def _check_assigned(
        self,
        check: _ConsumerCheck,
        offset_client: AIOKafkaConsumer,
        new: list[TopicPartition],
        cluster: str,
        ends: PartitionEnds,
    ) -> None:
        """Compare the marks of newly assigned partitions with their logs, and decide where consuming starts.

        All reads come first. Partitions that were reassigned during them are skipped; the next check looks at them.
        """
        consumer, state = check.consumer, check.state
        parts = (await self._marks.find_one({"_id": consumer.group}) or {"parts": {}})["parts"]
        marks = {place: parts[str(place.partition)] for place in new if str(place.partition) in parts}
        waiting = await _start_offsets(consumer, offset_client, new, ends)
        gone = await _replaced_partitions(
            offset_client, {place: HandledOffset(mark["offset"], mark["newest"]) for place, mark in marks.items()}
        )
        replaced = consumer.group in self._replaced
        for place in filter(check.still_has, new):
            start = consumer.first_offsets.get(place.partition, waiting.get(place))
            if start is None:
                continue
            consumer.handled.setdefault(place.partition, HandledOffset(start))
            mark = marks.get(place)
            if mark is not None:
                state.before[place.partition] = mark["at"]
            if mark is not None and (mark["cluster"] != cluster or place in gone or replaced):
                state.lost.add(place.partition)
                self._mark_missed(consumer, state, mark["at"])
            elif mark is not None:
                _start_at_mark(consumer, place, start, HandledOffset(mark["offset"], mark["newest"]))
            elif replaced:
                self._mark_missed(consumer, state, EPOCH)
            state.checked.add(place.partition)

    def _mark_missed(self, consumer: Consumer, state: _State, at: datetime) -> None:
        state.samples.clear()
        if state.missed_since is None:
            state.ask_at = time.monotonic() + SETTLE_SECONDS
            _LOST.labels(consumer.group).inc()
        state.missed_since = min(at, state.missed_since or at)

    async def _ask(self, consumer: Consumer, state: _State, cluster: str) -> None:
        """Have one stretch of missed events published again. Marks stay as they are until the last stretch, so that
        after a crash the next process asks again."""
        assert state.missed_since is not None  # noqa: S101 - the caller looked
        if time.monotonic() < state.ask_at:
            return
        since = max(EPOCH, state.missed_since - MARGIN)
        stretch = await self._emitters.publish_again(consumer.topic, since, cluster, state.asked_to)
        state.asked_to = stretch.next
        log.warning("consumer.missed", group=consumer.group, since=rfc3339(since), published_again=stretch.events)
        if stretch.next is None:
            state.missed_since = None
            self._replaced.discard(consumer.group)

    async def _note(self, check: _ConsumerCheck, cluster: str) -> None:
        """Write the marks that changed. A mark's ``at`` moves when the end offset of a sample is handled."""
        state, now = check.state, time.monotonic()
        writes: list[Write] = []
        noted: dict[int, tuple[HandledOffset, datetime, float]] = {}
        for number, place in check.places().items():
            if number in state.samples and place.offset >= state.samples[number][1]:
                state.before[number] = state.samples.pop(number)[0]
            mark = place, state.before.get(number, EPOCH), now
            if not _worth_writing(mark, state.marked.get(number)):
                continue
            noted[number] = mark
            writes.append(_mark_update(check.consumer.group, number, mark, cluster, back=number in state.lost))
        if not writes:
            return
        if not state.marked:
            await self._marks.write([InsertOne({"_id": check.consumer.group, "parts": {}})])
        await self._marks.write(writes)
        state.marked |= noted
        state.lost -= noted.keys()


def _worth_writing(
    mark: tuple[HandledOffset, datetime, float], last: tuple[HandledOffset, datetime, float] | None
) -> bool:
    if last is None or last[0] != mark[0]:
        return True
    return mark[1] > last[1] and mark[2] - last[2] >= UNCHANGED_SECONDS


def _mark_update(
    group: str, number: int, mark: tuple[HandledOffset, datetime, float], cluster: str, *, back: bool
) -> UpdateOne:
    """The write of a mark. It never lowers an offset, since another process may have written a higher one meanwhile;
    ``back``: it may, because the log was replaced."""
    place, at, _ = mark
    part = {"cluster": cluster, "offset": place.offset, "newest": place.newest, "at": at}
    guard: dict[str, Any] = {} if back else {f"parts.{number}.offset": {"$not": {"$gt": place.offset}}}
    return UpdateOne({"_id": group, **guard}, {"$set": {f"parts.{number}": part}})


async def _raise_if_replaced(checks: Sequence[_ConsumerCheck], offset_client: AIOKafkaConsumer) -> None:
    """Raises ``LogReplacedError``. One request for all consumers: requests are most of an idle service's load."""
    gone = await _replaced_partitions(
        offset_client, {place: handled for check in checks for place, handled in check.known().items()}
    )
    if gone:
        raise LogReplacedError(f"what was read is gone from {', '.join(f'{p.topic}[{p.partition}]' for p in gone)}")


def _sample(check: _ConsumerCheck, ends: PartitionEnds) -> None:
    """Keep one sample of the end offset per partition until it is handled; then take the next."""
    for place in check.assigned:
        if place in ends.offsets:
            check.state.samples.setdefault(place.partition, (ends.at, ends.offsets[place]))


def _start_at_mark(consumer: Consumer, place: TopicPartition, start: int, mark: HandledOffset) -> None:
    """Seek back to the mark if consuming started after it; otherwise count what the mark says as handled."""
    if start > mark.offset:
        consumer.subscriber.consumer.seek(place, mark.offset)
        consumer.handled[place.partition] = mark
        consumer.rewound.add(place.partition)
        log.info("consumer.sought_back", group=consumer.group, partition=place.partition, to=mark.offset, since=start)
    else:
        here = consumer.handled[place.partition]
        consumer.handled[place.partition] = HandledOffset(max(here.offset, mark.offset), max(here.newest, mark.newest))


async def _start_offsets(
    consumer: Consumer, offset_client: AIOKafkaConsumer, places: list[TopicPartition], ends: PartitionEnds
) -> dict[TopicPartition, int]:
    """Partition → the offset at which consuming starts, for those of ``places`` of which no record came yet."""
    empty = [place for place in places if place.partition not in consumer.first_offsets]
    if not empty:
        return {}
    beginnings = await offset_client.beginning_offsets(empty)
    kept = await asyncio.gather(*(consumer.subscriber.consumer.committed(place) for place in empty))
    return {
        place: beginnings[place] if offset is None or offset > ends.offsets.get(place, offset) else int(offset)
        for place, offset in zip(empty, kept, strict=True)
    }


async def _replaced_partitions(
    offset_client: AIOKafkaConsumer, handled: dict[TopicPartition, HandledOffset]
) -> list[TopicPartition]:
    """Partitions whose log lacks the newest handled record, or starts after everything that was handled."""
    if not handled:
        return []
    beginnings = await offset_client.beginning_offsets(list(handled))
    known = {place: h.newest for place, h in handled.items() if h.newest and beginnings[place] < h.offset}
    found = await offset_client.offsets_for_times(known) if known else {}
    gone = {place for place, h in handled.items() if beginnings[place] > h.offset}
    for place in known:
        at = found.get(place)
        if at is None or at.offset >= handled[place].offset or at.timestamp != handled[place].newest:
            gone.add(place)
    return sorted(gone)
