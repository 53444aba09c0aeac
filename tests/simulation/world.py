"""The installation of one seed: the services as their ``assemble`` makes them, on a simulated store and broker.

The one place that knows how the product is wired. What a process finds outside itself (time, pymongo, FastStream's
broker, HTTP, the system's signals) is replaced at the seams while a seed runs.
"""

import asyncio
import contextlib
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from tempfile import mkdtemp
from types import SimpleNamespace
from typing import Any
from unittest import mock

import gridfs.asynchronous
import httpx
import msgspec
import pymongo
import structlog
from aiokafka.errors import KafkaConnectionError
from pydantic import SecretStr
from starlette.requests import Request

from services.intake import app as intake
from services.intake.privacy.master_keys import MasterKeys
from services.intake.reports import unrouted_watch
from services.notifier import app as notifier
from services.router import app as router
from services.router.cases import sla_timers
from services.router.dedup import merge_saga, reconciler
from shared.city.pack import Pack
from shared.city.reading import read_pack
from shared.contracts.catalogue import TOPICS
from shared.kernel.errors import Refusal
from shared.runtime import pack_library, service
from shared.runtime.http_client import client as http_client
from shared.runtime.http_server.route import Answer, Call, Route
from shared.runtime.identity.directory import Principal
from shared.runtime.kafka import broker, connection, consumer, outbox_relay
from shared.runtime.observability import trace_id
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.runtime.storage.mongo import MongoError
from shared.runtime.timekeeping import wall_clock
from tests.kit.made_reports import NOW, SECRET, harbour
from tests.packs import harbour_with_same
from tests.simulation import kafka, mongo
from tests.simulation.loop import VirtualLoop
from tests.simulation.processes import Process
from tests.simulation.replica_set import ReplicaSet, Shelf
from tests.simulation.weather import Weather

SERVICES: Mapping[str, Callable[..., Service]] = {
    "intake": intake.assemble,
    "router": router.assemble,
    "notifier": notifier.assemble,
}
NAMESPACE = "sim"
LEFT_OUT = frozenset({"photos", "packs", "webhooks", "channels", "health_checks", "loop", "retention"})
"""Background work that concerns no promise looked at here: no photo, second pack, webhook, channel, no gauge."""
POLLS = (
    (sla_timers, "SLEEP_SECONDS_MAX"),
    (merge_saga, "LOOK_SECONDS"),
    (reconciler, "LOOK_SECONDS"),
    (unrouted_watch, "LOOK_SECONDS"),
    (outbox_relay, "POLL_SECONDS"),
)
KILLS_MAX = 1000
"""Ends of a process with the same record in hand: here chance makes many, and no record is to blame."""
POLL_SECONDS = 1.5
"""Loops that only look whether there is anything look less often: looking is most of what a seed costs."""


@cache
def grouping_harbour() -> Pack:
    return read_pack(harbour_with_same())


@cache
def settings() -> Settings:
    found = Settings(namespace=NAMESPACE, secret=SecretStr(SECRET), keys=mkdtemp(prefix="keys"))
    MasterKeys(found.keys_folder).make()
    return found


class Unreachable(Exception):
    """The caller got no answer; nobody knows what was done."""


