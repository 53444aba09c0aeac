"""The text of ``/metrics``, made in a thread and cached for a short time.

Making it takes tens of milliseconds, and anybody may request it without a token. The cache bounds the cost to a tenth
of the process's time, however often it is requested.
"""

import asyncio
import time

import prometheus_client

KEPT_TIMES = 9
"""The text is cached for so many times the time it took to make, and at most ``KEPT_SECONDS``."""
KEPT_SECONDS = 1.0


class MetricsPage:
    """The metrics of this process."""

    def __init__(self) -> None:
        self._text = b""
        self._kept_until = 0.0
        self._making = asyncio.Lock()

    async def text(self) -> bytes:
        """The metrics in the Prometheus text format, at most ``KEPT_SECONDS`` old."""
        async with self._making:
            if time.monotonic() >= self._kept_until:
                self._text, took = await asyncio.to_thread(_made)
                self._kept_until = time.monotonic() + min(KEPT_SECONDS, KEPT_TIMES * took)
        return self._text


def _made() -> tuple[bytes, float]:
    """The text, and the CPU seconds of this thread that it took."""
    began = time.thread_time()
    return prometheus_client.generate_latest(), time.thread_time() - began
