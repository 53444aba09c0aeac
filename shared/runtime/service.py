"""The life of a service: open the store, serve HTTP, connect to Kafka, watch its health, stop in order.

HTTP serves as soon as the store is open, so that reports are accepted during an outage of Kafka; relay and consumers
start when Kafka answers. A background task that ends by itself ends the process, and the supervisor restarts it.
"""

import asyncio
import contextlib
import os
import secrets
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, TypedDict, Unpack

import msgspec
import prometheus_client
import structlog
from faststream.kafka import KafkaBroker
from starlette.applications import Starlette
from starlette.responses import Response

from shared.kernel.ids import Ids
from shared.runtime.health.checks import Check, HealthChecks
from shared.runtime.health.heartbeat import Heartbeat
from shared.runtime.http_client import client as http_client
from shared.runtime.http_client.client import ServiceAuth, Transport, close_all
from shared.runtime.http_client.ssrf_guard import Guard
from shared.runtime.http_server import openapi
from shared.runtime.http_server.idempotent_requests import INDEXES as IDEMPOTENT_REQUEST_INDEXES
from shared.runtime.http_server.idempotent_requests import IdempotentRequests
from shared.runtime.http_server.rate_limits import Quotas
from shared.runtime.http_server.route import Answer, Call, Route, get
from shared.runtime.http_server.server import Edge
from shared.runtime.identity.directory import Directory
from shared.runtime.identity.security_log import SecurityLog
from shared.runtime.kafka.broker import Publisher, build_broker
from shared.runtime.kafka.connection import KafkaConnection
from shared.runtime.kafka.consumer import Consumer
from shared.runtime.kafka.crash_attempts import CrashAttempts
from shared.runtime.kafka.dead_letters import INDEXES as DEAD_INDEXES
from shared.runtime.kafka.dead_letters import DeadLetters
from shared.runtime.kafka.first_events import FIRST_EVENT_INDEX, FirstEvents
from shared.runtime.kafka.gap_recovery import GapRecovery, ReplayClient
from shared.runtime.kafka.lane_priority import LanePriority
from shared.runtime.kafka.outbox_relay import EVENT_INDEXES, OUTBOX_INDEX, Outbox, Relay
from shared.runtime.movable_clock import MovableClock, SharedShift
from shared.runtime.observability.metrics_page import MetricsPage
from shared.runtime.observability.telemetry import telemetry
from shared.runtime.ops_answers import AliveAnswer, MeAnswer, ReadyAnswer, UnreadyAnswer, WaitingRecords
from shared.runtime.ops_routes import ops_routes
from shared.runtime.settings import Settings
from shared.runtime.storage.mongo import Collection, IndexModel, Mongo, MongoError

log = structlog.get_logger()

VERSION = "0.1.0"
GRACE_SECONDS = 25
_BUILD = prometheus_client.Gauge(
    "whistle_build_info", "1; the labels say which service of which version this is.", ["service", "version"]
)


class ServiceOverrides(TypedDict, total=False):
    """Parts that tests pass in place of the real ones."""

    clock: MovableClock
    transport: Transport
    """Used by every HTTP client of the service."""
    ids: Ids
    """Draws every id that is not derived. Keys, nonces and tokens are always drawn from the system."""


def ids_of(given: ServiceOverrides) -> Ids:
    """The ``ids`` that were given, else the system's."""
    return given.get("ids") or secrets.token_hex


