"""Real time as the median of several clocks, so that one wrong clock fires no deadline early and holds none back.

The clocks are this host's and those of MongoDB's members, whose heartbeats carry their time. Between heartbeats the
monotonic clock carries the median forward, so that a step of one clock changes nothing. With only two clocks that
diverge, the one that did not jump is used.
"""

import time
from collections import deque
from datetime import UTC, datetime

import structlog
from prometheus_client import Gauge

log = structlog.get_logger()

OFF_SECONDS = 0.5
"""Up to so far from the median this host's clock is used as it is: NTP slews it."""
KEPT_SECONDS = 65.0
"""Six heartbeats. A heartbeat proves that it is at least as late as it says; of several the latest counts."""
_OFF = Gauge("whistle_clock_off_seconds", "How far this machine's clock is ahead of most of those that it hears of.")


class RealTime:
    """Seconds since 1970."""

    def __init__(self) -> None:
        self._ahead: float | None = None
        """Of the monotonic clock, in seconds; None while no other clock was heard."""
        self.wrong = False
        """Whether this host's clock is off, and the median is used in its place."""
        self._heard: dict[str, deque[tuple[float, float]]] = {}
        """Clock → when it was heard, and how far it was ahead then, both by the monotonic clock."""

    def now(self) -> float:
        return time.time() if self._ahead is None else time.monotonic() + self._ahead

    def observe(self, clock: str, says: float) -> None:
        """``clock`` said that it was ``says`` (seconds since 1970), now or a moment ago."""
        at = time.monotonic()
        self._heard.setdefault(clock, deque()).append((at, says - at))
        for name, samples in list(self._heard.items()):
            while samples and samples[0][0] < at - KEPT_SECONDS:
                samples.popleft()
            if not samples:
                del self._heard[name]
        own = time.time() - at
        others = [max(ahead for _, ahead in samples) for samples in self._heard.values()]
        self._settle(own, _middle([own, *others], own if self._ahead is None else self._ahead))

    def _settle(self, own: float, agreed: float) -> None:
        off = own - agreed
        wrong = abs(off) > OFF_SECONDS
        self._ahead = agreed if wrong else own
        _OFF.set(off)
        if wrong != self.wrong:
            log.warning("clock.off" if wrong else "clock.back_in_line", seconds=round(off, 3), clocks=len(self._heard))
        self.wrong = wrong


def _middle(clocks: list[float], carried: float) -> float:
    """The median; of the two in the middle of an even number the one that is nearer to ``carried``."""
    clocks = sorted(clocks)
    return min(clocks[(len(clocks) - 1) // 2 : len(clocks) // 2 + 1], key=lambda clock: abs(clock - carried))


_time = RealTime()


def seconds() -> float:
    """Real time, in seconds since 1970."""
    return _time.now()


def observe(clock: str, says: datetime) -> None:
    """What another clock says; ``says`` without a zone is UTC."""
    _time.observe(clock, says.replace(tzinfo=UTC).timestamp())


def real_now() -> datetime:
    """Real time for leases and outboxes: the movable clock of development must not wake or stall them."""
    return datetime.fromtimestamp(_time.now(), UTC)
