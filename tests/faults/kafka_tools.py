"""What an operator, a disk or another program may do to topics and groups; done from outside."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.errors import KafkaError

from shared.contracts.catalogue import TOPICS
from tests.faults.cluster import Cluster

EMPTY_WITHIN = 60.0
"""A group is empty once its dead members' sessions are over."""


def moved_to_the_end(cluster: Cluster, group: str, topic: str) -> None:
    """All offsets of a group, as by ``--reset-offsets --to-latest``; its members must have gone."""
    asyncio.run(_moved_to_the_end(cluster, group, topic))


async def _moved_to_the_end(cluster: Cluster, group: str, topic: str) -> None:
    client = AIOKafkaConsumer(
        bootstrap_servers=cluster.servers.brokers.bootstrap,
        group_id=f"{cluster.namespace}.{group}",
        enable_auto_commit=False,
    )
    await client.start()
    try:
        places = _places(cluster, topic)
        client.assign(places)
        async with asyncio.timeout(EMPTY_WITHIN):
            while not await _committed(client, await client.end_offsets(places)):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.5)
    finally:
        await client.stop()


async def _committed(client: AIOKafkaConsumer, offsets: dict[TopicPartition, int]) -> bool:
    try:
        await client.commit(offsets)
    except KafkaError:
        return False
    return True


def _places(cluster: Cluster, topic: str) -> list[TopicPartition]:
    return [TopicPartition(f"{cluster.namespace}.{topic}", number) for number in range(TOPICS[topic])]


def aged(cluster: Cluster, topic: str) -> None:
    """All records of a topic, as by a retention that is over."""
    asyncio.run(_aged(cluster, topic))


async def _aged(cluster: Cluster, topic: str) -> None:
    bootstrap = cluster.servers.brokers.bootstrap
    client = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await client.start()
    await admin.start()
    try:
        ends = await client.end_offsets(_places(cluster, topic))
        await admin.delete_records({place: RecordsToDelete(before_offset=end) for place, end in ends.items()})
    finally:
        await admin.close()
        await client.stop()


def vanished(cluster: Cluster, topic: str) -> None:
    """A topic's records from every broker's disk while the cluster remains, as by a leader that knew none of them."""
    brokers = cluster.servers.brokers
    for broker in brokers.all:
        broker.kill()
    for folder in brokers.folders:
        for partition in (folder / "log").glob(f"{cluster.namespace}.{topic}-*"):
            shutil.rmtree(partition)
    brokers.start()


def wiped(cluster: Cluster) -> None:
    """Every broker's disk, as if new; another cluster comes up on the same addresses."""
    brokers = cluster.servers.brokers
    for broker in brokers.all:
        broker.kill()
    _emptied(brokers.folders)
    brokers.anew()


def _emptied(folders: Sequence[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder)


def comes_and_goes(cluster: Cluster, group: str, topic: str, *, times: int, seconds: float) -> None:
    """A stranger joins a group, is given partitions, handles none of them for so many ``seconds``, leaves for as
    long, and comes again."""
    asyncio.run(_comes_and_goes(cluster, group, topic, times, seconds))


async def _comes_and_goes(cluster: Cluster, group: str, topic: str, times: int, seconds: float) -> None:
    for _ in range(times):
        stranger = AIOKafkaConsumer(
            f"{cluster.namespace}.{topic}",
            bootstrap_servers=cluster.servers.brokers.bootstrap,
            group_id=f"{cluster.namespace}.{group}",
            enable_auto_commit=False,
            session_timeout_ms=10_000,
            rebalance_timeout_ms=15_000,
        )
        await stranger.start()  # returns with its partitions
        await asyncio.sleep(seconds)
        await stranger.stop()
        await asyncio.sleep(seconds)
