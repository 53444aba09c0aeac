"""Pauses 挂起: a clock's time does not count for a while; requested by one officer, approved by another.

A pause never makes a deadline earlier, and a breached clock stays breached. Every pause has an end.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Literal

from services.router.domain.case import Case
from services.router.domain.case_parts.remark import Remark
from services.router.domain.case_parts.work import Part
from services.router.domain.clock import Ask, Moments, Pause, SlaClock
from services.router.domain.clock_operations import after_pause, live, paused, resumed
from services.router.domain.commands.call_in import is_of
from services.router.domain.commands.clock_approvals import (
    OF_THE_PART,
    WITH_CLOCKS,
    ApprovalRefused,
    ApprovalRequested,
    ClockCommand,
    NamedClockEvent,
    RefuseApproval,
    asks_whom,
    at_desk,
    live_clock,
    not_asked,
    not_to_ask,
    nothing_to_ask,
    open_request,
    part_of_clock,
    refusing,
    rulers,
    running_clock,
    wrong,
)
from services.router.domain.commands.command import DESK, Actor, Calendars, Decision, Rule, WhyNot, calendar_of, may_not
from shared.kernel.durations import parse_duration
from shared.kernel.vocabulary import ClockKind
from shared.kernel.working_time import deadline

PAUSES_MAX = 20
"""Pauses of one clock."""


@dataclass(frozen=True, slots=True)
class Pausable:
    """A reason of the pack's catalogue: for which clocks, how long at most (ISO 8601), and who grants it."""

    code: str
    clocks: frozenset[ClockKind]
    longest: str
    approved_by: Literal["own", "parent"] = "parent"


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseClock(ClockCommand):
    """``pausable``: what the pack says of the reason; without ``until`` the pause is as long as that allows."""

    NAME: ClassVar[str] = "pause"
    pausable: Pausable | None
    until: datetime | None = None
    calendars: Calendars


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovePause(ClockCommand):
    NAME: ClassVar[str] = "approve_pause"
    calendars: Calendars


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusePause(RefuseApproval):
    NAME: ClassVar[str] = "refuse_pause"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeClock(ClockCommand):
    """Ends a pause early."""

    NAME: ClassVar[str] = "resume"
    reason: str | None = None
    calendars: Calendars


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRequested(ApprovalRequested):
    TYPE: ClassVar[str] = "clock.pause_requested.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused(NamedClockEvent):
    TYPE: ClassVar[str] = "clock.paused.v1"
    pause: Pause

    @property
    def asked_by_meant(self) -> str | None:
        return None if self.pause.approved_by is None else self.pause.asked_by

    def tells(self, case: Case) -> list[str]:
        return [] if self.pause.approved_by is None else self.concerned(case)

    def applied(self, case: Case) -> Case:
        case = self.settled(case, "pause")
        clock = self.named(case)
        if clock is None or clock.state != "running":
            return case
        return self.changed(case, clock, paused(clock, self.pause))


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed(NamedClockEvent):
    """The clock runs again since ``to``, which is before ``at`` if the timer was late; ``then``: its new times."""

    TYPE: ClassVar[str] = "clock.resumed.v1"
    to: datetime
    then: Moments

    @property
    def attends(self) -> bool:
        """The reminder of a forgotten case waits while the case's own clocks are paused, and starts anew afterwards."""
        return self.by is not None or self.part is None

    def applied(self, case: Case) -> Case:
        clock = self.named(case)
        if clock is None or clock.state != "paused":
            return case
        return self.changed(case, clock, resumed(clock, self.to, self.then))


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRefused(ApprovalRefused):
    TYPE: ClassVar[str] = "clock.pause_refused.v1"
    WHAT = "pause"


def _pause(case: Case, command: PauseClock, actor: Actor, now: datetime) -> Decision:
    clock = running_clock(case, command, now)
    reason = _reason(command, clock, now)
    ask = Ask(
        what="pause",
        clock=clock.kind,
        at=now,
        reason=reason.code,
        asked_by=actor.person,
        until=command.until,
        longest=reason.longest,
        approver=reason.approved_by,
        part=clock.part,
    )
    return [
        PauseRequested(
            at=now,
            by=actor.person,
            by_unit=actor.unit,
            clock=clock.kind,
            due_at=clock.due_at,
            part=clock.part,
            ask=ask,
            tell=_who_grants(case, reason, case.part(clock.part)),
            text=reason.code,
            remark=_why(reason.code),
        )
    ]


