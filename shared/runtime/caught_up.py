"""How far each consumer has come, kept where a broker cannot lose it.

Kafka only carries. A mark says of a partition that everything published before ``at`` was handled, up to ``offset``.
A consumer that finds itself past its mark (offsets were moved) goes back to it. One whose mark is no longer in the log
(a wiped folder, another cluster, an outage longer than the retention, a leader that lost its tail) has missed records
that nobody will deliver: it asks the service that emits the topic to publish again what it stored since, and absorbs
what it knows. That the log is still the same is seen by the newest record that was handled: it is found by its time.
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
from shared.runtime import http_client
from shared.runtime.consume import Consumer, Handled
from shared.runtime.mongo import Collection, MongoError
from shared.runtime.relay import real_now
from shared.runtime.replay import Stretch
from shared.runtime.settings import Settings

log = structlog.get_logger()

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SETTLE_SECONDS = 10.0
"""Until every service has left the old cluster: a producer that has not may be told of records that were not kept."""
MARGIN = timedelta(seconds=30)
"""Between being stored and being published, and between the clocks of two machines."""
UNCHANGED_SECONDS = 60.0
AGAIN_AFTER = timedelta(seconds=60)
"""A sample that is not caught up with: a partition may have been away in between, so that the mark is gone back to."""
_LOST = Counter("whistle_consumer_gaps_total", "Times that records were gone before they were handled.", ["group"])


class Emitters:
    """The services that emit, asked over HTTP to publish again."""

    def __init__(self, settings: Settings, auth: httpx.Auth) -> None:
        urls = {"intake": settings.intake_url, "router": settings.router_url, "notifier": settings.notifier_url}
        self._urls = {topic: f"{urls[service]}/v1/replay" for topic, service in EMITTERS.items()}
        self._client = http_client.client(auth=auth)

    async def publish_again(self, topic: str, since: datetime, cluster: str, after: str | None) -> Stretch:
        """One stretch of it. Raises ``httpx.HTTPError`` when it was not published, or not all of it."""
        body = {"since": rfc3339(since), "cluster": cluster, **({"after": after} if after else {})}
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
    """Of one consumer since it connected."""

    checked: set[int] = field(default_factory=set)
    missed_since: datetime | None = None
    ask_at: float = 0.0
    asked_to: str | None = None
    sample: tuple[datetime, dict[int, int]] | None = None
    """A moment, and the ends of the partitions then."""
    marked: dict[int, Handled] = field(default_factory=dict)
    marked_at: float = 0.0


@dataclass(frozen=True)
class _Look:
    """At one consumer: what it has now."""

    consumer: Consumer
    state: _State
    assigned: list[TopicPartition]
    topics: Iterable[str]

    @property
    def numbers(self) -> set[int]:
        return {place.partition for place in self.assigned}

    def known(self) -> dict[TopicPartition, Handled]:
        """What was read of partitions whose log is to be the same still.

        Without any, others have them, or the topic was made anew while it looked: then it would wait for minutes.
        """
        handled = self.consumer.handled
        if self.assigned:
            return {p: handled[p.partition] for p in self.assigned if p.partition in self.state.checked}
        return {TopicPartition(topic, n): h for topic in self.topics for n, h in handled.items()}


class CaughtUp:
    """Marks of a service's consumers; ``look`` is called again and again while it is connected."""

    def __init__(self, marks: Collection, consumers: Sequence[Consumer], emitters: Emitters) -> None:
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
        """Check what was newly assigned, ask for what is missing, note what was caught up with. Raises ``Replaced``.

        ``survey``: a client that is asked what logs hold.
        """
        looks = [
            _Look(consumer, self._states[consumer.group], sorted(client.assignment()), client.subscription())
            for consumer in self._consumers
            if (client := consumer.subscriber.consumer) is not None
        ]
        try:
            await _nothing_gone(looks, survey)
        except (KafkaError, TimeoutError) as error:
            log.warning("marks.wait", error=str(error), kind=type(error).__name__)
            return
        for look in looks:
            if not look.assigned:
                continue
            _sample(look, ends)
            try:
                await self._look(look, survey, cluster)
            except (KafkaError, MongoError, httpx.HTTPError, TimeoutError) as error:
                log.warning("marks.wait", group=look.consumer.group, error=str(error), kind=type(error).__name__)

    async def _look(self, look: _Look, survey: AIOKafkaConsumer, cluster: str) -> None:
        consumer, state = look.consumer, look.state
        for gone in state.checked - look.numbers:
            consumer.forget_places(gone)
        state.checked &= look.numbers
        new = [place for place in look.assigned if place.partition not in state.checked]
        if new:
            await self._check(consumer, state, survey, new, cluster)
        if state.missed_since is not None:
            await self._ask(consumer, state, cluster)
        elif state.sample is not None:
            await self._note(consumer, state, cluster)

    async def _check(
        self, consumer: Consumer, state: _State, survey: AIOKafkaConsumer, new: list[TopicPartition], cluster: str
    ) -> None:
        parts = (await self._marks.find_one({"_id": consumer.group}) or {"parts": {}})["parts"]
        replaced = consumer.group in self._replaced
        marks = {place: parts[str(place.partition)] for place in new if str(place.partition) in parts}
        starts = await _starts(consumer, survey, new)
        gone = await _gone(survey, {place: Handled(mark["offset"], mark["newest"]) for place, mark in marks.items()})
        for place, mark in marks.items():
            if mark["cluster"] != cluster or place in gone or replaced:
                self._missed(consumer, state, mark["at"])
            elif starts[place] > mark["offset"]:
                consumer.handled[place.partition] = Handled(mark["offset"], mark["newest"])
                consumer.subscriber.consumer.seek(place, mark["offset"])
                log.info("consumer.went_back", group=consumer.group, partition=place.partition, to=mark["offset"])
        if replaced and len(marks) < len(new):
            self._missed(consumer, state, EPOCH)
        state.checked |= {place.partition for place in new}

    def _missed(self, consumer: Consumer, state: _State, at: datetime) -> None:
        state.sample = None
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

    async def _note(self, consumer: Consumer, state: _State, cluster: str) -> None:
        """A sample of the ends is kept until all before it is handled; then it is the mark."""
        assert state.sample is not None  # noqa: S101 - the caller looked
        at, before = state.sample
        handled = {number: consumer.handled[number] for number in before}
        if any(handled[number].offset < end for number, end in before.items()):
            if real_now() - at > AGAIN_AFTER:
                consumer.forget_places()
                state.checked.clear()
            return
        state.sample = None
        if handled == state.marked and time.monotonic() - state.marked_at < UNCHANGED_SECONDS:
            return
        parts: dict[str, Any] = {
            f"parts.{number}": {"cluster": cluster, "offset": place.offset, "newest": place.newest, "at": at}
            for number, place in handled.items()
        }
        await self._marks.update({"_id": consumer.group}, {"$set": parts}, upsert=True)
        state.marked, state.marked_at = handled, time.monotonic()


