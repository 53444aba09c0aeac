"""The clock as a dependency that is passed in, and the conversions of times that every module uses."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The clock of deadlines. ``now``: UTC, in whole milliseconds, as MongoDB stores times."""

    def now(self) -> datetime: ...


def whole_millis(at: datetime) -> datetime:
    """``at`` in UTC, cut (not rounded) to milliseconds, so that a stored time equals the computed one."""
    at = _utc(at)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def rfc3339(at: datetime) -> str:
    """``at`` as RFC 3339 text in UTC with milliseconds: ``2026-01-02T03:04:05.678Z``."""
    return _utc(at).isoformat(timespec="milliseconds")[: -len("+00:00")] + "Z"


def _utc(at: datetime) -> datetime:
    """Almost every time is UTC already, and ``astimezone`` is slow."""
    return at if at.tzinfo is UTC else at.astimezone(UTC)


class StoppedClock:
    """A clock that stands still until ``move_to`` is called, for tests and the simulator."""

    def __init__(self, at: datetime) -> None:
        self._at = whole_millis(at)

    def now(self) -> datetime:
        return self._at

    def move_to(self, at: datetime) -> None:
        self._at = whole_millis(at)
