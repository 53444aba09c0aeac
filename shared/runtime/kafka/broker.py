"""The one module that configures FastStream: producer, topics, and the two kinds of subscriber.

The defaults of FastStream and aiokafka lose messages (ACK_FIRST, ``latest``, acks=1). Each setting below prevents a
measured loss (docs/delivery.md); ``tests/contract/test_subscribers.py`` checks them.
"""

import asyncio
import contextlib
import logging
import time
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import IllegalStateError, KafkaConnectionError, KafkaError, TopicAlreadyExistsError
from faststream import AckPolicy
from faststream.exceptions import IncorrectState
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage

from shared.contracts.catalogue import TOPICS, lane_topic
from shared.contracts.envelope import HISTORY, LIVE, Envelope, to_headers
from shared.runtime.kafka.security import broker_security, client_security
from shared.runtime.observability.telemetry import OFF, Telemetry
from shared.runtime.settings import Settings

log = structlog.get_logger()

BATCH_RECORDS = 256
HISTORY_RECORDS = 128
BATCH_TIMEOUT_MS = 10**12
"""A fetch returns when records are there, and never empty: after an empty one FastStream sleeps for this time again."""
LONG_POLL_MS = 5000
"""How long the broker holds a fetch request without records (``fetch.max.wait.ms``); it answers when one comes."""
FETCHER_WAIT_MS = 2000
"""aiokafka's ``consumer_timeout_ms``. Its default of 200 ms makes the fetcher loop wake five times a second for
nothing, since answers and changes of the assignment wake it anyway."""
METADATA_MS = 30_000
"""A consumer group notices a recreated topic only when it refreshes its metadata; the default is five minutes."""
LEADER_ANSWER_SECONDS = 4.0
LINGER_MS = 0
"""Callers publish whole batches, so that waiting for more records would only add latency and wake the sender twice."""
RETENTION_MS = 7 * 24 * 3600 * 1000


def topic_name(settings: Settings, topic: str) -> str:
    return f"{settings.namespace}.{topic}"


def partition_of(key: bytes, every: Sequence[int], available: Sequence[int]) -> int:
    """A key's partition, by CRC-32. aiokafka's own murmur2 is written in Python and took 3 % of the CPU per report.

    Any other producer that writes to these topics must use the same partitioner, or events of one key lose their order.
    """
    return every[zlib.crc32(key) % len(every)]


def build_broker(settings: Settings, service: str, middlewares: Sequence[Any] = ()) -> KafkaBroker:
    """A broker with a durable producer: acks=all, idempotent, lz4. Connects at ``start``."""
    return KafkaBroker(
        settings.kafka.split(","),
        security=broker_security(settings),
        client_id=f"{settings.namespace}.{service}",
        acks="all",
        enable_idempotence=True,
        linger_ms=LINGER_MS,
        max_batch_size=128 * 1024,
        compression_type="lz4",
        partitioner=partition_of,
        metadata_max_age_ms=METADATA_MS,
        request_timeout_ms=15000,
        max_request_size=256 * 1024,
        allow_auto_create_topics=False,
        graceful_timeout=20.0,
        ack_policy=AckPolicy.NACK_ON_ERROR,
        logger=logging.getLogger("whistle.broker"),
        log_level=logging.DEBUG,
        apply_types=False,
        middlewares=middlewares,
    )


async def open_admin(settings: Settings) -> AIOKafkaAdminClient:
    """A connected admin client, which the caller closes. Raises ``KafkaError`` when no broker answers."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka, request_timeout_ms=10000, **client_security(settings))
    try:
        await admin.start()
    except BaseException:
        await admin.close()
        raise
    return admin


async def open_offset_client(settings: Settings) -> AIOKafkaConsumer:
    """A client without a group that only asks for the first and last offsets of partitions; the caller stops it.

    It has its own connection, because a broker answers the requests of a connection in order: on a consumer's they
    would wait behind its long polls. Raises ``KafkaError`` when no broker answers.
    """
    client = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka.split(","), isolation_level="read_committed", **client_security(settings)
    )
    try:
        await client.start()
    except BaseException:
        await client.stop()
        raise
    return client


async def cluster_id(admin: AIOKafkaAdminClient) -> str:
    """The id of the cluster. It changes when the cluster's data was wiped. Raises ``KafkaError``."""
    return str((await admin.describe_cluster())["cluster_id"])


