"""Health checks and gauges of a running service: whether its servers answer, what waits in its store, loop lag.

Gauges that would cost every request something are read from the store every ``CHECK_SECONDS`` instead.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import Gauge, Histogram

from shared.runtime.storage.mongo import MongoError

log = structlog.get_logger()

Check = Callable[[], str | None]
"""None, or why not."""
GaugeReader = Callable[[], Awaitable[None]]
"""Reads something and sets its gauges."""

CHECK_SECONDS = 15.0
AWAY_SECONDS = 3.0
"""While the store is away it is asked more often."""
STALE_SECONDS = 60.0
LAG_SECONDS = 0.5
COUNTED_MAX = 100_000
"""Where counting stops: an index of that many entries takes some 40 ms."""

_STORE = Gauge("whistle_store_up", "1 while MongoDB's primary answers.", ["service"])
_KAFKA = Gauge("whistle_kafka_up", "1 while Kafka answers.", ["service"])
_LAG = Histogram(
    "whistle_event_loop_lag_seconds",
    "How late the event loop woke a sleeper.",
    ["service"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


class HealthChecks:
    """Checks every ``CHECK_SECONDS``; ``unwell`` says what was found.

    ``store`` raises ``MongoError`` when no primary answers; ``kafka`` is False while it does not.
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
        """Until it is cancelled."""
        while True:
            await self.check_once()
            await asyncio.sleep(AWAY_SECONDS if self._away else CHECK_SECONDS)

    async def check_once(self) -> None:
        """Once: the servers, and what waits in the store."""
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
        """Until it is cancelled: sleeps for ``LAG_SECONDS`` and notes how late it was woken."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_SECONDS
            await asyncio.sleep(LAG_SECONDS)
            self._lag.observe(max(0.0, loop.time() - due))
