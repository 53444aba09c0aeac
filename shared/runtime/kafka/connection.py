"""One service's connection to Kafka: connects when a broker answers, checks the connection, and reconnects.

Every ``CHECK_SECONDS`` it checks that

- the cluster is the same and has the topics; otherwise it reconnects (``LogReplacedError``);
- the producer can publish. A producer that lost its sequence numbers (``OutOfOrderSequenceNumber``), was fenced or lost
  its sender task fails for good although the broker works; then it reconnects with a new one;
- every consumer makes progress (``stall_watch``); otherwise the process exits and the supervisor restarts it;
- offset marks and logs agree (``gap_recovery``).

An outage of Kafka is none of these: aiokafka's clients wait until it is back.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError, KafkaError, OutOfOrderSequenceNumber

from shared.contracts.catalogue import TOPICS
from shared.runtime.kafka.broker import (
    KafkaBroker,
    Publisher,
    cluster_id,
    ensure_topics,
    leaders_answer,
    open_admin,
    open_offset_client,
    topic_name,
    topics_exist,
)
from shared.runtime.kafka.consumer import Consumer
from shared.runtime.kafka.gap_recovery import GapRecovery, LogReplacedError, PartitionEnds
from shared.runtime.kafka.group_offsets import GroupPosition
from shared.runtime.kafka.stall_watch import StallWatch
from shared.runtime.settings import Settings
from shared.runtime.timekeeping.wall_clock import real_now

log = structlog.get_logger()

CHECK_SECONDS = 4.0
CHECK_TIMEOUT_SECONDS = 10.0
"""For one check: without a limit, a client waits for answers that a stopped broker never sends."""
PATIENCE_SECONDS = 15.0
"""How long a producer may fail with a non-retriable error before it is replaced."""
STOP_SECONDS = 25.0
RETRY_SECONDS_MAX = 5.0


class KafkaConnection:
    """The connection of one service. ``cluster``: the id of the connected cluster; None while not connected."""

    def __init__(
        self,
        settings: Settings,
        broker: KafkaBroker,
        publisher: Publisher,
        consumers: Sequence[Consumer],
        gap_recovery: GapRecovery,
    ) -> None:
        self._settings = settings
        self._broker = broker
        self._publisher = publisher
        self._consumers = consumers
        self._gap_recovery = gap_recovery
        self._admin: AIOKafkaAdminClient | None = None
        self._offset_client: AIOKafkaConsumer | None = None
        self.steps: list[Callable[[str], Awaitable[None]]] = []
        """Called with the cluster's id after each (re)connect, before consumers and relay use the connection."""
        self.cluster: str | None = None
        self.watch = StallWatch(consumers, partial(leaders_answer, settings))
        self.answers = False
        """Whether Kafka answered at the last check."""

    async def run(self, connected: Callable[[], None]) -> None:
        """Connect, check, reconnect, until cancelled. ``connected`` is called after each (re)connect."""
        replaced = False
        while True:
            self.cluster = await self._connect()
            self._gap_recovery.connected(replaced=replaced)
            log.info("kafka.connected", consumers=len(self._consumers), cluster=self.cluster)
            connected()
            try:
                why, replaced = f"the producer cannot recover: {await self._watch(self.cluster)}", False
            except LogReplacedError as found:
                why, replaced = str(found), True
            log.error("kafka.reconnecting", why=why)
            self.cluster = None
            await self._disconnect()

    async def _disconnect(self) -> None:
        """Stop the clients. Batches in hand are delivered again after the reconnect; the producer is flushed."""
        for consumer in self._consumers:
            consumer.retries_outages = False
        with contextlib.suppress(KafkaError, OSError, TimeoutError):
            if self._admin is not None:
                await ensure_topics(self._settings, self._admin)
        await self.close()
        for consumer in self._consumers:
            consumer.retries_outages = True

    async def group_position(self, group: str, topic: str) -> GroupPosition:
        """The committed offsets of ``group`` (of any service) in ``topic``, and the topic's end offsets.

        Raises ``KafkaError`` or ``TimeoutError``.
        """
        admin, offset_client, name = self._admin, self._offset_client, topic_name(self._settings, topic)
        if self.cluster is None or admin is None or offset_client is None:
            raise KafkaConnectionError("not connected")
        at = real_now()
        async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
            ends = await offset_client.end_offsets([TopicPartition(name, number) for number in range(TOPICS[topic])])
            kept = await admin.list_consumer_group_offsets(f"{self._settings.namespace}.{group}")
        return GroupPosition(
            at,
            {(topic, place.partition): end for place, end in ends.items()},
            {(topic, place.partition): known.offset for place, known in kept.items() if place.topic == name},
        )

    async def close(self) -> None:
        """Stop the consumers, then the other clients. Batches in hand get at most ``STOP_SECONDS`` to finish."""
        with contextlib.suppress(Exception):
            async with asyncio.timeout(STOP_SECONDS):
                await self._broker.stop()
        if self._admin is not None:
            with contextlib.suppress(Exception):
                await self._admin.close()
            self._admin = None
        if self._offset_client is not None:
            with contextlib.suppress(Exception):
                await self._offset_client.stop()
            self._offset_client = None

    async def _connect(self) -> str:
        pause = 0.1
        while True:
            try:
                self._admin = await open_admin(self._settings)
                cluster = await cluster_id(self._admin)
                await ensure_topics(self._settings, self._admin)
                self._offset_client = await open_offset_client(self._settings)
                await self._broker.start()
                for step in self.steps:
                    await step(cluster)
                self._publisher.failure = None
                self.answers = True
                return cluster
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("kafka.away", error=str(error), kind=type(error).__name__)
                self.answers = False
                await self.close()
                await asyncio.sleep(pause)
                pause = min(RETRY_SECONDS_MAX, pause * 2)

    async def _watch(self, cluster: str) -> KafkaError:
        """Check until the producer has to be replaced; returns its error. Raises ``LogReplacedError``."""
        self.watch = StallWatch(self._consumers, partial(leaders_answer, self._settings))
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
                    error = await self._check(cluster)
            except TimeoutError:
                self.answers = False
                log.warning("kafka.timeout", seconds=CHECK_TIMEOUT_SECONDS)
                continue
            if error is not None:
                return error

    async def _check(self, cluster: str) -> KafkaError | None:
        answering = await self._answering()
        self.answers = answering is not None
        ends = await self._ends(asked=answering == cluster)
        group = await self.watch.stalled(time.monotonic(), ends.offsets)
        if group is not None:
            log.critical("consumer.stalled", group=group)
            os._exit(70)
        if answering is None:
            return None
        if answering != cluster:
            raise LogReplacedError(f"the cluster is {answering or 'without our topics'} and was {cluster}")
        if error := self._beyond_recovery():
            return error
        await self._gap_recovery.check(cluster, self._offset_client, ends)
        return None

    async def _ends(self, *, asked: bool) -> PartitionEnds:
        """The end offsets of the consumers' partitions; empty when they cannot be read."""
        at = real_now()
        clients = [consumer.subscriber.consumer for consumer in self._consumers]
        places = [place for client in clients if client is not None for place in client.assignment()]
        if not asked or not places or self._offset_client is None:
            return PartitionEnds(at, {})
        try:
            return PartitionEnds(at, await self._offset_client.end_offsets(places))
        except KafkaError:
            return PartitionEnds(at, {})

    def _beyond_recovery(self) -> KafkaError | None:
        if self._publisher.failure is None:
            return None
        since, error = self._publisher.failure
        lost_its_place = isinstance(error, OutOfOrderSequenceNumber)
        patience_over = not error.retriable and time.monotonic() - since > PATIENCE_SECONDS
        return error if lost_its_place or patience_over else None

    async def _answering(self) -> str | None:
        """The id of the cluster that answers; empty when it lacks our topics, None when no broker answers."""
        admin = self._admin
        try:
            if admin is None:
                admin = self._admin = await open_admin(self._settings)
            return await cluster_id(admin) if await topics_exist(self._settings, admin) else ""
        except (KafkaError, OSError, TimeoutError):
            if admin is not None:
                with contextlib.suppress(Exception):
                    await admin.close()
                self._admin = None
            return None
