"""Stall watch: finds a consumer that handles nothing for thirty seconds although records wait for it.

A consumer whose group coordinator died looks alive, since its process answers and its client pings, but it gets no
record until the process ends (aiokafka#1154, #1037, #625). So the process is ended, and the supervisor starts another.
While Kafka is away no consumer makes progress and a new process would not either: such time is not counted.
"""

import math
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client import Gauge

from shared.runtime.kafka.broker import record_lags
from shared.runtime.kafka.consumer import Consumer

STALL_SECONDS = 30.0
STILL_SECONDS = 15.0
PACE_SECONDS = 60.0
"""The time over which the pace of handling is averaged."""
_LAG = Gauge("whistle_consumer_lag_records", "Records of this process's partitions that wait for the group.", ["group"])
_LAG_SECONDS = Gauge(
    "whistle_consumer_lag_seconds", "How long the group takes here for what waits, at its present pace.", ["group"]
)

Served = Callable[[Collection[Any]], Awaitable[bool]]
"""Whether the leaders of these partitions answer: ``broker.leaders_answer``."""


@dataclass(frozen=True)
class ConsumerLag:
    """A consumer's lag: ``records`` that wait, and the ``seconds`` that they take at its present pace.

    ``seconds`` is None while nothing is handled.
    """

    records: int
    seconds: float | None


class StallWatch:
    """Finds the consumer that made no progress for ``STALL_SECONDS`` while records waited."""

    def __init__(self, consumers: Sequence[Consumer], served: Served) -> None:
        self._consumers = consumers
        self._served = served
        self._waiting: dict[str, tuple[float, float]] = {}
        """Group → its progress, and since when records have waited with that progress (monotonic seconds)."""
        self._lags: dict[str, int] = {}
        self._handled: dict[str, deque[tuple[float, int]]] = {}
        """Group → (monotonic seconds, records handled until then), of the last ``PACE_SECONDS``."""

    async def stalled(self, now: float, ends: Mapping[Any, int] | None = None) -> str | None:
        """Called once per check: the group that is stalled, or None. ``now``: monotonic seconds.

        ``ends``: end offsets as the brokers say, because a client that no longer fetches hears of no new records.
        """
        for consumer in self._consumers:
            client = getattr(consumer.subscriber, "consumer", None)
            lags = await record_lags(client, ends or {}) if client is not None else {}
            lag = self._lags[consumer.group] = sum(lags.values())
            self._note_pace(consumer, now)
            _LAG.labels(consumer.group).set(lag)
            _LAG_SECONDS.labels(consumer.group).set(self._seconds(consumer.group) if lag else 0.0)
            if not lag:
                self._waiting.pop(consumer.group, None)
                continue
            progress, since = self._waiting.get(consumer.group, (consumer.progress, now))
            self._waiting[consumer.group] = (consumer.progress, now)
            if since < now and progress == consumer.progress and await self._served(lags):
                self._waiting[consumer.group] = (progress, since)
                if now - since >= STALL_SECONDS:
                    return consumer.group
        return None

    def _note_pace(self, consumer: Consumer, now: float) -> None:
        noted = self._handled.setdefault(consumer.group, deque())
        noted.append((now, consumer.records))
        while now - noted[0][0] > PACE_SECONDS:
            noted.popleft()

    def _seconds(self, group: str) -> float:
        """Infinite while nothing is handled."""
        (since, before), (now, handled) = self._handled[group][0], self._handled[group][-1]
        return self._lags[group] * (now - since) / (handled - before) if handled > before else math.inf

    def behind(self) -> dict[str, ConsumerLag]:
        """Group → its lag, where records wait. A lag alone does not make a service unready: it is worked off."""
        behind = {group: (lag, self._seconds(group)) for group, lag in sorted(self._lags.items()) if lag}
        return {
            group: ConsumerLag(lag, round(seconds, 1) if seconds < math.inf else None)
            for group, (lag, seconds) in behind.items()
        }

    def still(self, now: float) -> str | None:
        """A health check: names the groups without progress for ``STILL_SECONDS`` while records wait; None: none."""
        still = sorted(group for group, (_, since) in self._waiting.items() if now - since >= STILL_SECONDS)
        return f"stand still: {', '.join(still)}" if still else None
