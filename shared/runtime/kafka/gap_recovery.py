"""Offset marks: how a consumer notices that Kafka lost records, and gets them again.

Context: Kafka only carries; the emitting service keeps every event in MongoDB. Beside Kafka's own offsets each consumer
stores a mark for each partition in its service's ``consumer_marks``: everything below ``offset`` is handled, and that
is everything that was published before ``at``. ``look`` is called every few seconds and compares marks with the log:

- The mark is in the log and the consumer began past it (somebody moved the offsets, or another process had the
  partition): it seeks back to the mark.
- The mark is not in the log any more (a wiped folder, another cluster, an outage longer than the retention, a leader
  that lost its tail): records are gone that Kafka will not deliver. The consumer asks the emitting service over HTTP to
  publish again what it stored since ``at``, stretch by stretch, and ignores what it knows.
- Otherwise the mark moves on. A consumer that is merely behind has lost nothing, and its mark says so.

Whether the log is still the one that was read is seen by the newest record that was handled: looked up by its time, it
must be found at its offset.
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
from shared.runtime.kafka.consumer import Consumer, Handled
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
class Ends:
    """Where partitions ended, ``at`` or a moment later."""

    at: datetime
    of: Mapping[TopicPartition, int]


class Replaced(Exception):
    """The log is not the one that was read from: connect anew."""


@dataclass
class _State:
    """What is known of one consumer since it connected."""

    checked: set[int] = field(default_factory=set)
    missed_since: datetime | None = None
    ask_at: float = 0.0
    asked_to: str | None = None
    lost: set[int] = field(default_factory=set)
    """Partitions whose log is another one: only of these a mark may go back."""
    samples: dict[int, tuple[datetime, int]] = field(default_factory=dict)
    """Partition → a moment, and the end then."""
    before: dict[int, datetime] = field(default_factory=dict)
    """Partition → the latest such moment whose end was reached."""
    marked: dict[int, tuple[Handled, datetime, float]] = field(default_factory=dict)
    """Partition → the mark as it was written last, and when (monotonic seconds)."""


@dataclass(frozen=True)
class _Look:
    """One consumer as it is at one look."""

    consumer: Consumer
    state: _State
    assigned: list[TopicPartition]
    topics: Iterable[str]

    @property
    def numbers(self) -> set[int]:
        return {place.partition for place in self.assigned}

    def without_those_apart(self) -> None:
        """Forget partitions that were taken away, or were another process's in between: they are checked anew."""
        consumer, state = self.consumer, self.state
        if not self.assigned:
            return
        for gone in state.checked - self.numbers:
            consumer.forget_places(gone)
        for number in consumer.apart | (state.checked - self.numbers):
            state.checked.discard(number)
            state.lost.discard(number)
            state.samples.pop(number, None)
            state.marked.pop(number, None)
        consumer.apart.clear()

    def still_has(self, place: TopicPartition) -> bool:
        """Whether the partition was ours all the time since this look began.

        The group may deal its partitions out anew at every await; the consumer then forgets their places.
        """
        client = self.consumer.subscriber.consumer
        return client is not None and place in client.assignment() and place.partition not in self.consumer.apart

    def places(self) -> dict[int, Handled]:
        """How far each partition that was checked is handled."""
        handled, sure = self.consumer.handled, self.state.checked - self.consumer.apart
        return {number: handled[number] for number in sorted(self.numbers & sure) if number in handled}

    def known(self) -> dict[TopicPartition, Handled]:
        """What was read of partitions whose log is to be the same still.

        Without any, others have them, or the topic was made anew while it looked: then it would wait for minutes.
        """
        handled = self.consumer.handled
        if self.assigned:
            checked = [place for place in self.assigned if place.partition in self.state.checked]
            return {place: handled[place.partition] for place in checked if place.partition in handled}
        return {TopicPartition(topic, n): h for topic in self.topics for n, h in handled.items()}


