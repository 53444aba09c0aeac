"""Reports of batches wait while the router has more live ones to work off than a second's; danger never does.

To store a report of a batch costs a fraction of what routing it costs: a few importers would fill the live lane with
ten seconds of work, and every rider's report would wait behind it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import structlog

from shared.runtime.kafka.broker import KafkaError

log = structlog.get_logger()

WAITING_MAX = 1500
"""Live reports that may wait for the router when more are taken."""
LOOK_SECONDS = 0.2
"""One look at the router's offsets serves everybody for so long."""
LOOK_SECONDS_MAX = 0.5
STILL_SECONDS = 2.0
"""A router that took nothing for so long is away: what is sent is taken then, and waits for it in safety."""
WAIT_SECONDS_MAX = 10.0
"""Clients give up after some thirty."""


class Backlog(NamedTuple):
    """How many live reports wait for the router, and how many it has taken so far."""

    waiting: int
    taken: int


CountBacklog = Callable[[], Awaitable[Backlog]]
"""Raises ``KafkaError`` or ``TimeoutError``."""


class BatchPace:
    """One for all batches of a process. ``seconds``: a monotonic clock."""

    def __init__(
        self,
        count: CountBacklog,
        seconds: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._count = count
        self._sleep = sleep
        self._seconds = seconds
        self._seen = Backlog(0, 0)
        self._looked_at = self._moved_at = float("-inf")
        self._looking: asyncio.Future[None] | None = None
        self._waiting: asyncio.Future[None] | None = None

    async def is_behind(self) -> bool:
        """Whether the router has too much to do, and does it. False where nothing tells."""
        if self._looking is None and self._seconds() - self._looked_at >= LOOK_SECONDS:
            self._looking = asyncio.ensure_future(self._look())
        if self._looking is not None:
            await asyncio.shield(self._looking)
        return self._seen.waiting > WAITING_MAX and self._seconds() < self._moved_at + STILL_SECONDS

    async def turn(self) -> None:
        """Returns once the router is not behind any more, or after ``WAIT_SECONDS_MAX``."""
        if self._waiting is None and await self.is_behind():
            self._waiting = self._waiting or asyncio.ensure_future(self._wait())
        if self._waiting is not None:
            await asyncio.shield(self._waiting)

    async def _wait(self) -> None:
        ends = self._seconds() + WAIT_SECONDS_MAX
        try:
            while await self.is_behind() and self._seconds() < ends:
                await self._sleep(LOOK_SECONDS)
        finally:
            self._waiting = None

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(LOOK_SECONDS_MAX):
                seen = await self._count()
        except (KafkaError, TimeoutError) as error:
            log.warning("batch_pace.kafka_away", error=str(error), kind=type(error).__name__)
            seen = Backlog(0, self._seen.taken)
        finally:
            self._looking, self._looked_at = None, self._seconds()
        if seen.taken != self._seen.taken:
            self._moved_at = self._looked_at
        self._seen = seen
