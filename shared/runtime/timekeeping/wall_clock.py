"""Real time as the median of several clocks, so that one wrong clock neither fires a deadline early nor delays one.

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
"""Up to this difference from the median, this host's clock is used as it is: NTP corrects it."""
KEPT_SECONDS = 65.0
"""Samples of a clock are kept for six heartbeats. They arrive late, never early, so the most advanced one counts."""
_OFF = Gauge("whistle_clock_off_seconds", "How far this machine's clock is ahead of most of those that it hears of.")


class MedianClock:
    """The median clock. Times are seconds since 1970."""

    def __init__(self) -> None:
        self._ahead: float | None = None
        """Real time minus the monotonic clock, in seconds; None until another clock was observed."""
        self.wrong = False
        """Whether this host's clock differs too much, so that the median is used in its place."""
        self._heard: dict[str, deque[tuple[float, float]]] = {}
        """Clock → samples: the monotonic time of the observation, and the clock's time minus it."""

    def now(self) -> float:
        return time.time() if self._ahead is None else time.monotonic() + self._ahead

    def observe(self, clock: str, says: float) -> None:
        """``clock`` showed ``says`` (seconds since 1970) now or a moment ago."""
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
    """The median; of an even number, the one of the middle two that is nearer to ``carried``."""
    clocks = sorted(clocks)
    return min(clocks[(len(clocks) - 1) // 2 : len(clocks) // 2 + 1], key=lambda clock: abs(clock - carried))


_time = MedianClock()


def seconds() -> float:
    """Real time, in seconds since 1970."""
    return _time.now()


def observe(clock: str, says: datetime) -> None:
    """Another clock showed ``says`` just now; without a zone it is UTC."""
    _time.observe(clock, says.replace(tzinfo=UTC).timestamp())


def real_now() -> datetime:
    """Real time, for leases, outboxes and retention, which the movable clock of development must not affect."""
    return datetime.fromtimestamp(_time.now(), UTC)
