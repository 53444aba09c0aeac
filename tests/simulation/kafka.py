"""A Kafka cluster in memory, behind the few names of FastStream's broker that ``shared/runtime/kafka/broker.py`` uses.

Topics have partitions, a key stays in one; groups keep offsets; a batch is given again until its offsets are kept.
"""

import asyncio
import zlib
from bisect import bisect_left
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaTimeoutError
from aiokafka.structs import OffsetAndMetadata
from faststream import AckPolicy

from tests.simulation.processes import Process, running_in
from tests.simulation.weather import Weather

Record: TypeAlias = ConsumerRecord
Handler = Callable[[tuple[Record, ...]], Awaitable[Any]]


class Cluster:
    """The brokers: what every process of the installation connects to."""

    def __init__(self, weather: Weather, topics: Mapping[str, int]) -> None:
        self.weather = weather
        self.logs: dict[str, list[list[Record]]] = {name: [[] for _ in range(n)] for name, n in topics.items()}
        self.published: list[Record] = []
        """Every record that was ever appended, wiped or not."""
        self.offsets: dict[tuple[str, str], dict[int, int]] = {}
        """(Group, topic) → the kept offsets."""
        self.groups: dict[tuple[str, str], None] = {}
        """Every group there ever was, with its topic."""
        self.generation = 0
        """Members of an older one start again from the kept offsets."""
        self.slow: dict[str, tuple[float, float]] = {}
        """Group → seconds that it takes for each record, and until when it does: a backlog."""
        self.gone_back: list[str] = []
        """Who went back to a place a second time although nobody dealt the partitions out anew."""
        self._away_until = 0.0
        self._news: dict[str, list[asyncio.Future[None]]] = {}

    @property
    def away(self) -> float:
        """Seconds until the brokers are back; 0 when they are there."""
        return max(0.0, self._away_until - asyncio.get_running_loop().time())

    def away_for(self, seconds: float) -> None:
        self._away_until = asyncio.get_running_loop().time() + seconds

    def forget_offsets(self) -> None:
        """Every group starts again from the beginning."""
        self.offsets.clear()
        self.generation += 1
        self.wake()

    def append(self, topic: str, key: bytes, value: bytes, headers: Mapping[str, str]) -> None:
        partitions = self.logs[topic]
        number = zlib.crc32(key) % len(partitions)
        log = partitions[number]
        record: Record = ConsumerRecord(
            topic=topic,
            partition=number,
            offset=len(log),
            timestamp=int(asyncio.get_running_loop().time() * 1000),
            timestamp_type=0,
            key=key,
            value=value,
            checksum=None,
            serialized_key_size=len(key),
            serialized_value_size=len(value),
            headers=tuple((name, text.encode()) for name, text in headers.items()),
        )
        log.append(record)
        self.published.append(record)
        self._tell(topic)

    def wake(self) -> None:
        """Every member looks again."""
        for topic in self.logs:
            self._tell(topic)

    def _tell(self, topic: str) -> None:
        for future in self._news.pop(topic, ()):
            if not future.done():
                future.set_result(None)

    async def news(self, topic: str) -> None:
        """Returns when something was appended to ``topic``, or offsets were moved."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._news.setdefault(topic, []).append(future)
        await future

    def takes(self, group: str | None) -> float:
        """Seconds that a record of the group takes now, beside what its handler takes."""
        seconds, until = self.slow.get(str(group), (0.0, 0.0))
        return seconds if asyncio.get_running_loop().time() < until else 0.0

    @property
    def slow_for(self) -> float:
        """Seconds until every group is as quick as it is."""
        now = asyncio.get_running_loop().time()
        return max([until - now for _, until in self.slow.values() if until > now], default=0.0)

    def log_of(self, place: TopicPartition) -> list[Record]:
        return self.logs[place.topic][place.partition]

    def drained(self, group: str, topic: str) -> bool:
        kept = self.offsets.get((group, topic), {})
        return all(kept.get(number, 0) >= len(log) for number, log in enumerate(self.logs[topic]))


@dataclass
class Admin:
    """``AIOKafkaAdminClient``, and a client that only asks where logs begin and end: every topic is there."""

    cluster: Cluster

    async def describe_cluster(self) -> dict[str, Any]:
        if self.cluster.away:
            raise KafkaConnectionError("simulated: no broker")
        return {"cluster_id": "simulated"}

    async def list_topics(self) -> list[str]:
        return list(self.cluster.logs)

    async def beginning_offsets(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 0)

    async def end_offsets(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        if self.cluster.away:
            raise KafkaConnectionError("simulated: no broker")
        return {place: len(self.cluster.log_of(place)) for place in places}

    async def offsets_for_times(self, asked: Mapping[TopicPartition, int]) -> dict[TopicPartition, Record | None]:
        """The first record at or after a time, which has the offset and the time that are asked for."""
        found: dict[TopicPartition, Record | None] = {}
        for place, at in asked.items():
            log = self.cluster.log_of(place)
            number = bisect_left(log, at, key=lambda record: record.timestamp)
            found[place] = log[number] if number < len(log) else None
        return found

    async def list_consumer_group_offsets(self, group: str) -> dict[TopicPartition, OffsetAndMetadata]:
        kept = {topic: offsets for (name, topic), offsets in self.cluster.offsets.items() if name == group}
        return {
            TopicPartition(topic, number): OffsetAndMetadata(offset, "")
            for topic, offsets in kept.items()
            for number, offset in offsets.items()
        }

    async def close(self) -> None:
        """Nothing was opened."""

    async def stop(self) -> None:
        """As ``AIOKafkaConsumer`` says it."""


@dataclass
class Sent:
    """A record in a producer's buffer."""

    topic: str
    key: bytes
    value: bytes
    headers: Mapping[str, str]
    fault: str | None
    acknowledged: "asyncio.Future[None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Broker:
    """``KafkaBroker``, as one process has it."""

    def __init__(self, cluster: Cluster, **settings: Any) -> None:
        self.cluster = cluster
        self.settings = settings
        self.process = running_in.get()
        self.subscribers: list[Subscriber] = []
        self._under_way: dict[bytes, deque[Sent]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def subscriber(self, *topics: str, **settings: Any) -> "Subscriber":
        """Only those of a group ever get anything: each follows one topic."""
        made = Subscriber(self.cluster, self.process, topics[0], settings)
        if made.group is not None:
            self.cluster.groups[made.group, topics[0]] = None
            self.subscribers.append(made)
        return made

    async def start(self) -> None:
        if self.cluster.away:
            await asyncio.sleep(self.cluster.weather.delay())
            raise KafkaConnectionError("simulated: no broker")
        for subscriber in self.subscribers:
            subscriber.joins()
        self._tasks = [asyncio.create_task(subscriber.run()) for subscriber in self.subscribers]

    async def stop(self, *_: Any) -> None:
        """In order: whoever is handling a batch ends it first."""
        for subscriber in self.subscribers:
            subscriber.stopping = True
        self.cluster.wake()
        await asyncio.gather(*self._tasks)

    async def publish(
        self,
        value: bytes,
        topic: str,
        *,
        key: bytes,
        headers: Mapping[str, str],
        correlation_id: str,
        no_confirm: bool,
    ) -> "asyncio.Future[None]":
        """The acknowledgement to come. While the brokers are away it stays away, as an idempotent producer's does."""
        assert no_confirm
        assert headers["ce_id"] == correlation_id
        if self.process is not None:
            self.process.breathes()
        sent = Sent(topic, key, value, headers, self.cluster.weather.strikes("broker.publish"))
        self._under_way.setdefault(key, deque()).append(sent)
        self._later(key)
        return sent.acknowledged

    def _later(self, key: bytes) -> None:
        """What was sent first under a key arrives first; keys overtake each other."""
        pause = self.cluster.away + self.cluster.weather.delay()
        asyncio.get_running_loop().call_later(pause, self._arrives, key)

    def _arrives(self, key: bytes) -> None:
        if self.cluster.away:
            self._later(key)
            return
        sent = self._under_way[key].popleft()
        lost_with_its_process = self.process is not None and not self.process.alive and self.cluster.weather.coin()
        if sent.fault != "refused" and not lost_with_its_process:
            for _ in range(2 if sent.fault == "twice" else 1):
                self.cluster.append(sent.topic, sent.key, sent.value, sent.headers)
        if sent.fault in ("refused", "lost"):
            _fail(sent.acknowledged)
        elif not sent.acknowledged.done():
            sent.acknowledged.set_result(None)


def _fail(acknowledged: "asyncio.Future[None]") -> None:
    if not acknowledged.done():
        acknowledged.set_exception(KafkaTimeoutError())
        acknowledged.exception()


@dataclass
class Subscriber:
    """A durable subscriber: one member of its group, one batch at a time."""

    cluster: Cluster
    process: Process | None
    topic: str
    settings: dict[str, Any]
    consumer: "Client | None" = None
    stopping: bool = False
    _handler: Handler | None = None
    _positions: dict[int, int] = field(default_factory=dict)
    _generation: int = -1

    @property
    def group(self) -> str | None:
        group: str | None = self.settings.get("group_id")
        return group

    def __call__(self, handler: Handler) -> Handler:
        self._handler = handler
        return handler

    def joins(self) -> None:
        """As a new member: from the kept offsets, whatever the one before had in hand when it was cut short."""
        self.stopping, self._generation = False, -1
        self.consumer = Client(self)

    async def run(self) -> None:
        """For ever: a batch, its handler, its offsets; a batch that failed again."""
        assert self._handler is not None
        weather = self.cluster.weather
        while not self.stopping:
            if self._generation != self.cluster.generation:
                await self._dealt_out()
            batch = self._batch()
            if not batch:
                await self.cluster.news(self.topic)
                continue
            slow = self.cluster.takes(self.group)
            await asyncio.sleep(self.cluster.away + weather.delay() + slow * len(batch))
            fault = weather.strikes("broker.batch")
            if self.settings["ack_policy"] is AckPolicy.ACK_FIRST:
                self._keep(batch, None)
            try:
                if fault == "twice_at_once":
                    await asyncio.gather(self._handler(batch), self._handler(batch))
                else:
                    await self._handler(batch)
            except Exception:
                if self.settings["ack_policy"] is not AckPolicy.ACK_FIRST:
                    self._rewind(batch)
                await asyncio.sleep(weather.delay())
            else:
                self._keep(batch, fault)

    async def _dealt_out(self) -> None:
        """All partitions are this member's, from the kept offsets on."""
        assert self.consumer is not None
        kept = self.cluster.offsets.setdefault((str(self.group), self.topic), {})
        self._positions, self._generation = dict(kept), self.cluster.generation
        self.consumer.sought.clear()
        if self.settings["listener"] is not None:
            await self.settings["listener"].on_partitions_assigned(self.consumer.assignment())

    def _batch(self) -> tuple[Record, ...]:
        """Some of what is new, in the order of each partition."""
        room = min(self.settings["max_records"], self.cluster.weather.up_to(32))
        if self.cluster.takes(self.group):
            room = 1
        batch: list[Record] = []
        logs = self.cluster.logs[self.topic]
        waiting = [number for number, log in enumerate(logs) if self._start(number, log) < len(log)]
        for number in self.cluster.weather.shuffled(waiting):
            start = self._positions[number]
            taken = logs[number][start : start + room - len(batch)]
            self._positions[number] = start + len(taken)
            batch += taken
        return tuple(batch)

    def _start(self, number: int, log: list[Record]) -> int:
        first = 0 if self.settings["auto_offset_reset"] == "earliest" else len(log)
        return self._positions.setdefault(number, first)

    def _rewind(self, batch: tuple[Record, ...]) -> None:
        for record in batch:
            self._positions[record.partition] = min(self._positions[record.partition], record.offset)

    def _keep(self, batch: tuple[Record, ...], fault: str | None) -> None:
        """The offsets move, unless the member was thrown out meanwhile, or a fault forgets them."""
        if self._generation != self.cluster.generation or (self.process is not None and not self.process.alive):
            return
        if fault == "uncommitted" or self.cluster.away:
            self._rewind(batch)
            return
        self.cluster.offsets[str(self.group), self.topic] |= self._positions


class Client:
    """``AIOKafkaConsumer``, as its owner asks it."""

    def __init__(self, member: Subscriber) -> None:
        self._member = member
        self.sought: set[int] = set()
        """Where it went back since the partitions were dealt out."""

    def assignment(self) -> set[TopicPartition]:
        member = self._member
        return {TopicPartition(member.topic, number) for number in range(len(member.cluster.logs[member.topic]))}

    def subscription(self) -> frozenset[str]:
        return frozenset({self._member.topic})

    async def committed(self, place: TopicPartition) -> int | None:
        member = self._member
        return member.cluster.offsets.get((str(member.group), member.topic), {}).get(place.partition)

    async def position(self, place: TopicPartition) -> int:
        return self._member._positions.get(place.partition, 0)

    def highwater(self, place: TopicPartition) -> int:
        return len(self._member.cluster.log_of(place))

    def seek(self, place: TopicPartition, offset: int) -> None:
        if place.partition in self.sought:
            self._member.cluster.gone_back.append(f"{self._member.group} in {place.partition} to {offset}")
        self.sought.add(place.partition)
        self._member._positions[place.partition] = offset
        self._member.cluster.wake()

    def pause(self, *_: TopicPartition) -> None:
        """Nothing is fetched ahead here."""

    def resume(self, *_: TopicPartition) -> None:
        """See ``pause``."""

    def paused(self) -> set[TopicPartition]:
        return set()
