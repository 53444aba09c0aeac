"""What happens to the clocks of a case: met, fired, void. A breach is never taken back."""

from dataclasses import replace
from datetime import datetime

from services.router.domain.case import Case, Clock


def met(case: Case, *kinds: str, at: datetime, part: str | None = None) -> Case:
    """``case`` with its own clocks of these kinds, or its ``part``'s, met as far as they still wait; a breached one
    stays breached."""
    clocks = (_met(clock, at) if clock.part == part and clock.kind in kinds else clock for clock in case.clocks)
    return replace(case, clocks=tuple(clocks))


def _met(clock: Clock, at: datetime) -> Clock:
    if not clock.waits:
        return clock
    return replace(clock, met_at=at, state="breached" if clock.state == "breached" else "met")


def means(clock: Clock, kind: str | None, due_at: datetime | None, part: str | None = None) -> bool:
    """Whether this is the waiting clock that an event names by kind, deadline and part."""
    return clock.waits and clock.kind == kind and clock.due_at == due_at and clock.part == part


def voided(case: Case, part: str | None = None) -> Case:
    """``case`` with nothing owed any more, or nothing of its ``part``."""

    def ended(clock: Clock) -> Clock:
        meant = part in (None, clock.part) and clock.state in ("running", "paused")
        return replace(clock, state="void") if meant else clock

    return replace(case, clocks=tuple(map(ended, case.clocks)))
