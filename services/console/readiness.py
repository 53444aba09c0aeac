"""Whether the services behind are ready: asked at most once a second, however many ask here."""

import asyncio
import time
from collections.abc import Callable

from services.console.router_client import Services

KEPT_SECONDS = 1.0


class Readiness:
    """What they said last. ``now``: seconds that only grow."""

    def __init__(self, services: Services, now: Callable[[], float] = time.monotonic) -> None:
        self._services = services
        self._now = now
        self._said: tuple[dict[str, str], dict[str, str]] | None = None
        self._kept_until = 0.0
        self._asking = asyncio.Lock()

    async def of_all(self) -> tuple[dict[str, str], dict[str, str]]:
        """City → version of its pack that holds, and service → why it is not ready; at most ``KEPT_SECONDS`` old."""
        async with self._asking:
            if self._said is None or self._now() >= self._kept_until:
                self._said = await self._services.readiness()
                self._kept_until = self._now() + KEPT_SECONDS
            return self._said
