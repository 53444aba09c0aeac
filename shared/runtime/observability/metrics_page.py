"""The text that Prometheus reads: made beside the event loop, one at a time, and kept for as long as it is worth.

Anybody may ask for it, without a token, and it takes tens of milliseconds to make. However often it is asked for, a
tenth of the process's time goes into it.
"""

import asyncio
import time

import prometheus_client

KEPT_TIMES = 9
"""The text is kept for so many times what it took to make it, and at most ``KEPT_SECONDS``."""
KEPT_SECONDS = 1.0


class MetricsPage:
    """Of one process."""

    def __init__(self) -> None:
        self._text = b""
        self._kept_until = 0.0
        self._making = asyncio.Lock()

    async def text(self) -> bytes:
        """As it is now, or was a moment ago."""
        async with self._making:
            if time.monotonic() >= self._kept_until:
                self._text, took = await asyncio.to_thread(_made)
                self._kept_until = time.monotonic() + min(KEPT_SECONDS, KEPT_TIMES * took)
        return self._text


def _made() -> tuple[bytes, float]:
    """The text, and the seconds of this thread that it took."""
    began = time.thread_time()
    return prometheus_client.generate_latest(), time.thread_time() - began
