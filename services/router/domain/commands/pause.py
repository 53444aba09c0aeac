"""Pauses 暂停计时: clocks that stand still, asked for here and granted by somebody else.

Pausing never shortens; what is breached stays breached. Every pause has an end, so that nothing lies for ever.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import ClassVar

from services.router.domain.case import Case, Part
from services.router.domain.clock import Ask, Clock, Moments, Pause
from services.router.domain.clock_operations import after_pause, live, paused, resumed
from services.router.domain.commands.call_in import is_of
from services.router.domain.commands.clock_approvals import (
    OF_THE_PART,
    WITH_CLOCKS,
    Asked,
    NotGranted,
    OfAClock,
    asked,
    asks_whom,
    at_desk,
    meant_part,
    not_asked,
    not_to_ask,
    nothing_to_ask,
    refusing,
    rulers,
    running,
    wanted,
    wrong,
)
from services.router.domain.commands.command import DESK, Actor, Command, Decision, Pausable, Rule
from shared.kernel.durations import parse_duration
from shared.kernel.errors import forbidden
from shared.kernel.vocabulary import ClockKind
from shared.kernel.working_time import deadline

PAUSES_MAX = 20
"""Of one clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRequested(Asked):
    TYPE: ClassVar[str] = "clock.pause_requested.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused(OfAClock):
    TYPE: ClassVar[str] = "clock.paused.v1"
    pause: Pause

    def tells(self, case: Case) -> list[str]:
        return [] if self.pause.approved_by is None else self.concerned(case)

    def applied(self, case: Case) -> Case:
        case = self.settled(case, "pause")
        clock = self.named(case)
        if clock is None or clock.state != "running":
            return case
        return self.changed(case, clock, paused(clock, self.pause))


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed(OfAClock):
    """It runs again since ``to`` (its own end may have been missed for a while); ``then`` are its new moments."""

    TYPE: ClassVar[str] = "clock.resumed.v1"
    to: datetime
    then: Moments

    @property
    def attends(self) -> bool:
        """The watch over a case stands still with the case's own clocks, so their end starts it anew."""
        return self.by is not None or self.part is None

    def applied(self, case: Case) -> Case:
        clock = self.named(case)
        if clock is None or clock.state != "paused":
            return case
        return self.changed(case, clock, resumed(clock, self.to, self.then))


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRefused(NotGranted):
    TYPE: ClassVar[str] = "clock.pause_refused.v1"
    WHAT = "pause"


def _pause(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    clock = running(case, command, now)
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
        )
    ]


def _reason(command: Command, clock: Clock, now: datetime) -> Pausable:
    """Why and until when ``clock`` may stand still. Raises ``Refusal`` 422."""
    reason = command.pausable
    if reason is None:
        raise wrong("/reason", "is no reason of the city's list for a pause")
    if clock.kind not in reason.clocks:
        raise wrong("/reason", f"is no reason to pause {clock.kind}; it is one for {', '.join(sorted(reason.clocks))}")
    if len(clock.pauses) >= PAUSES_MAX:
        raise wrong("/clock", f"was paused {PAUSES_MAX} times: no more")
    longest = deadline(now, parse_duration(reason.longest), command.calendar_of(clock))
    if command.until is not None and not now < command.until <= longest:
        raise wrong("/until", f"lies after now and not after {longest.isoformat()} ({reason.longest})")
    return reason


def _who_grants(case: Case, reason: Pausable, part: Part | None) -> str:
    return case.unit if part is None and reason.approved_by == "own" else asks_whom(case, part)


def _approve_pause(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    clock, ask = running(case, command, now), asked(case, "pause", command, actor)
    calendar = command.calendar_of(clock)
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
            clock=clock.kind,
            due_at=clock.due_at,
            part=clock.part,
            pause=pause,
        )
    ]


def end_of_pause(
    case: Case, kind: ClockKind, now: datetime, command: Command, part: str | None = None
) -> Resumed | None:
    """The clock runs again from now on, if it is paused. ``command`` holds the calendars."""
    clock = live(case, kind, part)
    if clock is None or clock.state != "paused" or not clock.pauses:
        return None
    then = after_pause(clock, clock.pauses[-1].since, now, command.calendar_of(clock))
    return Resumed(at=now, clock=clock.kind, due_at=clock.due_at, part=part, to=now, then=then)


def _resume(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    clock = wanted(case, command)
    ended = end_of_pause(case, clock.kind, now, command, clock.part)
    if ended is None:
        raise wrong("/clock", "is not paused")
    return [replace(ended, by=actor.person, by_unit=actor.unit, text=command.text)]


def _may_resume(case: Case, part: Part | None, actor: Actor) -> bool:
    """Who asked for it, by unit, and who may grant it: waiting can end early on either side."""
    if part is None:
        return at_desk(actor)
    return is_of(actor, part) or (at_desk(actor) and actor.unit in rulers(case, part))


def _not_to_resume(case: Case, command: Command, actor: Actor) -> str | None:
    part = meant_part(case, command)
    if not _may_resume(case, part, actor):
        whose = case.unit if part is None else f"{part.unit}, or who called it,"
        raise forbidden(f"It is for {whose} to let it run again.")
    return None


def _nothing_paused(case: Case, actor: Actor | None) -> str | None:
    still = [case.part(clock.part) for clock in case.clocks if clock.state == "paused"]
    mine = any(actor is None or _may_resume(case, part, actor) for part in still)
    return None if mine else "No clock of it is paused."


def _pause_not_asked(case: Case, actor: Actor | None) -> str | None:
    return not_asked(case, actor, "pause", "No pause is asked for.")


_answer = partial(Rule, open_in=WITH_CLOCKS, may=DESK, blocked=_pause_not_asked)

RULES = {
    "pause": Rule(
        decide=_pause,
        open_in=WITH_CLOCKS,
        may=DESK,
        for_their_part=OF_THE_PART,
        blocked=nothing_to_ask,
        against=not_to_ask,
    ),
    "approve_pause": _answer(decide=_approve_pause),
    "refuse_pause": _answer(decide=refusing(PauseRefused)),
    "resume": Rule(
        decide=_resume,
        open_in=WITH_CLOCKS,
        may=DESK,
        for_their_part=OF_THE_PART,
        blocked=_nothing_paused,
        against=_not_to_resume,
    ),
}
