"""Kafka and MongoDB alone, for tests and benchmarks: started side by side, ended with the `async with`."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.local.part import Part, start
from deploy.local.process import Process
from deploy.local.servers.kafka import Node, kafka_part
from deploy.local.servers.mongo import Member, mongo_part, mongo_uri

KAFKA, MONGO, CONTROLLER = 10, 11, 12
"""Offsets of the servers' ports from the port base."""


def kafka_server(data: Path, port_base: int) -> Part:
    """The one Kafka node of a data directory."""
    node = Node(1, port_base + KAFKA, port_base + CONTROLLER)
    return kafka_part(node, data / "kafka", data / "logs" / "kafka.log")


def mongo_server(data: Path, port_base: int) -> Part:
    """The one mongod of a data directory."""
    return mongo_part(Member(port_base + MONGO), data / "mongo", data / "logs" / "mongo.log")


async def start_all(parts: Sequence[Part], within: float = 60.0) -> list[Process]:
    """Start parts side by side; if one fails, those that came up are ended and its PartFailed is raised."""
    results = await asyncio.gather(*(start(part, within) for part in parts), return_exceptions=True)
    processes = [result for result in results if isinstance(result, Process)]
    failures = [result for result in results if isinstance(result, BaseException)]
    if failures:
        await asyncio.gather(*(process.stop(grace=5) for process in processes))
        raise failures[0]
    return processes


@asynccontextmanager
async def local_servers(data: Path, port_base: int, grace: float = 20.0) -> AsyncIterator[tuple[str, str]]:
    """Real Kafka and MongoDB in `data`, on `port_base` + 10, 11 and 12: yields (host:port, MongoDB URI).

    Enter it on the main thread's event loop: the servers end when the thread that started them does.
    """
    parts = (kafka_server(data, port_base), mongo_server(data, port_base))
    processes = await start_all(parts)
    try:
        yield parts[0].url, mongo_uri([Member(port_base + MONGO)])
    finally:
        await asyncio.gather(*(process.stop(grace) for process in processes))