class Service:
    """What every service has: store, directory, broker, relay, consumers, background tasks and the common routes.

    A service's ``app.py`` declares its own parts on it; ``application`` then builds the ASGI application.
    """

    def __init__(self, name: str, settings: Settings, **given: Unpack[ServiceOverrides]) -> None:
        self.name = name
        self.settings = settings
        self.clock = given.get("clock") or MovableClock()
        self.transport = given.get("transport")
        self.ids = ids_of(given)
        self.mongo = Mongo(settings.mongo, settings.namespace, settings.mongo_driver)
        self.database = self.mongo.database(name)
        self.identity = self.mongo.database("identity")
        self.directory = Directory(self.identity, settings.secret_text, self.clock, notes_use=name == "router")
        self.security_log = SecurityLog(self.identity, self.clock, self.ids)
        self.auth = ServiceAuth(self.directory.installation.service_token)
        """Authenticates this service's requests to other services."""
        self.quotas = Quotas(settings)
        self.shift = SharedShift(self.identity, self.clock)
        self.telemetry = telemetry(settings, name, VERSION)
        self.broker: KafkaBroker = build_broker(settings, name, self.telemetry.middlewares)
        self.publisher = Publisher(settings, self.broker, name, self.telemetry)
        self.events = self.database.collection("events")
        self.dead_letters = DeadLetters(
            name, self.database.collection("dead_letters"), CrashAttempts(self.database.collection("attempts"))
        )
        asked = self.database.collection("asked")
        self.idempotent_requests = IdempotentRequests(asked, settings.secret_text, self.ids)
        self.relay: Relay | None = None
        self.first_events: Sequence[FirstEvents] = ()
        self.deliveries: Sequence[Collection] = ()
        """Collections of what is sent, each document with its ``case``: traced by their ids."""
        self.consumers: list[Consumer] = []
        self.lane_priority = LanePriority()
        self.indexes: list[tuple[Collection, tuple[IndexModel, ...]]] = [
            (self.dead_letters.collection, DEAD_INDEXES),
            (asked, IDEMPOTENT_REQUEST_INDEXES),
        ]
        self.checks: dict[str, Check] = {}
        self.pack_versions: Callable[[], Mapping[str, str]] = dict
        """Returns city → version of its current pack in this service."""
        self.routes: list[Route] = []
        self.webhook_messages: Sequence[openapi.WebhookMessage] = ()
        """What it sends to apps."""
        self.on_open: list[Callable[[], Awaitable[None]]] = []
        self.on_stop: list[Callable[[], None]] = []
        self._background: list[tuple[str, Callable[[], Awaitable[None]], bool]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._store_open = False
        emitters = ReplayClient(settings, self.auth, self.transport)
        gap_recovery = GapRecovery(self.database.collection("consumer_marks"), self.consumers, emitters)
        self.kafka = KafkaConnection(settings, self.broker, self.publisher, self.consumers, gap_recovery)
        self.health = HealthChecks(name, self.mongo.ping, lambda: self.kafka.answers)
        self._watched()

    def _watched(self) -> None:
        """Set up the health checks, gauges and the heartbeat that every service has."""
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        _BUILD.labels(self.name, VERSION).set(1)
        self.health.gauge_readers.append(self.dead_letters.count_parked)
        self.health.checks["relay"] = lambda: self.relay.unwell() if self.relay is not None else None
        self.health.checks["consumers"] = lambda: self.kafka.watch.still(time.monotonic())
        self.background("health_checks", self.health.run)
        self.background("loop", self.health.watch_loop)
        if self.settings.heartbeat_url:
            guard = Guard(self.settings.webhook_allow)
            client = http_client.client(transport=self.transport)
            heartbeat = Heartbeat(self.settings.heartbeat_url, self.name, self.unwell, guard, client)
            self.background("heartbeat", heartbeat.run)

    def unwell(self) -> dict[str, str]:
        """Name of a check → what is wrong; empty while the service is well."""
        return {**self._unready(), **self.health.unwell()}

    def outbox(self, documents: Collection) -> Outbox:
        """Declare a collection whose documents carry pending events; the relay publishes them."""
        if self.relay is None:
            self.relay = Relay(self.name, self.events, self.publisher)
            self.indexes.append((self.events, EVENT_INDEXES))
        self.indexes.append((documents, (OUTBOX_INDEX,)))
        return self.relay.source(documents)

    @property
    def sources(self) -> Sequence[Collection]:
        """The collections whose documents carry pending events."""
        return self.relay.sources if self.relay is not None else ()

    def publishes_first_events_of(self, first: FirstEvents) -> None:
        """Declare a collection whose documents imply their first event (``first_events``)."""
        self.first_events = (*self.first_events, first)
        self.indexes.append((first.collection, (FIRST_EVENT_INDEX,)))

    def consumes(self, consumer: Consumer) -> None:
        consumer.lane_priority = self.lane_priority
        consumer.subscribe(self.settings, self.broker)
        self.consumers.append(consumer)

    def background(self, name: str, run: Callable[[], Awaitable[None]], *, needs_kafka: bool = False) -> None:
        """Declare a loop that runs as long as the service; when it ends by itself, the process ends."""
        self._background.append((name, run, needs_kafka))

    def application(self) -> Starlette:
        """The ASGI application with all routes; building it starts nothing."""
        routes = self.all_routes()
        described = msgspec.json.encode(self.openapi())

        async def openapi_json(_: Call) -> Response:
            return Response(described, media_type="application/json")

        routes.append(get("/openapi.json", openapi_json, "This page", media=("application/json",)))
        bound = [self.idempotent_requests.bound(route) for route in routes]
        edge = Edge(self.name, self.directory, self.quotas, self.ids, self.telemetry, self.security_log)
        application = edge.application(bound, self._lifespan)
        application.state.on_stop = self.on_stop
        return application

    def all_routes(self) -> list[Route]:
        """The service's own routes, and those that every service has."""
        return [*self.routes, *self._common_routes(), *ops_routes(self)]

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document without starting anything."""
        return openapi.document(self.name, VERSION, self.all_routes(), self.webhook_messages)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Any) -> AsyncIterator[None]:
        await self._open_store()
        for name, run, needs_kafka in self._background:
            if not needs_kafka:
                self._start(name, run)
        if self.settings.dev_tokens:
            self._start("clock", self.shift.run)
        self._start("kafka", lambda: self.kafka.run(self._connected))
        try:
            yield
        finally:
            await self._stop()

    async def _open_store(self) -> None:
        pause = 0.1
        while True:
            try:
                await self.mongo.ping()
                for collection, indexes in self.indexes:
                    await collection.ensure_indexes(*indexes)
                await (
                    self.shift.begin(self.settings.test_at) if self.settings.dev_tokens else self.shift.refuse_moved()
                )
                for step in self.on_open:
                    await step()
                self._store_open = True
                return
            except MongoError as error:
                log.warning("store.away", error=str(error), kind=type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(5.0, pause * 2)

    def _connected(self) -> None:
        """Start the tasks that need Kafka, unless they run already: they continue after a reconnect."""
        jobs = [job for job in self._background if job[2]]
        if self.relay is not None:
            jobs.append(("relay", self.relay.run, True))
        running = {task.get_name() for task in self._tasks}
        for name, run, _ in jobs:
            if name not in running:
                self._start(name, run)

    def _start(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        async def guarded() -> None:
            try:
                await run()
            except asyncio.CancelledError:
                raise
            except BaseException:
                log.exception("task.failed", task=name)
            log.critical("task.ended", task=name)
            os.kill(os.getpid(), signal.SIGTERM)

        self._tasks.append(asyncio.create_task(guarded(), name=name))

    async def _stop(self) -> None:
        await self.kafka.close()
        await cancelled(self._tasks)
        await close_all()
        await self.mongo.close()
        await asyncio.to_thread(self.telemetry.close)
        log.info("service.stopped")

    def _common_routes(self) -> list[Route]:
        async def live(_: Call) -> Answer:
            return Answer(AliveAnswer())

        async def ready(_: Call) -> Answer:
            if reasons := self._unready():
                return Answer(UnreadyAnswer(reasons=reasons), 503)
            lags = self.kafka.watch.behind().items()
            behind = {group: WaitingRecords(lag.records, lag.seconds) for group, lag in lags}
            return Answer(ReadyAnswer(cities=dict(self.pack_versions()), behind=behind))

        page = MetricsPage()

        async def metrics(_: Call) -> Response:
            return Response(await page.text(), media_type=prometheus_client.CONTENT_TYPE_LATEST)

        async def me(call: Call) -> Answer:
            return Answer(MeAnswer.of(call.principal, self.clock.now()))

        everybody = frozenset({"rider_app", "rider", "wall", "importer", "ops", "officer", "service"})
        return [
            get("/livez", live, "The process answers", answers={200: AliveAnswer}),
            get("/readyz", ready, "Ready to work", answers={200: ReadyAnswer, 503: UnreadyAnswer}),
            get("/metrics", metrics, "Prometheus metrics", media=("text/plain",)),
            get("/v1/me", me, "Whose key or token this is", roles=everybody, answers={200: MeAnswer}),
        ]

    def _unready(self) -> dict[str, str]:
        checks: dict[str, Check] = {
            "store": lambda: None if self._store_open else "MongoDB has not answered yet",
            "kafka": lambda: None if self.kafka.cluster else "Kafka does not answer (yet)",
            **self.checks,
        }
        return {name: why for name, check in checks.items() if (why := check())}


async def cancelled(tasks: Sequence["asyncio.Task[None]"]) -> None:
    """Cancel tasks and wait until all have ended. Cancelling once is not enough: ``asyncio.wait_for`` of Python 3.11,
    which pymongo uses, loses a cancellation that arrives together with the result (cpython#86296)."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.5)
