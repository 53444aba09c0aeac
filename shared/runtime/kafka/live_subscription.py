"""Follows several topics from now on as if they were one topic: their partitions are numbered consecutively."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from itertools import accumulate

from aiokafka import ConsumerRecord

from shared.contracts.catalogue import TOPICS
from shared.runtime.kafka.broker import KafkaBroker, tail_subscriber, topic_name
from shared.runtime.settings import Settings

Take = Callable[[tuple[ConsumerRecord, ...]], Awaitable[None]]


class LiveSubscription:
    """From now on; ``take`` gets the records as they come. The first topic's partitions keep their numbers."""

    def __init__(self, settings: Settings, broker: KafkaBroker, topics: Sequence[str], title: str, take: Take) -> None:
        starts = accumulate((TOPICS[topic] for topic in topics[:-1]), initial=0)
        self._first = {topic_name(settings, topic): start for topic, start in zip(topics, starts, strict=True)}
        self._take = take
        self._subscriber = tail_subscriber(settings, broker, topics, title)
        self._subscriber(self._numbered)

    async def _numbered(self, records: tuple[ConsumerRecord, ...]) -> None:
        first = self._first
        await self._take(tuple(replace(r, partition=n + r.partition) if (n := first[r.topic]) else r for r in records))

    async def offsets(self) -> dict[int, int]:
        """Partition (numbered consecutively) → the offset of the next record."""
        client = self._subscriber.consumer
        return {self._first[p.topic] + p.partition: await client.position(p) for p in client.assignment()}
