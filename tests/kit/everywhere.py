"""Where a word lies on a running stack: every collection of every service, every record of Kafka, every log."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pymongo
from aiokafka import AIOKafkaConsumer
from bson.raw_bson import RawBSONDocument

from tests.kit.stack import RunningStack


def places_with(stack: RunningStack, words: Iterable[str]) -> list[str]:
    """The places that hold any of ``words`` in plain: `whistle_intake.reports`, `kafka whistle.cases`, a log's name."""
    needles = {word: word.encode() for word in words}
    found = [
        f"{place}: {word}"
        for place, content in (*_stored(stack), *asyncio.run(_sent(stack)), *_logged(stack))
        for word, needle in needles.items()
        if needle in content
    ]
    return sorted(set(found))


def _stored(stack: RunningStack) -> Iterable[tuple[str, bytes]]:
    with pymongo.MongoClient[Any](stack.dev["mongo"], document_class=RawBSONDocument) as client:
        for name in client.list_database_names():
            if name.startswith("whistle_"):
                for collection in client[name].list_collection_names():
                    for document in client[name][collection].find():
                        yield f"{name}.{collection}", bytes(document.raw)


async def _sent(stack: RunningStack) -> list[tuple[str, bytes]]:
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.dev["kafka"], auto_offset_reset="earliest")
    await consumer.start()
    try:
        topics = [topic for topic in await consumer.topics() if not topic.startswith("__")]
        consumer.subscribe(topics)
        while not consumer.assignment():
            await consumer.getmany(timeout_ms=200)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(list(consumer.assignment()))
        found: list[tuple[str, bytes]] = []
        while any([await consumer.position(part) < end for part, end in ends.items()]):
            for part, records in (await consumer.getmany(timeout_ms=500)).items():
                headers = [value for record in records for _, value in record.headers]
                for piece in (*(r.value for r in records), *(r.key for r in records), *headers):
                    found.append((f"kafka {part.topic}", piece or b""))
        return found
    finally:
        await consumer.stop()


def _logged(stack: RunningStack) -> Iterable[tuple[str, bytes]]:
    for path in stack.data.rglob("*.log*"):
        if path.is_file() and "kafka" not in path.parts and path.parent.name != "journal":
            yield path.name, path.read_bytes()
