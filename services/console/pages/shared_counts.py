"""The counts above a queue, asked for once for all who read them before anything changes: when a hundred pages are read
again at once, a queue of five thousand is counted once."""

import asyncio
import contextlib
import time
from dataclasses import dataclass

from services.console.live.feed import Feed
from services.console.queue_client import Counts, QueueCalls
from services.console.router_client import Me
from shared.kernel.errors import Refusal

KEPT_SECONDS = 5.0
"""What becomes overdue is told by nobody."""
KEPT_MAX = 1000
Key = tuple[str, str, bool, str]


@dataclass(frozen=True)
class _Asked:
    cursor: str
    at: float
    counts: asyncio.Future[Counts]


class SharedCounts:
    """Who belongs to the unit counts what everybody there does; others count what they may see themselves."""

    def __init__(self, calls: QueueCalls, feed: Feed) -> None:
        self._calls = calls
        self._feed = feed
        self._asked: dict[Key, _Asked] = {}

    async def of(self, token: str, me: Me, unit: str, *, below: bool, anew: bool = False) -> Counts:
        """``anew``: after the reader's own press, of which nobody may have told yet. Raises ``Refusal``: his own."""
        key = (me.city, unit, below, "" if me.unit == unit else me.person)
        asked = None if anew else self._as_told(key)
        if asked is not None:
            with contextlib.suppress(Refusal):  # of whoever asked
                return await asyncio.shield(asked)
        if len(self._asked) >= KEPT_MAX:
            self._asked.clear()
        counts = asyncio.ensure_future(self._calls.counts(token, unit, below=below))
        self._asked[key] = _Asked(self._feed.cursor, time.monotonic(), counts)
        return await asyncio.shield(counts)  # others may wait for it, whatever becomes of this request

    def _as_told(self, key: Key) -> asyncio.Future[Counts] | None:
        """What was asked and still holds, as far as the feed tells."""
        asked = self._asked.get(key)
        if asked is None or not self._feed.is_live or asked.cursor != self._feed.cursor:
            return None
        return asked.counts if time.monotonic() - asked.at < KEPT_SECONDS else None
