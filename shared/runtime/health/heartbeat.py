"""A heartbeat (dead man's switch): a POST to an outside monitor every minute, only while the service is well.

The monitor (healthchecks.io, Cronitor and the like) alerts when it stops. So it notices what no alarm on this machine
can report: that the machine, the network or the alerting itself is down.
"""

import asyncio
import time
from collections.abc import Callable, Mapping

import httpx
import structlog
from prometheus_client import Counter, Gauge

from shared.runtime.http_client.ssrf_guard import AddressRefusedError, Guard

log = structlog.get_logger()

BEAT_SECONDS = 60.0
AGAIN_SECONDS = 10.0
"""The interval after a beat that was withheld or failed."""
ANSWER_SECONDS = 10.0
_BEATS = Counter(
    "whistle_heartbeats_total", "Heartbeats: sent, withheld (the service is not well), failed.", ["service", "outcome"]
)
_LAST = Gauge(
    "whistle_heartbeat_timestamp_seconds", "When the last heartbeat was taken, or else the start.", ["service"]
)


class Heartbeat:
    """The heartbeat of one service. ``{service}`` in the address becomes its name, so that each has its own monitor."""

    def __init__(
        self,
        address: str,
        service: str,
        unwell: Callable[[], Mapping[str, str]],
        guard: Guard,
        client: httpx.AsyncClient,
    ) -> None:
        self._address = address.replace("{service}", service)
        self._service = service
        self._unwell = unwell
        self._guard = guard
        self._client = client
        _LAST.labels(service).set_to_current_time()

    async def run(self) -> None:
        """Beat every ``BEAT_SECONDS``, and after a withheld or failed beat every ``AGAIN_SECONDS``, until cancelled."""
        while True:
            outcome = await self.beat()
            _BEATS.labels(self._service, outcome).inc()
            if outcome == "sent":
                _LAST.labels(self._service).set_to_current_time()
            await asyncio.sleep(BEAT_SECONDS if outcome == "sent" else AGAIN_SECONDS)

    async def beat(self) -> str:
        """Send one beat if the service is well. Returns ``sent``, ``withheld`` or ``failed``; raises nothing."""
        unwell = self._unwell()
        if unwell:
            log.warning("heartbeat.withheld", reasons=dict(unwell))
            return "withheld"
        began = time.monotonic()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                target = await self._guard.checked(self._address)
                request = self._client.build_request(
                    "POST", target.url, headers=target.headers, extensions=target.extensions
                )
                answer = await self._client.send(request, stream=True)
                await answer.aclose()
        except (AddressRefusedError, httpx.HTTPError, OSError, TimeoutError, ValueError) as error:
            log.warning("heartbeat.failed", kind=type(error).__name__)
            return "failed"
        if not answer.is_success:
            log.warning("heartbeat.failed", status=answer.status_code)
            return "failed"
        log.info("heartbeat.sent", took_ms=round((time.monotonic() - began) * 1000, 1))
        return "sent"
