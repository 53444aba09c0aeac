"""Lane priority: within a process, batches of history (imports) wait for danger and live ones.

The consumers of a service share one event loop and one store. Danger and live batches are handled as they come. A batch
of history waits until none of them is being handled, for at most ``YIELD_SECONDS_MAX``, and afterwards pauses for as
long as it took while anything live came. So an import always makes progress.
"""

import asyncio
import time

from shared.contracts.envelope import HISTORY

YIELD_SECONDS_MAX = 1.0
LIVE_RECENTLY_SECONDS = 5.0
"""So long after a live batch, history takes at most half of the time."""


class LanePriority:
    """One per process, shared by its consumers."""

    def __init__(self) -> None:
        self._live = 0
        self._live_recently_until = 0.0
        self._quiet = asyncio.Event()

    async def begins(self, lane: int) -> None:
        """Returns when a batch of ``lane`` may be handled."""
        if lane != HISTORY:
            self._live += 1
            self._quiet.clear()
        elif self._live:
            try:
                async with asyncio.timeout(YIELD_SECONDS_MAX):
                    await self._quiet.wait()
            except TimeoutError:
                return

    def ended(self, lane: int, took: float) -> float:
        """A batch of ``lane`` was handled in ``took`` seconds. Returns how many seconds its consumer has to pause."""
        now = time.monotonic()
        if lane != HISTORY:
            self._live -= 1
            self._live_recently_until = now + LIVE_RECENTLY_SECONDS
            if not self._live:
                self._quiet.set()
            return 0.0
        return took if self._live or now < self._live_recently_until else 0.0
