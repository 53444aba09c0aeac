"""Who listens may still: the router is asked for all open streams at once, every two seconds and at each switch of a
pack. A stream ends within five seconds of its session, or of a change of what its person may see."""

import asyncio
import contextlib
import time

import structlog

from services.console.live.feed import ENDED, Feed
from services.console.live.service_token import ServiceToken
from services.console.queue_client import Holder, QueueCalls
from shared.kernel.errors import Refusal

log = structlog.get_logger()
LOOK_SECONDS = 2.0
UNKNOWN_SECONDS = 2.5
AT_ONCE = 2000
"""Sessions that the router is asked about in one call."""
AWAY = b"retry: 2000\n\n"


class Rights:
    """Ends streams."""

    def __init__(self, calls: QueueCalls, token: ServiceToken, feed: Feed) -> None:
        self._calls = calls
        self._token = token
        self._feed = feed
        self._looked_at = time.monotonic()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self.end_forbidden()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._feed.packs_changed.wait()
            self._feed.packs_changed.clear()

    async def end_forbidden(self) -> None:
        """Ends the streams of those whose rights are not as they were, and all where nobody can say so."""
        listeners = list(self._feed.listeners)
        shown = self._token.text
        holders: dict[str, Holder] = {}
        try:
            hashes = sorted({one.hashed for one in listeners})
            for at in range(0, len(hashes), AT_ONCE):
                holders |= await self._calls.holders(shown, hashes[at : at + AT_ONCE])
        except Refusal as refusal:
            if refusal.status == 401:
                self._token.refused(shown)
            if time.monotonic() - self._looked_at > UNKNOWN_SECONDS:
                for one in listeners:
                    one.end(AWAY)
            return
        self._looked_at = time.monotonic()
        ended = [one for one in listeners if not _same(holders.get(one.hashed), one.holder)]
        for one in ended:
            one.end(ENDED)
        if ended:
            log.info("live.ended", count=len(ended))


def _same(now: Holder | None, before: Holder) -> bool:
    return now is not None and (now.city, now.person, now.unit, set(now.on_duty_for)) == (
        before.city,
        before.person,
        before.unit,
        set(before.on_duty_for),
    )
