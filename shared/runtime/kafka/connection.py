"""The connection to Kafka of one service: made when a broker answers, watched, and made anew where it must be.

Every ``LOOK_SECONDS`` it looks whether

- the cluster is still the same and its topics are there: another one is connected to anew (``Replaced``);
- the producer can still publish: one that lost its sequence numbers (``OutOfOrderSequenceNumber``, fenced, its sender
  task gone) fails until it is replaced, though the broker is well;
- every consumer makes progress (``stall_watch``): one that does not ends the process, and the supervisor starts it;
- marks and logs agree (``gap_recovery``).

Kafka being away is none of these: the clients wait for it.
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
    open_admin,
    open_survey,
    served,
    topic_name,
    topics_exist,
)
from shared.runtime.kafka.consumer import Consumer
from shared.runtime.kafka.gap_recovery import Ends, GapRecovery, Replaced
from shared.runtime.kafka.group_offsets import Standing
from shared.runtime.kafka.stall_watch import StallWatch
from shared.runtime.settings import Settings
from shared.runtime.timekeeping.wall_clock import real_now

log = structlog.get_logger()

LOOK_SECONDS = 4.0
GAZE_SECONDS = 10.0
"""For one look: without a limit, a client waits for answers that a broker going away will never send."""
PATIENCE_SECONDS = 15.0
"""How long a producer may fail with an error that a retry cannot mend, before it is replaced."""
STOP_SECONDS = 25.0
RETRY_SECONDS_MAX = 5.0


class KafkaConnection:
    """Of one service. ``cluster``: the id of the one it is connected to, None while it is not."""

    def __init__(
        self,
        settings: Settings,
        broker: KafkaBroker,
        publisher: Publisher,
        consumers: Sequence[Consumer],
        caught_up: GapRecovery,
    ) -> None:
        self._settings = settings
        self._broker = broker
        self._publisher = publisher
        self._consumers = consumers
        self._caught_up = caught_up
        self._admin: AIOKafkaAdminClient | None = None
        self._survey: AIOKafkaConsumer | None = None
        self.steps: list[Callable[[str], Awaitable[None]]] = []
        """Called after each connecting, with the cluster's id, before anything runs on it."""
        self.cluster: str | None = None
        self.watch = StallWatch(consumers, partial(served, settings))
        self.answers = False
        """Whether Kafka answered at the last look."""

    async def run(self, connected: Callable[[], None]) -> None:
        """Connect, watch, connect anew, until it is cancelled. ``connected`` is called after each connecting."""
        replaced = False
        while True:
            self.cluster = await self._made()
            self._caught_up.connected(replaced=replaced)
            log.info("kafka.connected", consumers=len(self._consumers), cluster=self.cluster)
            connected()
            try:
                why, replaced = f"the producer cannot recover: {await self._watched(self.cluster)}", False
            except Replaced as found:
                why, replaced = str(found), True
            log.error("kafka.reconnecting", why=why)
            self.cluster = None
            await self._let_go()

    async def _let_go(self) -> None:
        """Batches being handled are delivered again by the next connection; the producer's buffer is flushed."""
        for consumer in self._consumers:
            consumer.patient = False
        with contextlib.suppress(KafkaError, OSError, TimeoutError):
            if self._admin is not None:
                await ensure_topics(self._settings, self._admin)
        await self.close()
        for consumer in self._consumers:
            consumer.patient = True

    async def standing(self, group: str, topic: str) -> Standing:
        """Where ``group``, of whatever service, stands in ``topic``. Raises ``KafkaError`` or ``TimeoutError``."""
        admin, survey, name = self._admin, self._survey, topic_name(self._settings, topic)
        if self.cluster is None or admin is None or survey is None:
            raise KafkaConnectionError("not connected")
        at = real_now()
        async with asyncio.timeout(GAZE_SECONDS):
            ends = await survey.end_offsets([TopicPartition(name, number) for number in range(TOPICS[topic])])
            kept = await admin.list_consumer_group_offsets(f"{self._settings.namespace}.{group}")
        return Standing(
            at,
            {(topic, place.partition): end for place, end in ends.items()},
            {(topic, place.partition): known.offset for place, known in kept.items() if place.topic == name},
        )

    async def close(self) -> None:
        """Stop the consumers first: batches being handled may end, for at most ``STOP_SECONDS``."""
        with contextlib.suppress(Exception):
            async with asyncio.timeout(STOP_SECONDS):
                await self._broker.stop()
        if self._admin is not None:
            with contextlib.suppress(Exception):
                await self._admin.close()
            self._admin = None
        if self._survey is not None:
            with contextlib.suppress(Exception):
                await self._survey.stop()
            self._survey = None

    async def _made(self) -> str:
        pause = 0.1
        while True:
            try:
                self._admin = await open_admin(self._settings)
                cluster = await cluster_id(self._admin)
                await ensure_topics(self._settings, self._admin)
                self._survey = await open_survey(self._settings)
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

    async def _watched(self, cluster: str) -> KafkaError:
        """The error of a producer that has to be replaced. Raises ``Replaced`` when the log is another one."""
        self.watch = StallWatch(self._consumers, partial(served, self._settings))
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                async with asyncio.timeout(GAZE_SECONDS):
                    error = await self._looked(cluster)
            except TimeoutError:
                self.answers = False
                log.warning("kafka.timeout", seconds=GAZE_SECONDS)
                continue
            if error is not None:
                return error

    async def _looked(self, cluster: str) -> KafkaError | None:
        answering = await self._answering()
        self.answers = answering is not None
        ends = await self._ends(asked=answering == cluster)
        group = await self.watch.stalled(time.monotonic(), ends.of)
        if group is not None:
            log.critical("consumer.stalled", group=group)
            os._exit(70)
        if answering is None:
            return None
        if answering != cluster:
            raise Replaced(f"the cluster is {answering or 'without our topics'} and was {cluster}")
        if error := self._beyond_recovery():
            return error
        await self._caught_up.look(cluster, self._survey, ends)
        return None

    async def _ends(self, *, asked: bool) -> Ends:
        """Where the consumers' partitions end, as far as their leaders say."""
        at = real_now()
        clients = [consumer.subscriber.consumer for consumer in self._consumers]
        places = [place for client in clients if client is not None for place in client.assignment()]
        if not asked or not places or self._survey is None:
            return Ends(at, {})
        try:
            return Ends(at, await self._survey.end_offsets(places))
        except KafkaError:
            return Ends(at, {})

    def _beyond_recovery(self) -> KafkaError | None:
        if self._publisher.failure is None:
            return None
        since, error = self._publisher.failure
        lost_its_place = isinstance(error, OutOfOrderSequenceNumber)
        patience_over = not error.retriable and time.monotonic() - since > PATIENCE_SECONDS
        return error if lost_its_place or patience_over else None

    async def _answering(self) -> str | None:
        """The id of the cluster that answers, empty without our topics; None while none does."""
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
