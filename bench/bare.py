"""A bare pass-through to compare with: parse, group commit, publish, consume, store. No rules, no promises.

The same machine, servers, write concern, batch limits and process count (intake, router, notifier) as the system, read
from the same constants; it ends with a stored alert, as the system does. ``bench.pipeline`` takes turns with it.
"""

import asyncio
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pymongo import AsyncMongoClient, MongoClient, WriteConcern
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.load import Outcome, post_for, request
from bench.processes import Meter
from deploy.local.ports import taken
from deploy.local.servers.mongo import Member, mongo_uri
from deploy.local.servers.servers import kafka_server, mongo_server, start_all
from services.intake.reports.bodies import ReportBody
from services.intake.reports.group_commit import GROUP
from shared.contracts.catalogue import TOPICS
from shared.runtime.kafka.broker import BATCH_RECORDS, BATCH_TIMEOUT_MS, LINGER_MS
from tests.kit.stack import free_base, until

SENDS = {"linger_ms": LINGER_MS, "compression_type": "lz4"}
HOPS = (("intake", "reports"), ("router", "cases"), ("notifier", "alerts"))
"""Each process and the collection that it fills, from the topic of the one before."""
BODY = {"kind": "hazard", "description": "street light is dark", "location": {"lon": 4, "lat": 50, "crs": "wgs84"}}


def collection(uri: str, name: str) -> Any:
    """A collection at the system's write concern."""
    return AsyncMongoClient(uri)["bare"].get_collection(name, write_concern=WriteConcern(w="majority", j=True))


async def producer(kafka: str) -> Any:
    made = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=True, **SENDS)
    await made.start()
    return made


async def intake(uri: str, kafka: str, port: int) -> None:
    """POST → group commit → 202, then one record each."""
    decoder, waiting = msgspec.json.Decoder(ReportBody), []
    wake = asyncio.Event()

    async def submit(call: Request) -> Response:
        raw = await call.body()
        decoder.decode(raw)
        done = asyncio.get_running_loop().create_future()
        waiting.append((call.headers["idempotency-key"], raw, done))
        wake.set()
        return Response(b'{"id":"%b"}' % (await done).encode(), 202, media_type="application/json")

    async def commit() -> None:
        reports, sender = collection(uri, "reports"), await producer(kafka)
        while True:
            await wake.wait()
            wake.clear()
            while waiting:
                group, waiting[:] = waiting[:GROUP], waiting[GROUP:]
                await reports.insert_many([{"_id": key, "body": raw} for key, raw, _ in group], ordered=False)
                for key, _, done in group:
                    done.set_result(key)
                sent = asyncio.gather(*[await sender.send("reports", raw, key=key.encode()) for key, raw, _ in group])
                sent.add_done_callback(lambda t: t.exception())

    app = Starlette(routes=[Route("/v1/reports", submit, methods=["POST"])])
    served = uvicorn.Server(uvicorn.Config(app, port=port, access_log=False, log_level="warning")).serve()
    await asyncio.gather(served, commit())


async def pass_on(uri: str, kafka: str, source: str, target: str, *, onward: bool) -> None:
    """Records of ``source`` → one insert a batch → records of ``target`` → commit of the offsets."""
    stored, sender = collection(uri, target), await producer(kafka) if onward else None
    consumer = AIOKafkaConsumer(
        source, bootstrap_servers=kafka, group_id=target, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    while True:
        found = await consumer.getmany(timeout_ms=BATCH_TIMEOUT_MS, max_records=BATCH_RECORDS)
        records = [(record.key.decode(), record.value) for batch in found.values() for record in batch]
        if records:
            await stored.insert_many([{"_id": key, "body": raw} for key, raw in records], ordered=False)
            if sender is not None:
                await asyncio.gather(*[await sender.send(target, raw, key=key.encode()) for key, raw in records])
            await consumer.commit()


@dataclass(frozen=True)
class Bare:
    """What it took: reports a second, and CPU seconds a report by process."""

    rate: float
    outcome: Outcome
    cpu: dict[str, float]


def posted(n: int) -> bytes:
    return request("/v1/reports", msgspec.json.encode(BODY), {"idempotency-key": f"bare-{n}"})


async def measured(seconds: float, connections: int) -> Bare:
    """Start everything, load it, wait until the last process has stored all."""
    names = [name for name, _ in HOPS]
    base = free_base()
    with tempfile.TemporaryDirectory() as folder:
        parts = (kafka_server(Path(folder), base), mongo_server(Path(folder), base))
        servers = await start_all(parts)
        uri, kafka = mongo_uri([Member(base + 11)]), parts[0].url
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
        await admin.start()
        await admin.create_topics([NewTopic(topic, TOPICS[topic], 1) for _, topic in HOPS[:-1]])
        await admin.close()
        me = [sys.executable, "-m", "bench.bare", uri, kafka, str(base + 1)]
        services = [await asyncio.create_subprocess_exec(*me, name) for name in names]
        try:
            await asyncio.to_thread(until, lambda: taken(base + 1), what="the bare intake")
            pids = [server.pid for server in servers] + [service.pid for service in services]
            meter = Meter(dict(zip(("kafka", "mongo", *names), pids, strict=True)))
            outcome = await post_for("127.0.0.1", base + 1, posted, connections=connections, seconds=seconds)
            last, reports = MongoClient[dict[str, Any]](uri)["bare"][HOPS[-1][1]], len(outcome.latencies)
            await asyncio.to_thread(until, lambda: last.estimated_document_count() >= reports, what="the drain")
            return Bare(reports / seconds, outcome, {name: used / reports for name, used in meter.used().items()})
        finally:
            for service in services:
                service.terminate()
            await asyncio.gather(*(server.stop(10) for server in servers))


if __name__ == "__main__":
    uri_, kafka_, port_, part = sys.argv[1:]
    at = [name for name, _ in HOPS].index(part)
    onward_ = at + 1 < len(HOPS)
    hop = (
        pass_on(uri_, kafka_, HOPS[at - 1][1], HOPS[at][1], onward=onward_) if at else intake(uri_, kafka_, int(port_))
    )
    uvloop.run(hop)
