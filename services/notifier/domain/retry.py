"""When to try a delivery again, and when a receiver's circuit opens. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

WEBHOOK_RETRY_SECONDS = (1, 5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 43200, 86400)
"""Waits after the 1st, 2nd, … failed attempt: three days in all, as Standard Webhooks and Stripe have it."""
OPENS_AFTER = 5
OPEN_FIRST = timedelta(seconds=5)
OPEN_MAX = timedelta(minutes=5)


WAIT_SECONDS_MAX = 3600.0
"""The longest wait, however long a receiver asks to be left alone."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt. ``name`` is ``delivered`` or says what went wrong in a word."""

    name: str
    status: int | None = None
    """The HTTP status, or the code in a robot's answer."""
    wait: float | None = None
    """Seconds to leave the receiver alone, as it asks or its documentation says."""
    final: bool = False
    """Trying again is of no use: the delivery has failed."""
    ended: bool = False
    """Nobody wants it any more: not a failure, and not tried again."""
    counts: bool = True
    """Whether it was a failure of the receiver: it counts for the schedule and for the circuit."""
    form: str | None = None
    """How the next attempt is to be worded; None: as this one."""
    call: str | None = None
    """The gateway's id of the call that was made."""


def next_attempt(
    failed: int,
    now: datetime,
    jitter: float,
    retry_after: float | None = None,
    schedule: Sequence[float] = WEBHOOK_RETRY_SECONDS,
) -> datetime | None:
    """When to try again after ``failed`` attempts; None when it is given up. ``jitter`` in 0..1 adds up to a fifth."""
    if failed > len(schedule):
        return None
    seconds = max(schedule[failed - 1] * (1 + 0.2 * jitter), min(retry_after or 0.0, WAIT_SECONDS_MAX))
    return now + timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Circuit:
    """A circuit breaker for one receiver. While open nothing is sent until ``until``; then one message is a trial."""

    failures: int = 0
    until: datetime | None = None

    def closed(self, now: datetime) -> bool:
        return self.until is None or self.until <= now

    def after_failure(self, now: datetime) -> "Circuit":
        """Opens after five failures in a row, twice as long each time, at most five minutes."""
        failures = self.failures + 1
        if failures < OPENS_AFTER:
            return replace(self, failures=failures)
        longer = OPEN_FIRST * 2 ** min(failures - OPENS_AFTER, 10)
        return Circuit(failures, now + min(longer, OPEN_MAX))
