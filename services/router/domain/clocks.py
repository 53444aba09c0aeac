"""What happens to the clocks of a case: met, fired, void. A breach is never taken back."""

from dataclasses import replace
from datetime import datetime

from services.router.domain.case import Case, Clock


def met(case: Case, *kinds: str, at: datetime) -> Case:
    """``case`` with its clocks of these kinds met, as far as they still wait; a breached one stays breached."""
    return replace(case, clocks=tuple(_met(clock, at) if clock.kind in kinds else clock for clock in case.clocks))


def _met(clock: Clock, at: datetime) -> Clock:
    if not clock.waits:
        return clock
    return replace(clock, met_at=at, state="breached" if clock.state == "breached" else "met")


def means(clock: Clock, kind: str | None, due_at: datetime | None) -> bool:
    """Whether this is the waiting clock that an event names by kind and deadline."""
    return clock.waits and clock.kind == kind and clock.due_at == due_at


def voided(case: Case) -> Case:
    """``case`` with nothing owed any more."""
    ended = ("running", "paused")
    return replace(case, clocks=tuple(replace(c, state="void") if c.state in ended else c for c in case.clocks))