class GapRecovery:
    """Marks of a service's consumers; ``look`` is called again and again while it is connected."""

    def __init__(self, marks: Collection, consumers: Sequence[Consumer], emitters: ReplayClient) -> None:
        self._marks = marks
        self._consumers = consumers
        self._emitters = emitters
        self._states: dict[str, _State] = {}
        self._replaced: set[str] = set()
        """Groups that have not yet asked for what another log does not hold."""

    def connected(self, *, replaced: bool) -> None:
        """Another connection: what consumers know of partitions no longer holds.

        ``replaced``: the log is another one, so that a partition without a mark has been missed from the beginning.
        """
        if replaced:
            self._replaced = {consumer.group for consumer in self._consumers}
        self._states = {consumer.group: _State() for consumer in self._consumers}
        for consumer in self._consumers:
            consumer.forget_places()
            _LOST.labels(consumer.group)  # 0 is shown too: Prometheus sees no increase in a series that begins at 1

    async def look(self, cluster: str, survey: AIOKafkaConsumer, ends: Ends) -> None:
        """Check what was newly assigned, ask for what is missing, note what is handled. Raises ``Replaced``.

        ``survey``: a client that is asked what logs hold.
        """
        looks = [
            _Look(consumer, self._states[consumer.group], sorted(client.assignment()), client.subscription())
            for consumer in self._consumers
            if (client := consumer.subscriber.consumer) is not None
        ]
        for look in looks:
            look.without_those_apart()
        try:
            await _nothing_gone(looks, survey)
        except (KafkaError, TimeoutError) as error:
            log.warning("consumer_marks.retry", error=str(error), kind=type(error).__name__)
            return
        await asyncio.gather(*(self._looked(look, survey, cluster, ends) for look in looks if look.assigned))

    async def _looked(self, look: _Look, survey: AIOKafkaConsumer, cluster: str, ends: Ends) -> None:
        consumer, state = look.consumer, look.state
        try:
            new = [place for place in look.assigned if place.partition not in state.checked]
            if new:
                await self._check(look, survey, new, cluster, ends)
            if state.missed_since is not None:
                await self._ask(consumer, state, cluster)
            else:
                _sample(look, ends)
                await self._note(look, cluster)
        except (KafkaError, MongoError, httpx.HTTPError, TimeoutError) as error:
            log.warning("consumer_marks.retry", group=consumer.group, error=str(error), kind=type(error).__name__)

    async def _check(
        self, look: _Look, survey: AIOKafkaConsumer, new: list[TopicPartition], cluster: str, ends: Ends
    ) -> None:
        """Of partitions that were given to us: whether their logs still hold what is marked, and where we stand.

        All questions are asked first. Of what became another's meanwhile nothing is noted: the next look checks it.
        """
        consumer, state = look.consumer, look.state
        parts = (await self._marks.find_one({"_id": consumer.group}) or {"parts": {}})["parts"]
        marks = {place: parts[str(place.partition)] for place in new if str(place.partition) in parts}
        waiting = await _waiting(consumer, survey, new, ends)
        gone = await _gone(survey, {place: Handled(mark["offset"], mark["newest"]) for place, mark in marks.items()})
        replaced = consumer.group in self._replaced
        for place in filter(look.still_has, new):
            start = consumer.began.get(place.partition, waiting.get(place))
            if start is None:
                continue
            consumer.handled.setdefault(place.partition, Handled(start))
            mark = marks.get(place)
            if mark is not None:
                state.before[place.partition] = mark["at"]
            if mark is not None and (mark["cluster"] != cluster or place in gone or replaced):
                state.lost.add(place.partition)
                self._missed(consumer, state, mark["at"])
            elif mark is not None:
                _go_on(consumer, place, start, Handled(mark["offset"], mark["newest"]))
            elif replaced:
                self._missed(consumer, state, EPOCH)
            state.checked.add(place.partition)

    def _missed(self, consumer: Consumer, state: _State, at: datetime) -> None:
        state.samples.clear()
        if state.missed_since is None:
            state.ask_at = time.monotonic() + SETTLE_SECONDS
            _LOST.labels(consumer.group).inc()
        state.missed_since = min(at, state.missed_since or at)

    async def _ask(self, consumer: Consumer, state: _State, cluster: str) -> None:
        """A stretch a look. Until all came the marks stand still, so that another process would ask again."""
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

    async def _note(self, look: _Look, cluster: str) -> None:
        """How far each partition is handled. Its moment moves when the end of a sample is reached."""
        state, now = look.state, time.monotonic()
        writes: list[Write] = []
        noted: dict[int, tuple[Handled, datetime, float]] = {}
        for number, place in look.places().items():
            if number in state.samples and place.offset >= state.samples[number][1]:
                state.before[number] = state.samples.pop(number)[0]
            mark = place, state.before.get(number, EPOCH), now
            if not _worth_writing(mark, state.marked.get(number)):
                continue
            noted[number] = mark
            writes.append(_marking(look.consumer.group, number, mark, cluster, back=number in state.lost))
        if not writes:
            return
        if not state.marked:
            await self._marks.write([InsertOne({"_id": look.consumer.group, "parts": {}})])
        await self._marks.write(writes)
        state.marked |= noted
        state.lost -= noted.keys()


