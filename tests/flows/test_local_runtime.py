"""The supervisor with real Kafka and mongod: kill it, kill its parts, start it again. Services are stand-ins."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pymongo import AsyncMongoClient

from deploy.local.ports import taken
from deploy.local.servers.mongo import Document
from deploy.local.state import Row, holder, read_rows
from tests.kit.stack import until

pytestmark = pytest.mark.timeout(300)

SERVICE = """
import json, os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def _answer(self, told):
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self._answer({})

    def do_POST(self):
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer({"city": "town", "version": "v1"} if "files" in sent else {"city": "town", "app_key": "k"})

    def log_message(self, *_):
        pass

ThreadingHTTPServer((os.environ["WHISTLE_HOST"], int(os.environ["WHISTLE_PORT"])), Handler).serve_forever()
"""
BROKEN = 'raise SystemExit("this service has no wheels")'
RUNNER = """
import asyncio, sys
from pathlib import Path
from deploy.local.part import PartFailed
from deploy.local.parts import Service, Stack
from deploy.local.supervisor import run

data, base, city, intake = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
services = (Service("intake", 1, intake), Service("router", 2, "standin"))
try:
    stack = Stack(data, base, services=services)
    asyncio.run(run(stack, [city], lambda line: print(line, flush=True), lambda up: print("READY", flush=True)))
except PartFailed as failure:
    sys.exit(str(failure))
"""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def base() -> int:
    """A port base whose ports are free; below the range that the kernel hands out."""
    while True:
        base = random.randrange(20_000, 32_000)
        if not any(taken(base + offset) for offset in range(13)):
            return base


@pytest.fixture
def start(tmp_path: Path, base: int) -> Iterator[Start]:
    """Starts a supervisor on `tmp_path / "data"`; whatever is left of it is ended after the test."""
    (tmp_path / "city").mkdir()
    (tmp_path / "city" / "city.yaml").write_text("id: town\n")
    (tmp_path / "standin.py").write_text(SERVICE)
    (tmp_path / "broken.py").write_text(BROKEN)
    started: list[subprocess.Popen[str]] = []

    def run(intake: str = "standin") -> "subprocess.Popen[str]":
        arguments = [str(tmp_path / "data"), str(base), str(tmp_path / "city"), intake]
        log = (tmp_path / "supervisor.log").open("a")
        env = {**os.environ, "PYTHONPATH": str(tmp_path)}
        child = subprocess.Popen([sys.executable, "-c", RUNNER, *arguments], stdout=log, stderr=log, text=True, env=env)
        log.close()
        started.append(child)
        return child

    yield run
    for child in started:
        child.kill()
        child.wait()


def rows(data: Path) -> dict[str, Row]:
    return {row["part"]: row for row in read_rows(data)}


def ready(data: Path) -> Callable[[], bool]:
    """All four parts are ready and the cities loaded."""

    def check() -> bool:
        states = [row["state"] for row in rows(data).values()]
        return states == ["ready"] * 4 and (data / "dev.json").exists()

    return check


def family(child: "subprocess.Popen[str]") -> list[psutil.Process]:
    return psutil.Process(child.pid).children(recursive=True)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


async def test_kill_9_leaves_no_process_and_data_outlives_it(start: Start, tmp_path: Path, base: int) -> None:
    data = tmp_path / "data"
    child = start()
    until(ready(data), within=90, what="stack ready")
    await _store(base)
    tokens = json.loads((data / "dev.json").read_text())
    assert tokens["app_key"] == "k"
    assert (data / "dev.json").stat().st_mode & 0o777 == (data / "secret").stat().st_mode & 0o777 == 0o600

    processes = family(child)
    names = " ".join(process.name() for process in processes)
    assert "java" in names and "mongod" in names and len(processes) >= 4
    child.kill()
    child.wait()
    until(lambda: not alive(processes), within=10, what="every process of a killed supervisor gone")
    assert {row["state"] for row in read_rows(data)} == {"stopped"}

    child = start()
    until(lambda: holder(data) == child.pid and ready(data)(), within=90, what="stack ready again")
    await _assert_stored(base)
    assert json.loads((data / "dev.json").read_text())["ops"] == tokens["ops"]

    processes = family(child)
    child.send_signal(signal.SIGTERM)
    assert child.wait(40) == 0
    assert not alive(processes)
    assert {row["state"] for row in read_rows(data)} == {"stopped"}


def test_parts_that_die_are_started_again(start: Start, tmp_path: Path) -> None:
    data = tmp_path / "data"
    start()
    until(ready(data), within=90, what="stack ready")
    before = rows(data)
    for row in before.values():
        assert row["pid"] is not None
        os.kill(row["pid"], signal.SIGKILL)

    def renewed() -> bool:
        now = rows(data)
        return all(now[part]["pid"] not in (None, before[part]["pid"]) for part in before)

    until(lambda: renewed() and ready(data)(), within=90, what="every part started again and ready")
    said = (tmp_path / "supervisor.log").read_text()
    for part in before:
        assert f"{part} was ended by signal 9; starting it again in 0.2 s" in said


def test_a_part_that_cannot_start_is_named_with_its_log(start: Start, tmp_path: Path) -> None:
    child = start(intake="broken")
    assert child.wait(60) == 1
    said = (tmp_path / "supervisor.log").read_text()
    assert "intake: ended with code 1" in said
    assert str(tmp_path / "data" / "logs" / "intake.log") in said
    assert "this service has no wheels" in said
    assert {row["state"] for row in read_rows(tmp_path / "data")} == {"stopped"}


def _servers(base: int) -> tuple[str, str]:
    return f"127.0.0.1:{base + 10}", f"mongodb://127.0.0.1:{base + 11}/?replicaSet=rs0&w=majority&journal=true"


async def _store(base: int) -> None:
    kafka, mongo = _servers(base)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic("kept", 1, 1)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=True)
    await producer.start()
    await producer.send_and_wait("kept", b"here")
    await producer.stop()
    client: AsyncMongoClient[Document] = AsyncMongoClient(mongo)
    await client["test"]["kept"].insert_one({"_id": "here"})
    await client.close()


async def _assert_stored(base: int) -> None:
    kafka, mongo = _servers(base)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    consumer.assign([TopicPartition("kept", 0)])
    message = await consumer.getone()
    await consumer.stop()
    assert message.value == b"here"
    client: AsyncMongoClient[Document] = AsyncMongoClient(mongo)
    assert await client["test"]["kept"].find_one({"_id": "here"}) == {"_id": "here"}
    await client.close()