async def _nothing_gone(looks: Sequence[_Look], survey: AIOKafkaConsumer) -> None:
    """One question for all consumers: a client's requests are most of what an idle service costs Kafka."""
    gone = await _gone(survey, {place: handled for look in looks for place, handled in look.known().items()})
    if gone:
        raise Replaced(f"what was read is gone from {', '.join(f'{p.topic}[{p.partition}]' for p in gone)}")


def _sample(look: _Look, ends: Ends) -> None:
    """For who has none, or has other partitions by now; not while it waits for what it missed."""
    state = look.state
    fresh = state.sample is not None and state.sample[1].keys() == look.numbers
    if not fresh and state.missed_since is None and ends.of.keys() >= {*look.assigned}:
        state.sample = ends.at, {place.partition: ends.of[place] for place in look.assigned}


async def _starts(
    consumer: Consumer, survey: AIOKafkaConsumer, places: list[TopicPartition]
) -> dict[TopicPartition, int]:
    """Where this process began in each partition: its first record's offset, or where it waits for one."""
    empty = [place for place in places if place.partition not in consumer.began]
    beginnings = await survey.beginning_offsets(empty) if empty else {}
    kept = await asyncio.gather(*(consumer.subscriber.consumer.committed(place) for place in empty))
    waiting = {p: beginnings[p] if offset is None else offset for p, offset in zip(empty, kept, strict=True)}
    starts = {place: int(consumer.began.get(place.partition, waiting.get(place, 0))) for place in places}
    for place, start in starts.items():
        consumer.handled.setdefault(place.partition, Handled(start))
    return starts


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
