"""Time as a thing that is handed in."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What promises are measured with. ``now`` is UTC with whole milliseconds, as MongoDB keeps it."""

    def now(self) -> datetime: ...


def whole_millis(at: datetime) -> datetime:
    """``at`` in UTC, cut (not rounded) to milliseconds, so that a stored time equals the computed one."""
    at = at.astimezone(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def rfc3339(at: datetime) -> str:
    """``2026-01-02T03:04:05.678Z``."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class StoppedClock:
    """A clock that stands until it is moved: tests and the simulator."""

    def __init__(self, at: datetime) -> None:
        self._at = whole_millis(at)

    def now(self) -> datetime:
        return self._at

    def move_to(self, at: datetime) -> None:
        self._at = whole_millis(at)
