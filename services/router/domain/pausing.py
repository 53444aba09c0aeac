"""Clocks that stand still, and deadlines that are put off: asked for here, granted by somebody else.

Pausing never shortens and extending never shortens; what is breached stays breached. Every pause has an end, so that
nothing lies for ever.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from services.router.domain.case import ACTIVE, Case, State
from services.router.domain.clocks import after_pause, is_named, live, moved, paused, resumed, until
from services.router.domain.commands import DESK, Actor, Command, Decision, Rule, required
from services.router.domain.events import Happened
from services.router.domain.timing import Ask, Clock, ClockKind, Extension, Moments, Pause
from shared.kernel.durations import parse_duration
from shared.kernel.errors import FieldError, Refusal, invalid
from shared.kernel.working_time import deadline

PAUSES_MAX = 20
EXTENSIONS_MAX = 5
"""Of one clock."""
EXTENSION_LONGEST = timedelta(days=366)
SUPERIORS = frozenset({"supervisor", "grid_leader"})
"""Who may grant a pause at the own desk, where the pack says so."""
_PAUSABLE = ACTIVE | {State.WAITING_REPORTER}


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfAClock(Happened):
    """Something about one clock, which is named by its deadline before."""

    clock: ClockKind
    due_at: datetime

    @property
    def clock_meant(self) -> str | None:
        return self.clock

    @property
    def due_meant(self) -> datetime | None:
        return self.due_at

    def changed(self, case: Case, clock: Clock, changed: Clock) -> Case:
        return replace(case, clocks=tuple(changed if each is clock else each for each in case.clocks))

    def named(self, case: Case) -> Clock | None:
        return next((c for c in case.clocks if is_named(c, self.clock, self.due_at)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(_OfAClock):
    """Somebody asks for a pause or an extension; the clock runs on. ``tell``: who grants it."""

    ask: Ask
    tell: str

    def applied(self, case: Case) -> Case:
        return replace(case, asks=(*case.asks, self.ask))

    def tells(self, case: Case) -> list[str]:
        return [self.tell]


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRequested(Asked):
    TYPE: ClassVar[str] = "clock.pause_requested.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionRequested(Asked):
    TYPE: ClassVar[str] = "clock.extension_requested.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused(_OfAClock):
    TYPE: ClassVar[str] = "clock.paused.v1"
    pause: Pause

    def tells(self, case: Case) -> list[str]:
        return [] if self.pause.approved_by is None else [case.unit]

    def applied(self, case: Case) -> Case:
        case = _without(case, "pause", self.clock)
        clock = self.named(case)
        if clock is None or clock.state != "running":
            return case
        return self.changed(case, clock, paused(clock, self.pause))


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed(_OfAClock):
    """It runs again since ``to`` (its own end may have been missed for a while); ``then`` are its new moments."""

    TYPE: ClassVar[str] = "clock.resumed.v1"
    to: datetime
    then: Moments

    @property
    def attends(self) -> bool:
        return True

    def applied(self, case: Case) -> Case:
        clock = self.named(case)
        if clock is None or clock.state != "paused":
            return case
        return self.changed(case, clock, resumed(clock, self.to, self.then))


@dataclass(frozen=True, slots=True, kw_only=True)
class Extended(_OfAClock):
    TYPE: ClassVar[str] = "clock.extended.v1"
    extension: Extension
    then: Moments

    def tells(self, case: Case) -> list[str]:
        return [case.unit]

    def applied(self, case: Case) -> Case:
        case = _without(case, "extension", self.clock)
        clock = self.named(case)
        if clock is None or clock.state != "running":
            return case
        extended = replace(clock, extensions=(*clock.extensions, self.extension))
        return self.changed(case, clock, moved(extended, self.then))


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRefused(_OfAClock):
    TYPE: ClassVar[str] = "clock.pause_refused.v1"

    def tells(self, case: Case) -> list[str]:
        return [case.unit]

    def applied(self, case: Case) -> Case:
        return _without(case, "pause", self.clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionRefused(_OfAClock):
    TYPE: ClassVar[str] = "clock.extension_refused.v1"

    def tells(self, case: Case) -> list[str]:
        return [case.unit]

    def applied(self, case: Case) -> Case:
        return _without(case, "extension", self.clock)


def _without(case: Case, what: Literal["pause", "extension"], clock: ClockKind) -> Case:
    return replace(case, asks=tuple(ask for ask in case.asks if (ask.what, ask.clock) != (what, clock)))


def _wanted(case: Case, command: Command) -> Clock:
    """The clock that is meant, running or paused. Raises ``Refusal`` 422 in words."""
    kind = required(command.clock, "/clock", "names a clock")
    clock = live(case, kind)
    if clock is not None:
        return clock
    late = any(c.kind == kind and c.state == "breached" and c.superseded_at is None for c in case.clocks)
    words = "has been breached: a breach stays, nothing undoes it" if late else "does not run on this case"
    raise _wrong("/clock", words)


def _running(case: Case, command: Command, now: datetime) -> Clock:
    """The clock that is meant, if it runs and its time is not up; a breach that is not stored yet is one too."""
    clock = _wanted(case, command)
    if clock.state == "running" and clock.due_at <= now:
        raise _wrong("/clock", "has been breached: a breach stays, nothing undoes it")
    if clock.state == "paused":
        raise _wrong("/clock", "is paused")
    return clock


def _wrong(pointer: str, words: str) -> Refusal:
    return invalid(FieldError(pointer, words))


def _pause(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    clock = _running(case, command, now)
    reason = command.pausable
    if reason is None:
        raise _wrong("/reason", "is no reason of the city's list for a pause")
    if clock.kind not in reason.clocks:
        raise _wrong("/reason", f"is no reason to pause {clock.kind}; it is one for {', '.join(sorted(reason.clocks))}")
    if len(clock.pauses) >= PAUSES_MAX:
        raise _wrong("/clock", f"was paused {PAUSES_MAX} times: no more")
    longest = deadline(now, parse_duration(reason.longest), command.calendar_of(clock))
    if command.until is not None and not now < command.until <= longest:
        raise _wrong("/until", f"lies after now and not after {longest.isoformat()} ({reason.longest})")
    ask = Ask(
        what="pause",
        clock=clock.kind,
        at=now,
        reason=reason.code,
        asked_by=actor.person,
        until=command.until,
        longest=reason.longest,
        approver=reason.approved_by,
    )
    tell = case.unit if reason.approved_by == "own" else _above(case)
    return [
        PauseRequested(
            at=now,
            by=actor.person,
            by_unit=actor.unit,
            clock=clock.kind,
            due_at=clock.due_at,
            ask=ask,
            tell=tell,
            text=reason.code,
        )
    ]


def _request_extension(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    clock = _running(case, command, now)
    text = required(command.text, "/reason", "is required")
    _later(command.until, clock, now)
    if len(clock.extensions) >= EXTENSIONS_MAX:
        raise _wrong("/clock", f"was put off {EXTENSIONS_MAX} times: no more")
    ask = Ask(what="extension", clock=clock.kind, at=now, reason=text, asked_by=actor.person, until=command.until)
    return [
        ExtensionRequested(
            at=now,
            by=actor.person,
            by_unit=actor.unit,
            text=text,
            clock=clock.kind,
            due_at=clock.due_at,
            ask=ask,
            tell=_above(case),
        )
    ]


def _later(until: datetime | None, clock: Clock, now: datetime) -> datetime:
    """``until``, if it can be a later deadline."""
    if until is None or not max(clock.due_at, now) < until <= now + EXTENSION_LONGEST:
        says = f"lies after the deadline, {clock.due_at.isoformat()}, and within {EXTENSION_LONGEST.days} days"
        raise _wrong("/until", says)
    return until


def _asked_already(case: Case, command: Command, actor: Actor) -> str | None:
    what = "pause" if command.name == "pause" else "extension"
    if any((ask.what, ask.clock) == (what, command.clock) for ask in case.asks):
        return "It is asked for already and waits for its approval."
    return None


def _above(case: Case) -> str:
    return case.path[-2].id if len(case.path) > 1 else case.unit


def _approve_pause(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    clock, ask = _running(case, command, now), _asked(case, "pause", command, actor)
    calendar = command.calendar_of(clock)
    longest = deadline(now, parse_duration(ask.longest or "PT0S"), calendar)
    ends = min(filter(None, (ask.until, longest)))
    if ends <= now:
        raise _wrong("/clock", "the time that was asked for is over: refuse it")
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
            pause=pause,
        )
    ]


def _approve_extension(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    clock, ask = _running(case, command, now), _asked(case, "extension", command, actor)
    ends = _later(command.until or ask.until, clock, now)
    extension = Extension(
        at=now,
        was_due_at=clock.due_at,
        due_at=ends,
        reason=ask.reason,
        asked_by=ask.asked_by,
        approved_by=actor.person,
    )
    return [
        Extended(
            at=now,
            by=actor.person,
            by_unit=actor.unit,
            text=ask.reason,
            clock=clock.kind,
            due_at=clock.due_at,
            extension=extension,
            then=until(clock, ends, command.calendar_of(clock)),
        )
    ]


def _refuse_pause(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    clock = _wanted(case, command)
    _asked(case, "pause", command, actor)
    text = required(command.text, "/reason", "is required")
    return [PauseRefused(at=now, by=actor.person, by_unit=actor.unit, text=text, clock=clock.kind, due_at=clock.due_at)]


def _refuse_extension(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    clock = _wanted(case, command)
    _asked(case, "extension", command, actor)
    text = required(command.text, "/reason", "is required")
    return [
        ExtensionRefused(at=now, by=actor.person, by_unit=actor.unit, text=text, clock=clock.kind, due_at=clock.due_at)
    ]


def _asked(case: Case, what: str, command: Command, actor: Actor) -> Ask:
    ask = next((ask for ask in case.asks if (ask.what, ask.clock) == (what, command.clock)), None)
    if ask is None:
        raise _wrong("/clock", f"nobody asks for {'a pause' if what == 'pause' else 'an extension'} of it")
    if not _grants(case, ask, actor):
        raise _wrong("/clock", "is for another to grant")
    return ask


def _grants(case: Case, ask: Ask, actor: Actor) -> bool:
    """Who is above may; at the own desk a superior may, where the pack says so; nobody grants his own asking."""
    if actor.person == ask.asked_by:
        return False
    if any(unit.id == actor.unit for unit in case.path[:-1]):
        return True
    at_own_desk = ask.approver == "own" or len(case.path) == 1
    return ask.what == "pause" and at_own_desk and actor.unit == case.unit and actor.role in SUPERIORS


def end_of_pause(case: Case, kind: ClockKind, now: datetime, command: Command) -> Resumed | None:
    """The clock runs again from now on, if it is paused. ``command`` holds the calendars."""
    clock = live(case, kind)
    if clock is None or clock.state != "paused" or not clock.pauses:
        return None
    then = after_pause(clock, clock.pauses[-1].since, now, command.calendar_of(clock))
    return Resumed(at=now, clock=clock.kind, due_at=clock.due_at, to=now, then=then)


def _resume(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    clock = _wanted(case, command)
    ended = end_of_pause(case, clock.kind, now, command)
    if ended is None:
        raise _wrong("/clock", "is not paused")
    return [replace(ended, by=actor.person, by_unit=actor.unit, text=command.text)]


def _nothing_runs(case: Case, actor: Actor | None) -> str | None:
    return None if any(c.state == "running" and c.waits for c in case.clocks) else "No clock of it runs."


def _nobody_above(case: Case, actor: Actor | None) -> str | None:
    return _nothing_runs(case, actor) or ("There is no level above to grant it." if len(case.path) < 2 else None)


def _nothing_paused(case: Case, actor: Actor | None) -> str | None:
    return None if any(c.state == "paused" for c in case.clocks) else "No clock of it is paused."


def _pause_not_asked(case: Case, actor: Actor | None) -> str | None:
    return _not_asked(case, actor, "pause", "No pause is asked for.")


def _extension_not_asked(case: Case, actor: Actor | None) -> str | None:
    return _not_asked(case, actor, "extension", "No extension is asked for.")


def _not_asked(case: Case, actor: Actor | None, what: str, nothing: str) -> str | None:
    asks = [ask for ask in case.asks if ask.what == what]
    if not asks:
        return nothing
    if actor is not None and not any(_grants(case, ask, actor) for ask in asks):
        return f"It is for {_above(case)} to grant, and not for who asked."
    return None


RULES = {
    "pause": Rule(decide=_pause, open_in=ACTIVE, may=DESK, blocked=_nothing_runs, against=_asked_already),
    "approve_pause": Rule(decide=_approve_pause, open_in=_PAUSABLE, may=DESK, blocked=_pause_not_asked),
    "refuse_pause": Rule(decide=_refuse_pause, open_in=_PAUSABLE, may=DESK, blocked=_pause_not_asked),
    "resume": Rule(decide=_resume, open_in=_PAUSABLE, may=DESK, blocked=_nothing_paused),
    "request_extension": Rule(
        decide=_request_extension, open_in=ACTIVE, may=DESK, blocked=_nobody_above, against=_asked_already
    ),
    "approve_extension": Rule(decide=_approve_extension, open_in=_PAUSABLE, may=DESK, blocked=_extension_not_asked),
    "refuse_extension": Rule(decide=_refuse_extension, open_in=_PAUSABLE, may=DESK, blocked=_extension_not_asked),
}
