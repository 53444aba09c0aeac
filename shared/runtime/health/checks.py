"""Health checks and gauges of a running service: whether MongoDB and Kafka answer, backlogs in the store, loop lag.

Gauges that need a query (backlogs) are read every ``CHECK_SECONDS``, so that no request pays for them.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import Gauge, Histogram

from shared.runtime.storage.mongo import MongoError

log = structlog.get_logger()

Check = Callable[[], str | None]
"""None when all is well, else what is wrong, in words."""
GaugeReader = Callable[[], Awaitable[None]]
"""Reads a backlog from the store and sets its gauges."""

CHECK_SECONDS = 15.0
AWAY_SECONDS = 3.0
"""The interval while MongoDB does not answer."""
STALE_SECONDS = 60.0
LAG_SECONDS = 0.5
COUNTED_MAX = 100_000
"""Counting stops here: counting so many index entries takes some 40 ms."""

_STORE = Gauge("whistle_store_up", "1 while MongoDB's primary answers.", ["service"])
_KAFKA = Gauge("whistle_kafka_up", "1 while Kafka answers.", ["service"])
_LAG = Histogram(
    "whistle_event_loop_lag_seconds",
    "How late the event loop woke a sleeper.",
    ["service"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


class HealthChecks:
    """Runs the checks every ``CHECK_SECONDS``; ``unwell`` tells the results.

    ``store``: raises ``MongoError`` when no primary answers; ``kafka``: whether Kafka answers.
    """

    def __init__(self, service: str, store: Callable[[], Awaitable[None]], kafka: Callable[[], bool]) -> None:
        self._ask_store = store
        self._kafka_answers = kafka
        self._store = _STORE.labels(service)
        _KAFKA.labels(service).set_function(kafka)
        self._lag = _LAG.labels(service)
        self.gauge_readers: list[GaugeReader] = []
        self.checks: dict[str, Check] = {"health_checks": self._checks_are_recent}
        self._checked_at: float | None = None
        self._away: dict[str, str] = {}

    async def run(self) -> None:
        """Check again and again, until cancelled."""
        while True:
            await self.check_once()
            await asyncio.sleep(AWAY_SECONDS if self._away else CHECK_SECONDS)

    async def check_once(self) -> None:
        """Check MongoDB and read all gauges, once."""
        away = {}
        try:
            await self._ask_store()
            for read in self.gauge_readers:
                await read()
        except (MongoError, TimeoutError) as error:
            away = {"store": f"MongoDB does not answer: {type(error).__name__}"}
        self._store.set(not away)
        self._away = away
        self._checked_at = time.monotonic()

    def unwell(self) -> dict[str, str]:
        """What keeps the service from its work, by name; empty while it is well."""
        found = {name: why for name, check in self.checks.items() if (why := check())}
        return {**self._away, **({} if self._kafka_answers() else {"kafka": "Kafka does not answer"}), **found}

    def _checks_are_recent(self) -> str | None:
        if self._checked_at is None:
            return "nothing was looked at yet"
        since = time.monotonic() - self._checked_at
        return f"nothing was looked at for {since:.0f} s" if since > STALE_SECONDS else None

    async def watch_loop(self) -> None:
        """Measure the loop lag until cancelled: sleep for ``LAG_SECONDS`` and note how late the loop woke it."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_SECONDS
            await asyncio.sleep(LAG_SECONDS)
            self._lag.observe(max(0.0, loop.time() - due))