async def ensure_topics(settings: Settings, admin: AIOKafkaAdminClient) -> None:
    """Create the catalogue's topics that are missing. Raises ``KafkaError`` when no broker answers."""
    existing = set(await admin.list_topics())
    config = {
        "min.insync.replicas": str(max(1, settings.replication - 1)),
        "unclean.leader.election.enable": "false",
        "retention.ms": str(RETENTION_MS),
        "max.message.bytes": str(256 * 1024),
    }
    missing = [
        NewTopic(topic_name(settings, topic), partitions, settings.replication, topic_configs=config)
        for topic, partitions in TOPICS.items()
        if topic_name(settings, topic) not in existing
    ]
    if missing:
        try:
            await admin.create_topics(missing)
        except TopicAlreadyExistsError:
            log.info("topics.created_by_another")


async def topics_exist(settings: Settings, admin: AIOKafkaAdminClient) -> bool:
    """Whether all topics of the catalogue exist. Raises ``KafkaError``."""
    return {topic_name(settings, topic) for topic in TOPICS} <= set(await admin.list_topics())


async def leaders_answer(settings: Settings, places: Collection[TopicPartition]) -> bool:
    """Whether the leaders of the partitions ``places`` answer a new client within ``LEADER_ANSWER_SECONDS``."""
    client = AIOKafkaConsumer(bootstrap_servers=settings.kafka.split(","), **client_security(settings))
    try:
        async with asyncio.timeout(LEADER_ANSWER_SECONDS):
            await client.start()
            await client.end_offsets(places)
    except (KafkaError, OSError, TimeoutError):
        return False
    finally:
        with contextlib.suppress(KafkaError, OSError, TimeoutError):
            async with asyncio.timeout(LEADER_ANSWER_SECONDS):
                await client.stop()
    return True


class Publisher:
    """Publishes events, pipelined: ``send`` puts one into the producer's buffer and returns the future of its ack.

    They are sent one by one because ``publish_batch`` puts a keyed batch into one random partition (faststream#2586).
    """

    def __init__(self, settings: Settings, broker: KafkaBroker, source: str, telemetry: Telemetry = OFF) -> None:
        self._settings = settings
        self._broker = broker
        self._source = f"/{settings.namespace}/{source}"
        self.failure: tuple[float, KafkaError] | None = None
        """When publishing began to fail (monotonic seconds), and the latest error; None while it works."""
        self._telemetry = telemetry

    async def send(self, event: Envelope) -> "asyncio.Future[Any]":
        try:
            with self._telemetry.following(event.trace):
                future = await self._broker.publish(
                    event.data.encode(),
                    topic_name(self._settings, lane_topic(event.topic, event.lane)),
                    key=event.key.encode(),
                    headers=to_headers(event, self._source),
                    correlation_id=event.id,
                    no_confirm=True,
                )
        except IncorrectState as error:
            raise KafkaConnectionError("the connection to Kafka is being made anew") from error
        assert isinstance(future, asyncio.Future)  # noqa: S101 - what no_confirm promises
        return future

    async def publish(self, events: Sequence[Envelope]) -> None:
        """Publish ``events``. When this returns, all in-sync replicas have acknowledged them. Raises ``KafkaError``."""
        try:
            await asyncio.gather(*[await self.send(event) for event in events])
        except KafkaError as error:
            self.failure = (self.failure[0] if self.failure else time.monotonic(), error)
            raise
        self.failure = None


async def _raw_batch(message: tuple[ConsumerRecord, ...], original: Any) -> KafkaMessage:
    """The batch with its records undecoded: one bad header or body must not fail the other records."""
    bare = ConsumerRecord(
        topic=message[0].topic,
        partition=message[0].partition,
        offset=message[0].offset,
        timestamp=message[0].timestamp,
        timestamp_type=message[0].timestamp_type,
        key=None,
        value=b"",
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=(),
    )
    parsed: KafkaMessage = await original((bare,))
    parsed.raw_message = message
    return parsed


