"""New clocks after a move to another unit or a change of category. The old clocks stay in the case."""

from dataclasses import dataclass
from datetime import datetime

from services.router.domain.case import Case
from services.router.domain.clock import SlaClock, Watch
from services.router.domain.clock_operations import after_pause, moved, paused, superseded
from services.router.domain.values import replace
from shared.kernel.vocabulary import ClockKind
from shared.kernel.working_time import Calendar

CLOCKS_MAX = 60
"""Clocks of one case, old ones included; from then on its clocks are not replaced any more."""


@dataclass(frozen=True, slots=True)
class Promise:
    """The clocks that a commitment starts at the arrival of the first report, and the commitment's calendar.

    ``forgotten_after``: seconds after which a case that nobody works at wakes its officers; None: never.
    """

    commitment: str
    clocks: tuple[SlaClock, ...]
    calendar: Calendar
    forgotten_after: int | None = None

    def instead(self, case: Case, at: datetime) -> Case:
        """``case`` under this promise: new clocks replace those under which something is still owed; the others stay.

        A clock with the same target and calendar is not replaced. Paused time of the old clock does not count for the
        new one either. A kind that the case never had starts now, if it is promised.
        """
        watch = None if self.forgotten_after is None else Watch(self.forgotten_after, at)
        renewed = [new for clock in case.clocks if (new := self._anew(clock, at)) is not None]
        known = {clock.kind for clock in case.clocks if clock.part is None}
        renewed += [clock for clock in self.clocks if clock.kind not in known]
        if len(case.clocks) + len(renewed) > CLOCKS_MAX:
            return case
        kinds = {clock.kind for clock in renewed}
        clocks = tuple(
            superseded(c, at) if c.part is None and c.kind in kinds and is_owed(c) else c for c in case.clocks
        )
        return replace(case, clocks=(*clocks, *renewed), watch=watch)

    def _anew(self, clock: SlaClock, at: datetime) -> SlaClock | None:
        if clock.part is not None or not is_owed(clock):
            return None
        new = self._of_kind(clock.kind)
        if new is None or (new.target, new.calendar, _name(new)) == (clock.target, clock.calendar, _name(clock)):
            return None
        for pause in clock.pauses:
            if pause.to is not None:
                new = moved(new, after_pause(new, pause.since, pause.to, self.calendar))
                new = replace(new, pauses=(*new.pauses, pause))
            elif pause.since < new.due_at:
                then = after_pause(new, pause.since, pause.until, self.calendar)
                new = paused(new, replace(pause, then=then))
        return new

    def _of_kind(self, kind: ClockKind) -> SlaClock | None:
        return next((clock for clock in self.clocks if clock.kind == kind), None)


def is_owed(clock: SlaClock) -> bool:
    """Whether something is still owed under this clock, also if it is paused or breached."""
    return clock.superseded_at is None and (
        clock.state in ("running", "paused") or (clock.state == "breached" and clock.met_at is None)
    )


def _name(clock: SlaClock) -> str:
    """The commitment without the pack's version: a newly loaded pack alone does not renew clocks."""
    return clock.commitment.rpartition("@")[0]
