"""What happens to a case by itself at a time: clocks, watch, follow-up and call fire, each once, in order of time."""

from datetime import datetime

from services.router.domain.apply import apply, apply_all
from services.router.domain.call_backs.call_events import CallDue
from services.router.domain.case import Case
from services.router.domain.case_parts.remark import Remark
from services.router.domain.clock import Moments, SlaClock
from services.router.domain.clock_events import ClockBreached, ClockWarned, Escalated, FollowUpDue
from services.router.domain.commands.pause import Resumed
from services.router.domain.commands.request_info import missing
from services.router.domain.commands.supervise import forgotten
from services.router.domain.domain_event import DomainEvent

STEPS_MAX = 600
"""More than all rungs of all clocks of a case; reaching it is a bug."""


def due(case: Case, now: datetime) -> list[DomainEvent]:
    """Warnings, breaches and rungs up to ``now``. After a standstill every missed one fires, oldest first.

    What was due before an open item was imported fires as of the import.

    A rung that moves the case changes which unit later rungs mean, so each is decided on the case after the one before.
    Raises ``ValueError`` after ``STEPS_MAX`` events.
    """
    fired: list[DomainEvent] = []
    while (moment := case.next_due) is not None and moment <= now:
        if len(fired) >= STEPS_MAX:
            raise ValueError(f"case {case.id} does not come to rest")
        quiet = case.quiet_until is not None and moment <= case.quiet_until
        for event in _next(case, moment, min(now, case.quiet_until) if quiet and case.quiet_until else now):
            fired.append(event)
            case = apply(case, event)
    return fired


def as_of(case: Case, now: datetime) -> Case:
    """``case`` with everything fired that was due by ``now``, whether or not the timer has run.

    Commands are decided on this one, so that after a deadline nothing is met or paused as if it were in time.
    """
    fired = due(case, now)
    return apply_all(case, fired) if fired else case


def _next(case: Case, moment: datetime, now: datetime) -> list[DomainEvent]:
    if case.looks_at == moment:
        return [FollowUpDue(at=now, due_at=case.follow_up or moment)]
    if case.call_back is not None and case.call_back.since is None and case.call_back.due_at == moment:
        return [CallDue(at=now, due_at=moment)]
    clock = next((c for c in case.clocks if c.next_at == moment), None)
    return [forgotten(case, now)] if clock is None else _of(case, clock, moment, now)


def _of(case: Case, clock: SlaClock, moment: datetime, now: datetime) -> list[DomainEvent]:
    if clock.state == "paused":
        pause = clock.pauses[-1]
        then = pause.then or Moments(clock.due_at, clock.warn_at, tuple(rung.at for rung in clock.rungs))
        return [Resumed(at=now, clock=clock.kind, due_at=clock.due_at, part=clock.part, to=pause.until, then=then)]
    if clock.state == "running" and clock.warn_at == moment and not clock.warned:
        return [ClockWarned(at=now, clock=clock.kind, due_at=clock.due_at, part=clock.part)]
    if clock.state == "running" and clock.due_at == moment:
        breached = ClockBreached(at=now, clock=clock.kind, due_at=clock.due_at, part=clock.part)
        return [breached, *(missing(case, now) if clock.kind == "confirm" else [])]
    return [_climb(case, clock, now)]


def _climb(case: Case, clock: SlaClock, now: datetime) -> DomainEvent:
    rung = clock.rungs[clock.fired]
    to = case.towards(rung.to, clock)
    stays = clock.part is not None or clock.kind == "review" or case.confidential or to in case.recused
    act = "tell" if to is None else "supervise" if stays and rung.act == "move_to" else rung.act
    return Escalated(
        at=now,
        act=act,
        to=to or case.path[0].id,
        clock=clock.kind,
        due_at=clock.due_at,
        part=clock.part,
        rung=clock.fired,
        remark=None if to is not None else Remark("level_missing", (("level", rung.to),)),
    )
