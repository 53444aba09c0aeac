"""What happens to the clocks of a case: met, fired, paused, moved, void. A breach is never taken back."""

from datetime import datetime

from services.router.domain.case import ACTIVE, Case, State
from services.router.domain.clock import Moments, Pause, SlaClock
from services.router.domain.values import replace
from shared.kernel.working_time import Calendar, elapsed, later, shift

RESOLVES_KEPT = 10
"""Old resolve clocks that a case keeps, so that its document stays small however often it is reopened."""


def met(case: Case, *kinds: str, at: datetime, part: str | None = None) -> Case:
    """``case`` with the waiting clocks of these kinds met: its own, or those of ``part``.

    A breached clock stays breached. A clock met at its deadline or later counts as breached, even if no timer ran.
    """
    clocks = (_met(clock, at) if clock.part == part and clock.kind in kinds else clock for clock in case.clocks)
    return replace(case, clocks=tuple(clocks))


def _met(clock: SlaClock, at: datetime) -> SlaClock:
    if clock.state == "breached":
        return clock if clock.met_at is not None else replace(clock, met_at=at)
    if clock.state not in ("running", "paused"):
        return clock
    if clock.state == "running" and clock.due_at <= at:
        return replace(clock, met_at=at, state="breached", warned=True)
    return replace(clock, met_at=at, state="met", pauses=_ended(clock.pauses, at))


def means(clock: SlaClock, kind: str | None, due_at: datetime | None, part: str | None = None) -> bool:
    """Whether this is the waiting clock that an event names by kind, deadline and part."""
    return clock.waits and clock.kind == kind and clock.due_at == due_at and clock.part == part


def live(case: Case, kind: str | None, part: str | None = None) -> SlaClock | None:
    """The clock of this kind that runs or is paused, the case's own or its ``part``'s, if there is one."""
    alive = ("running", "paused")
    own = (c for c in case.clocks if c.part == part and c.kind == kind and c.superseded_at is None)
    return next((c for c in own if c.state in alive), None)


def is_named(clock: SlaClock, kind: str | None, due_at: datetime | None, part: str | None = None) -> bool:
    """Whether an event names this clock, which may be paused, by kind, deadline and part."""
    return clock.part == part and clock.superseded_at is None and clock.kind == kind and clock.due_at == due_at


def voided(case: Case, at: datetime, part: str | None = None) -> Case:
    """``case`` with all its waiting clocks void, or only those of ``part``."""
    meant = (_void(clock, at) if part in (None, clock.part) else clock for clock in case.clocks)
    return replace(case, clocks=tuple(meant))


def _void(clock: SlaClock, at: datetime) -> SlaClock:
    if clock.state not in ("running", "paused"):
        return clock
    return replace(clock, state="void", pauses=_ended(clock.pauses, at))


def superseded(clock: SlaClock, at: datetime) -> SlaClock:
    """``clock`` as it stays in the case once another of its kind counts instead."""
    return clock if clock.superseded_at is not None else replace(_void(clock, at), superseded_at=at)


def ruled(case: Case, at: datetime) -> Case:
    """``case`` with its request ruled on, in time or not."""
    return met(replace(case, ruling=None), "review", at=at)


def without_lapsed_ruling(case: Case, at: datetime) -> Case:
    """``case`` without a request that nobody has to rule on any more: the work ended, or another unit owns the case."""
    asked = case.ruling
    waits = (State.REJECTED,) if asked is not None and asked.what == "objection" else ACTIVE
    if asked is None or (case.state in waits and asked.unit == case.unit):
        return case
    clocks = (superseded(c, at) if c.kind == "review" and c.waits else c for c in case.clocks)
    return replace(case, ruling=None, clocks=tuple(clocks))


def opened_again(case: Case, fresh: SlaClock | None) -> tuple[SlaClock, ...]:
    """The clocks of a reopened case, with ``fresh`` as the one that counts. Of the old ones of its kind only the
    newest ``RESOLVES_KEPT`` stay.

    The others remain in the events: each event contains the clocks at its time, and a breach is an event of its own.
    """
    if fresh is None:
        return case.clocks
    old = [n for n, clock in enumerate(case.clocks) if clock.kind == fresh.kind and clock.part is None]
    gone = set(old[: max(0, len(old) - RESOLVES_KEPT)])
    stay = (
        clock if n not in old or _is_settled(clock) else superseded(clock, fresh.started_at)
        for n, clock in enumerate(case.clocks)
        if n not in gone
    )
    return (*stay, fresh)


def _is_settled(clock: SlaClock) -> bool:
    return clock.state in ("met", "void") or clock.met_at is not None or clock.superseded_at is not None


def _ended(pauses: tuple[Pause, ...], at: datetime) -> tuple[Pause, ...]:
    """``pauses`` with the last one ended at ``at``, unless it has ended already."""
    if not pauses or pauses[-1].to is not None:
        return pauses
    return (*pauses[:-1], replace(pauses[-1], to=at, then=None))


def after_pause(clock: SlaClock, since: datetime, to: datetime, calendar: Calendar) -> Moments:
    """The clock's times after a pause: later by the working time of the pause, never earlier.

    Rungs after the breach keep their distance from the deadline.
    """
    due_at = shift(clock.due_at, since, to, calendar)
    return Moments(
        due_at,
        None if clock.warn_at is None else shift(clock.warn_at, since, to, calendar),
        tuple(
            shift(rung.at, since, to, calendar) if rung.at <= clock.due_at else due_at + (rung.at - clock.due_at)
            for rung in clock.rungs
        ),
    )


def until(clock: SlaClock, due_at: datetime, calendar: Calendar) -> Moments:
    """The clock's times with a later deadline: all later by the working time between the two deadlines."""
    more = elapsed(clock.due_at, due_at, calendar)
    return Moments(
        due_at,
        None if clock.warn_at is None else later(clock.warn_at, more, calendar),
        tuple(
            later(rung.at, more, calendar) if rung.at <= clock.due_at else due_at + (rung.at - clock.due_at)
            for rung in clock.rungs
        ),
    )


def moved(clock: SlaClock, moments: Moments) -> SlaClock:
    """``clock`` with these times. Fired rungs stay fired; a warning that lies in the future again comes once more."""
    rungs = tuple(replace(rung, at=at) for rung, at in zip(clock.rungs, moments.rungs, strict=True))
    again = clock.warn_at != moments.warn_at
    return replace(
        clock, due_at=moments.due_at, warn_at=moments.warn_at, warned=clock.warned and not again, rungs=rungs
    )


def paused(clock: SlaClock, pause: Pause) -> SlaClock:
    """``clock``, paused."""
    return replace(clock, state="paused", pauses=(*clock.pauses, pause))


def resumed(clock: SlaClock, at: datetime, moments: Moments) -> SlaClock:
    """``clock`` running again since ``at``."""
    return moved(replace(clock, state="running", pauses=_ended(clock.pauses, at)), moments)