def _worth_writing(mark: tuple[Handled, datetime, float], last: tuple[Handled, datetime, float] | None) -> bool:
    if last is None or last[0] != mark[0]:
        return True
    return mark[1] > last[1] and mark[2] - last[2] >= UNCHANGED_SECONDS


def _marking(group: str, number: int, mark: tuple[Handled, datetime, float], cluster: str, *, back: bool) -> UpdateOne:
    """A member that stood still does not take back what others noted meanwhile; ``back``: the log is another one."""
    place, at, _ = mark
    part = {"cluster": cluster, "offset": place.offset, "newest": place.newest, "at": at}
    guard: dict[str, Any] = {} if back else {f"parts.{number}.offset": {"$not": {"$gt": place.offset}}}
    return UpdateOne({"_id": group, **guard}, {"$set": {f"parts.{number}": part}})


async def _nothing_gone(looks: Sequence[_Look], survey: AIOKafkaConsumer) -> None:
    """One question for all consumers: a client's requests are most of what an idle service costs Kafka."""
    gone = await _gone(survey, {place: handled for look in looks for place, handled in look.known().items()})
    if gone:
        raise Replaced(f"what was read is gone from {', '.join(f'{p.topic}[{p.partition}]' for p in gone)}")


def _sample(look: _Look, ends: Ends) -> None:
    """One for each partition, kept until it is reached; then the next."""
    for place in look.assigned:
        if place in ends.of:
            look.state.samples.setdefault(place.partition, (ends.at, ends.of[place]))


def _go_on(consumer: Consumer, place: TopicPartition, start: int, mark: Handled) -> None:
    """From where the mark is, or further if we were there already."""
    if start > mark.offset:
        consumer.subscriber.consumer.seek(place, mark.offset)
        consumer.handled[place.partition] = mark
        consumer.sent_back.add(place.partition)
        log.info("consumer.went_back", group=consumer.group, partition=place.partition, to=mark.offset, since=start)
    else:
        here = consumer.handled[place.partition]
        consumer.handled[place.partition] = Handled(max(here.offset, mark.offset), max(here.newest, mark.newest))


async def _waiting(
    consumer: Consumer, survey: AIOKafkaConsumer, places: list[TopicPartition], ends: Ends
) -> dict[TopicPartition, int]:
    """Where this process waits for its first record, in each of ``places`` of which none came yet."""
    empty = [place for place in places if place.partition not in consumer.began]
    if not empty:
        return {}
    beginnings = await survey.beginning_offsets(empty)
    kept = await asyncio.gather(*(consumer.subscriber.consumer.committed(place) for place in empty))
    return {
        place: beginnings[place] if offset is None or offset > ends.of.get(place, offset) else int(offset)
        for place, offset in zip(empty, kept, strict=True)
    }


async def _gone(survey: AIOKafkaConsumer, handled: dict[TopicPartition, Handled]) -> list[TopicPartition]:
    """Partitions whose log no longer holds the newest record handled, or begins after all that was handled."""
    if not handled:
        return []
    beginnings = await survey.beginning_offsets(list(handled))
    known = {place: h.newest for place, h in handled.items() if h.newest and beginnings[place] < h.offset}
    found = await survey.offsets_for_times(known) if known else {}
    gone = {place for place, h in handled.items() if beginnings[place] > h.offset}
    for place in known:
        at = found.get(place)
        if at is None or at.offset >= handled[place].offset or at.timestamp != handled[place].newest:
            gone.add(place)
    return sorted(gone)