class World:
    """Servers, processes, and what callers can do with them."""

    def __init__(self, seed: int, note: Callable[[str], None] | None) -> None:
        self.groups = seed % 2 == 1
        """Every other seed has rules for reports of the same thing."""
        self.pack = grouping_harbour() if self.groups else harbour()
        self.chance = random.Random(seed)
        self.loop = VirtualLoop(random.Random(self.chance.random()), NOW.timestamp())
        self._note = note
        self.weather = Weather(random.Random(self.chance.random()), self.note)
        self._drawn = random.Random(self.chance.random())
        self.store = ReplicaSet(self.weather)
        self.cluster = kafka.Cluster(self.weather, {f"{NAMESPACE}.{name}": count for name, count in TOPICS.items()})
        self.processes: dict[str, Process] = {}
        self.routes: dict[str, dict[tuple[str, str], Route]] = {}
        self.over = False
        self.faults: list[str] = []
        """What no process may do whatever happens: end by itself, answer 500."""
        for name in SERVICES:
            self._give_pack(name)

    def note(self, line: str) -> None:
        """A line of the trace."""
        if self._note is not None:
            self._note(f"{self.now().isoformat(timespec='milliseconds')[:23]} {line}")

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.loop.time(), UTC)

    def shelf(self, service_: str, name: str) -> Shelf:
        """A collection of a service."""
        return self.store.shelf(f"{NAMESPACE}_{service_}.{name}")

    def _give_pack(self, service_: str) -> None:
        """The harbour's pack holds already."""
        pack = self.pack
        self.store.files[f"{NAMESPACE}_{service_}.packs/harbour/{pack.version}"] = b""
        shelf = self.shelf(service_, "packs_current")
        shelf.latest["harbour"] = shelf.committed["harbour"] = {"_id": "harbour", "version": pack.version}

    def _ids(self, size: int) -> str:
        return self._drawn.randbytes(size).hex()

    # processes

    def start(self, name: str) -> None:
        """A fresh process, as the supervisor starts it, unless there is one."""
        if self.over or (name in self.processes and self.processes[name].alive):
            return
        self.note(f"start {name}")
        process = self.processes[name] = Process(name)
        self.loop.create_task(self._life(process), context=process.context)

    async def _life(self, process: Process) -> None:
        made = SERVICES[process.name](settings(), ids=self._ids)
        made._background = [job for job in made._background if job[0] not in LEFT_OUT]
        made.kafka.steps.clear()
        self.routes[process.name] = {(route.method, route.path): route for route in made.routes}
        async with made._lifespan(None):
            process.serving = True
            await process.stopping.wait()
            process.serving = False
        process.kill()
        self.start(process.name)

    def kill(self, name: str) -> None:
        self.note(f"kill {name}")
        self.processes[name].kill()

    def stop(self, name: str) -> None:
        """In order, as SIGTERM asks; then it is started again."""
        self.note(f"stop {name}")
        self.processes[name].stopping.set()

    def _ended(self, *_: Any) -> None:
        self.faults.append("a background task ended its process")

    def unhandled(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A callback must not fail; a task that nobody waited for may, its process was killed."""
        self.note(f"unhandled {context.get('message')} {context.get('exception')!r}")
        if "handle" in context:
            self.faults.append(f"{context['exception']!r}")

    # callers

    async def call(
        self, service_: str, route: tuple[str, str], principal: Principal, key: str, body: object, **path: str
    ) -> tuple[int, Any]:
        """Status and body, as over HTTP. Raises ``Unreachable``."""
        process = self.processes[service_]
        fault = self.weather.strikes("http")
        await asyncio.sleep(self.weather.delay())
        if fault == "refused" or not process.serving:
            raise Unreachable
        answered = self.loop.create_task(
            self._answer(self.routes[service_][route], principal, key, body, path), context=process.context
        )
        await asyncio.wait([answered], timeout=10.0)
        if not answered.done() or answered.cancelled() or fault == "lost":
            raise Unreachable
        return answered.result()

    async def _answer(
        self, route: Route, principal: Principal, key: str, body: object, path: Mapping[str, str]
    ) -> tuple[int, Any]:
        """What the edge would answer."""
        request = Request({"type": "http", "method": route.method, "path": route.path, "headers": []})
        trace = trace_id.new_trace(self._ids)
        call = Call(request, principal, path, key, trace, b"", msgspec.convert(body, route.body))
        try:
            answer = await route.handler(call)
        except Refusal as refusal:
            return refusal.status, refusal.kind
        except MongoError:
            return 503, "unavailable"
        except Exception as fault:
            self.faults.append(f"500 at {route.path}: {fault!r}")
            return 500, "fault"
        assert isinstance(answer, Answer)
        return answer.status, msgspec.to_builtins(answer.body) if not isinstance(answer.body, msgspec.Raw) else None

    # what is outside the processes

    @contextlib.contextmanager
    def outside(self) -> Iterator[None]:
        """While it lasts, the product's modules find this world where they look for the real one."""
        clock = SimpleNamespace(time=self.loop.time, monotonic=self.loop.time, perf_counter=self.loop.time)
        with contextlib.ExitStack() as stack:

            def instead(place: Any, name: str, what: Any) -> None:
                stack.enter_context(mock.patch.object(place, name, what))

            for name, module in list(sys.modules.items()):
                if name.startswith(("services.", "shared.")) and getattr(module, "time", None) is time:
                    instead(module, "time", clock)
            instead(pymongo, "AsyncMongoClient", lambda *_, **__: mongo.Client(self.store))
            instead(gridfs.asynchronous, "AsyncGridFSBucket", mongo.RawBucket)
            instead(broker, "KafkaBroker", lambda *_, **more: kafka.Broker(self.cluster, **more))
            instead(connection, "open_admin", self._admin)
            instead(connection, "open_offset_client", self._admin)
            instead(connection, "leaders_answer", _leapt)
            instead(service, "close_all", _nothing)
            system = SimpleNamespace(getpid=lambda: 0, kill=self._ended, _exit=self._ended)
            instead(service, "os", system)
            instead(connection, "os", system)
            instead(http_client, "client", lambda *_, **__: NoHttp())
            for module, name in POLLS:
                instead(module, name, POLL_SECONDS)
            instead(consumer, "RECORD_ATTEMPTS_MAX", KILLS_MAX)
            instead(wall_clock, "_time", wall_clock.MedianClock())
            instead(pack_library, "unpacked", lambda _: {})
            instead(pack_library, "read_pack", lambda _, **__: self.pack)
            stack.enter_context(self._logs())
            yield

    async def _admin(self, _: Settings) -> kafka.Admin:
        if self.cluster.away:
            raise KafkaConnectionError("simulated: no broker")
        return kafka.Admin(self.cluster)

    @contextlib.contextmanager
    def _logs(self) -> Iterator[None]:
        """The services' logs are the trace's, or nobody's."""
        before = structlog.get_config()

        def to_trace(_: Any, level: str, line: Any) -> Any:
            if level == "exception":
                self.faults.append(f"{line['event']} {sys.exc_info()[1]!r}")
            said = " ".join(f"{name}={value}" for name, value in line.items() if name not in ("event", "exc_info"))
            self.note(f"  log {level} {line['event']} {said}")
            if line.get("exc_info"):
                self.note(f"  log {sys.exc_info()[1]!r}")
            raise structlog.DropEvent

        structlog.configure(
            processors=[to_trace],
            wrapper_class=structlog.make_filtering_bound_logger(20 if self._note is not None else 50),
            cache_logger_on_first_use=False,
        )
        try:
            yield
        finally:
            structlog.configure(**before)


class NoHttp:
    """An HTTP client whose peers are away."""

    async def get(self, *_: Any, **__: Any) -> None:
        raise httpx.ConnectError("simulated: nobody there")

    post = get


async def _leapt(*_: Any) -> bool:
    """Time leaps here, and what waited through a leap does not stand still: that watch has tests of its own."""
    return False


async def _nothing() -> None:
    """Nothing was opened."""
