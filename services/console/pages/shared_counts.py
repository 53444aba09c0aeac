"""The counts above a queue, asked for once for all who read them before anything of it changes: when a hundred pages
are read again at once, a queue of five thousand is counted once. What took long to count is not counted again at each
change: sixty thousand open cases are 0.4 s of mongod, and a county hears of twenty changes a second.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from services.console.live.feed import Feed
from services.console.queue_client import Counts, QueueCalls
from services.console.router_client import Me
from shared.kernel.errors import Refusal

KEPT_SECONDS = 5.0
"""What becomes overdue is told by nobody."""
DEAR_SECONDS = 0.05
REST = 40
"""Times as long as a dear counting took, nothing is counted again: it has a fortieth of a core at most."""
REST_MAX_SECONDS = 10.0
KEPT_MAX = 1000
Key = tuple[str, str, bool, str]


@dataclass
class _Asked:
    """``told``: the last change of the queue that was told before; ``took``: seconds, 0 while it is counted."""

    told: str
    at: float
    counts: asyncio.Future[Counts]
    took: float = 0.0


class SharedCounts:
    """Who belongs to the unit counts what everybody there does; others count what they may see themselves."""

    def __init__(self, calls: QueueCalls, feed: Feed, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._calls = calls
        self._feed = feed
        self._monotonic = monotonic
        self._asked: dict[Key, _Asked] = {}

    async def of(self, token: str, me: Me, unit: str, *, below: bool, anew: bool = False) -> Counts:
        """``anew``: after the reader's own press, of which nobody may have told yet. Raises ``Refusal``: his own."""
        key = (me.city, unit, below, "" if me.unit == unit else me.person)
        if not anew and (counts := self._as_told(key)) is not None:
            with contextlib.suppress(Refusal):  # of whoever asked
                return await asyncio.shield(counts)
        if len(self._asked) >= KEPT_MAX:
            self._asked.clear()
        counts = asyncio.ensure_future(self._calls.counts(token, unit, below=below))
        asked = _Asked(self._feed.told_of(me.city, unit), self._monotonic(), counts)
        self._asked[key] = asked
        counts.add_done_callback(lambda _: self._note(asked))
        return await asyncio.shield(counts)  # others may wait for it, whatever becomes of this request

    def _note(self, asked: _Asked) -> None:
        asked.took = self._monotonic() - asked.at

    def _as_told(self, key: Key) -> asyncio.Future[Counts] | None:
        """What was asked and still holds, as far as the feed tells, or was too dear to be asked again."""
        asked = self._asked.get(key)
        if asked is None or not self._feed.is_live:
            return None
        age = self._monotonic() - asked.at
        if asked.took > DEAR_SECONDS and age < min(REST * asked.took, REST_MAX_SECONDS):
            return asked.counts
        city, unit, *_ = key
        return asked.counts if age < KEPT_SECONDS and asked.told == self._feed.told_of(city, unit) else None