async def _no_decoding(message: KafkaMessage) -> object:
    return message.raw_message


async def record_lags(client: AIOKafkaConsumer, end_offsets: Mapping[Any, int]) -> dict[Any, int]:
    """Partition → how many records wait for ``client``; partitions without any are left out.

    ``end_offsets``: the ends as the brokers say; they count where they are ahead of what the client has heard.
    """
    seen = {partition: client.highwater(partition) for partition in client.assignment()}
    ends = {partition: max(end, end_offsets.get(partition, 0)) for partition, end in seen.items() if end is not None}
    lags: dict[Any, int] = {}
    for partition, end in ends.items():
        with contextlib.suppress(IllegalStateError):  # the group was rebalanced meanwhile
            lags[partition] = end - await client.position(partition)
    return {partition: lag for partition, lag in lags.items() if lag > 0}


@contextlib.contextmanager
def fetching_paused(client: AIOKafkaConsumer | None) -> Iterator[None]:
    """Pause the client's partitions while a batch is handled, so that the next fetch brings all that came meanwhile.

    Otherwise aiokafka fetches as soon as a batch is taken and keeps the few records it got until the batch is handled:
    later records wait for another round (accepted → visible p50 67 ms without, 47 ms with, at 318/s, decision 0017).
    """
    if client is None:
        yield
        return
    client.pause(*client.assignment())
    try:
        yield
    finally:
        client.resume(*client.paused())


def durable_subscriber(
    settings: Settings,
    broker: KafkaBroker,
    topic: str,
    group: str,
    title: str,
    listener: ConsumerRebalanceListener | None = None,
    lane: int = LIVE,
) -> Any:
    """A subscriber in a consumer group; offsets are committed only after the handler returned.

    ``listener`` is called when partitions are assigned or revoked. The history lane has smaller batches and longer
    waits and time-outs.
    """
    hurry = lane != HISTORY
    return broker.subscriber(
        topic_name(settings, topic),
        group_id=f"{settings.namespace}.{group}",
        listener=listener,
        batch=True,
        max_records=BATCH_RECORDS if hurry else HISTORY_RECORDS,
        batch_timeout_ms=BATCH_TIMEOUT_MS,
        ack_policy=AckPolicy.NACK_ON_ERROR,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_poll_interval_ms=300000,
        session_timeout_ms=10000 if hurry else 15000,
        heartbeat_interval_ms=3000 if hurry else 5000,
        rebalance_timeout_ms=15000,
        fetch_max_wait_ms=LONG_POLL_MS if hurry else 3 * LONG_POLL_MS,
        consumer_timeout_ms=FETCHER_WAIT_MS if hurry else 3 * FETCHER_WAIT_MS,
        no_reply=True,
        parser=_raw_batch,
        decoder=_no_decoding,
        title=title,
    )


def tail_subscriber(settings: Settings, broker: KafkaBroker, topics: Sequence[str], title: str) -> Any:
    """A subscriber without a group that gets every record from now on, for live streams. It commits no offsets."""
    return broker.subscriber(
        *(topic_name(settings, topic) for topic in topics),
        batch=True,
        max_records=BATCH_RECORDS,
        batch_timeout_ms=BATCH_TIMEOUT_MS,
        ack_policy=AckPolicy.MANUAL,
        auto_offset_reset="latest",
        isolation_level="read_committed",
        fetch_max_wait_ms=LONG_POLL_MS,
        consumer_timeout_ms=FETCHER_WAIT_MS,
        no_reply=True,
        parser=_raw_batch,
        decoder=_no_decoding,
        title=title,
    )


__all__ = [
    "KafkaBroker",
    "KafkaError",
    "Publisher",
    "build_broker",
    "cluster_id",
    "durable_subscriber",
    "ensure_topics",
    "leaders_answer",
    "open_admin",
    "open_offset_client",
    "tail_subscriber",
    "topic_name",
    "topics_exist",
]
