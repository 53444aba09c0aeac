"""Both MongoDB drivers behind the seam, on one real mongod in one run: operations a second and CPU of this process.

``python -m bench.mongo_drivers`` prints a table and writes ``bench/results/mongo_drivers.json``. The rounds of the two
drivers alternate, so that a busy machine is unfair to neither; the best round counts.
"""

import asyncio
import itertools
import json
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.local.part import start
from deploy.local.servers.servers import mongo_server
from shared.runtime.storage.mongo import Collection, IndexModel, Mongo, UpdateOne
from tests.kit.stack import free_base

DRIVERS = ("pymongo", "motor")
ROUNDS = 6
DOCUMENTS = 4096
BYTES = 1200
RESULTS = Path(__file__).parent / "results" / "mongo_drivers.json"
Work = Callable[[Collection], Awaitable[int]]
_numbers = itertools.count()


@dataclass(frozen=True)
class Figure:
    """One driver at one kind of work."""

    work: str
    driver: str
    per_second: float
    cpu_us: float
    """CPU of this process for one document; the server's is not in it."""


def documents(count: int) -> list[dict[str, Any]]:
    """Reports as intake stores them, more or less."""
    at = datetime.now(UTC)
    return [
        {
            "_id": f"r{next(_numbers):026d}",
            "version": 1,
            "received_at": at,
            "next_due": at,
            "description": "x" * BYTES,
            "pending": [{"id": "e", "data": "{}"}],
        }
        for _ in range(count)
    ]


def inserts(group: int) -> Work:
    """Groups with two in flight, majority and journal, as the group commit does."""

    async def work(collection: Collection) -> int:
        groups = [documents(group) for _ in range(DOCUMENTS // group)]
        slots = asyncio.Semaphore(2)

        async def one(each: list[dict[str, Any]]) -> None:
            async with slots:
                inserted = await collection.insert_all(each)
                assert not inserted.duplicate | inserted.failed

        await asyncio.gather(*(one(each) for each in groups))
        return DOCUMENTS

    return work


async def updates(collection: Collection) -> int:
    """A bulk of compare-and-set, as clocks fire: 256 documents each."""
    page = await collection.find({"version": 1}, {"version": 1}, limit=1024)
    for at in range(0, len(page), 256):
        writes = [
            UpdateOne({"_id": d["_id"], "version": 1}, {"$set": {"version": 2}, "$push": {"pending": {"id": "b"}}})
            for d in page[at : at + 256]
        ]
        assert await collection.write(writes) == len(writes)
    return len(page)


async def pages(collection: Collection) -> int:
    """Pages of 100 whole documents by the index, eight at once."""
    found = await asyncio.gather(
        *(collection.find({}, sort=[("next_due", 1)], limit=100, hint="next_due") for _ in range(24))
    )
    return sum(len(page) for page in found)


async def singles(collection: Collection) -> int:
    """Reads of one document, 64 at once: what a request costs the loop."""
    page = await collection.find({}, {"_id": 1}, limit=1024)
    slots = asyncio.Semaphore(64)

    async def one(id_: str) -> bool:
        async with slots:
            return await collection.find_one({"_id": id_}) is not None

    return sum(await asyncio.gather(*(one(d["_id"]) for d in page)))


WORKS: dict[str, Work] = {
    "insert, groups of 64": inserts(64),
    "insert, groups of 256": inserts(256),
    "compare-and-set in bulk": updates,
    "read pages of 100": pages,
    "read one by one": singles,
}


async def measured(work: Work, collection: Collection) -> tuple[float, float]:
    """Documents a second, and microseconds of CPU for one."""
    wall, cpu = time.perf_counter(), time.process_time()
    count = await work(collection)
    return count / (time.perf_counter() - wall), (time.process_time() - cpu) / count * 1e6


@asynccontextmanager
async def mongod(data: Path) -> AsyncIterator[str]:
    part = mongo_server(data, free_base())
    process = await start(part)
    try:
        yield part.url
    finally:
        await process.stop(grace=5)


async def figures() -> list[Figure]:
    rounds: dict[tuple[str, str], list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        async with mongod(Path(folder)) as uri:
            connections = {driver: Mongo(uri, f"bench_{driver}", driver) for driver in DRIVERS}
            collections = {d: c.database("drivers").collection("reports") for d, c in connections.items()}
            for collection in collections.values():
                await collection.ensure_indexes(IndexModel([("next_due", 1)], name="next_due"))
                await inserts(256)(collection)
            for number in range(ROUNDS):
                for work, driver in itertools.product(WORKS, DRIVERS[:: 1 if number % 2 else -1]):
                    rounds.setdefault((work, driver), []).append(await measured(WORKS[work], collections[driver]))
            for connection in connections.values():
                await connection.close()
    return [
        Figure(work, driver, round(max(r[0] for r in taken)), round(min(r[1] for r in taken), 1))
        for (work, driver), taken in sorted(rounds.items(), key=lambda pair: list(WORKS).index(pair[0][0]))
    ]


def main() -> None:
    found = asyncio.run(figures())
    print(f"{'work':26} {'driver':8} {'documents/s':>12} {'CPU µs each':>12}")
    for figure in found:
        print(f"{figure.work:26} {figure.driver:8} {figure.per_second:12,.0f} {figure.cpu_us:12.1f}")
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps([asdict(figure) for figure in found], indent=1) + "\n")


if __name__ == "__main__":
    main()