def _reason(command: PauseClock, clock: SlaClock, now: datetime) -> Pausable:
    """The reason, if it allows this pause of ``clock``. Raises ``Refusal`` 422."""
    reason = command.pausable
    if reason is None:
        raise wrong("/reason", "is no reason of the city's list for a pause")
    if clock.kind not in reason.clocks:
        raise wrong("/reason", f"is no reason to pause {clock.kind}; it is one for {', '.join(sorted(reason.clocks))}")
    if len(clock.pauses) >= PAUSES_MAX:
        raise wrong("/clock", f"was paused {PAUSES_MAX} times: no more")
    longest = deadline(now, parse_duration(reason.longest), calendar_of(clock, command.calendars))
    if command.until is not None and not now < command.until <= longest:
        raise wrong("/until", f"lies after now and not after {longest.isoformat()} ({reason.longest})")
    return reason


def _why(code: str) -> Remark:
    """The reason by its code; the line says the pack's name of it."""
    return Remark("pause_reason", (("reason", code),))


def _who_grants(case: Case, reason: Pausable, part: Part | None) -> str:
    return case.unit if part is None and reason.approved_by == "own" else asks_whom(case, part)


def _approve_pause(case: Case, command: ApprovePause, actor: Actor, now: datetime) -> Decision:
    clock, ask = running_clock(case, command, now), open_request(case, "pause", command, actor)
    calendar = calendar_of(clock, command.calendars)
    longest = deadline(now, parse_duration(ask.longest or "PT0S"), calendar)
    ends = min(filter(None, (ask.until, longest)))
    if ends <= now:
        raise wrong("/clock", "the time that was asked for is over: refuse it")
    pause = Pause(
        since=now,
        until=ends,
        reason=ask.reason,
        asked_by=ask.asked_by,
        approved_by=actor.person,
        then=after_pause(clock, now, ends, calendar),
    )
    return [
        Paused(
            at=now,
            by=actor.person,
            by_unit=actor.unit,
            text=ask.reason,
            remark=_why(ask.reason),
            clock=clock.kind,
            due_at=clock.due_at,
            part=clock.part,
            pause=pause,
        )
    ]


def end_of_pause(
    case: Case, kind: ClockKind, now: datetime, calendars: Calendars, part: str | None = None
) -> Resumed | None:
    """The clock runs again from now on; None when it is not paused."""
    clock = live(case, kind, part)
    if clock is None or clock.state != "paused" or not clock.pauses:
        return None
    then = after_pause(clock, clock.pauses[-1].since, now, calendar_of(clock, calendars))
    return Resumed(at=now, clock=clock.kind, due_at=clock.due_at, part=part, to=now, then=then)


def _resume(case: Case, command: ResumeClock, actor: Actor, now: datetime) -> Decision:
    clock = live_clock(case, command)
    ended = end_of_pause(case, clock.kind, now, command.calendars, clock.part)
    if ended is None:
        raise wrong("/clock", "is not paused")
    return [replace(ended, by=actor.person, by_unit=actor.unit, text=command.reason)]


def _may_resume(case: Case, part: Part | None, actor: Actor) -> bool:
    """The unit that asked for the pause may end it early, and so may those who can grant one."""
    if part is None:
        return at_desk(actor)
    return is_of(actor, part) or (at_desk(actor) and actor.unit in rulers(case, part))


def _not_to_resume(case: Case, command: ResumeClock, actor: Actor) -> WhyNot | None:
    part = part_of_clock(case, command)
    if not _may_resume(case, part, actor):
        whose = case.unit if part is None else f"{part.unit}, or who called it,"
        raise may_not("not_your_clock", f"It is for {whose} to let it run again.")
    return None


def _nothing_paused(case: Case, actor: Actor | None) -> WhyNot | None:
    still = [case.part(clock.part) for clock in case.clocks if clock.state == "paused"]
    mine = any(actor is None or _may_resume(case, part, actor) for part in still)
    return None if mine else WhyNot("nothing_paused", "No clock of it is paused.")


def _pause_not_asked(case: Case, actor: Actor | None) -> WhyNot | None:
    return not_asked(case, actor, "pause", "No pause is asked for.")


RULES = (
    Rule(
        command=PauseClock,
        decide=_pause,
        open_in=WITH_CLOCKS,
        roles=DESK,
        roles_for_own_part=OF_THE_PART,
        blocked=nothing_to_ask,
        refused=not_to_ask("pause"),
    ),
    Rule(command=ApprovePause, decide=_approve_pause, open_in=WITH_CLOCKS, roles=DESK, blocked=_pause_not_asked),
    Rule(command=RefusePause, decide=refusing(PauseRefused), open_in=WITH_CLOCKS, roles=DESK, blocked=_pause_not_asked),
    Rule(
        command=ResumeClock,
        decide=_resume,
        open_in=WITH_CLOCKS,
        roles=DESK,
        roles_for_own_part=OF_THE_PART,
        blocked=_nothing_paused,
        refused=_not_to_resume,
    ),
)
