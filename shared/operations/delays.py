"""Who kept a case waiting: each delay is charged to the service that made it.

Times of events are times of the hazard: ``case.opened`` has the time of its report, so that a router that stood still
does not show in it. When something was *stored* does: what follows from a stored event was delayed by the service that
stored it, from the moment at which its cause was stored.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from shared.operations.answers import StoredEvent

OPENED = "case.opened."
UNMOVED = timedelta(seconds=5)
"""A stack whose clock is further off has a moved clock: times of events cannot be compared with real time."""


class Delays:
    """``stored``: id of an event → when it was stored, in real time. ``shift``: of the stack's clock, None: unknown."""

    def __init__(self, stored: Mapping[str, datetime], shift: timedelta | None) -> None:
        self._stored = stored
        self._real = shift is not None and abs(shift) < UNMOVED

    def of_event(self, event: StoredEvent) -> float | None:
        """Seconds that its service took: from its cause, else from its own time."""
        stored = self._stored.get(event.id)
        if stored is None:
            return None
        if event.type.startswith(OPENED):
            return self.since(f"r{event.subject[1:]}.1.0", stored)
        if event.type.startswith("report.submitted.") or not self._real:
            return None
        return max(0.0, (stored - event.time).total_seconds())

    def happened(self, event: StoredEvent) -> datetime:
        """When it happened by the stack's clock; a case is opened after its report, whatever its first event says."""
        late = self.of_event(event) if event.type.startswith(OPENED) else None
        return event.time + timedelta(seconds=late or 0)

    def since(self, cause: str, at: datetime | None) -> float | None:
        """Seconds from when ``cause`` was stored until ``at``; None where either is unknown."""
        before = self._stored.get(cause)
        if before is None or at is None:
            return None
        return max(0.0, (at - before).total_seconds())
