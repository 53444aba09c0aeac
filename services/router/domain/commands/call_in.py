"""Calling in 吹哨 and reporting in 报到: a unit that cannot do the work alone calls others; each does a part of it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from services.router.domain.case import ACTIVE, PARTS_MAX, Case, State
from services.router.domain.case_parts.owner_path import UnitOnPath
from services.router.domain.case_parts.work import Part
from services.router.domain.clock import SlaClock
from services.router.domain.clock_events import callers
from services.router.domain.clock_operations import met, voided
from services.router.domain.commands.command import (
    DESK,
    DESK_AND_FIELD,
    Actor,
    Command,
    Decision,
    Rule,
    WhyNot,
    may_not,
    required,
)
from services.router.domain.domain_event import DomainEvent
from services.router.domain.values import replace
from shared.kernel.errors import FieldError, invalid

AT_WORK = ACTIVE | {State.WAITING_REPORTER}
"""States of a case in which called units may work on their parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A unit that is called in. ``path``: from the root down to it; ``clocks``: those that its part starts."""

    unit: str
    path: tuple[UnitOnPath, ...]
    clocks: tuple[SlaClock, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallIn(Command):
    NAME: ClassVar[str] = "call_in"
    called: tuple[Called, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartCommand(Command):
    """A command about one part of the case. ``part``: its id, such as ``p1``."""

    part: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportIn(PartCommand):
    """The called unit is there."""

    NAME: ClassVar[str] = "report_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class _EndOfPart(PartCommand):
    """``turn_clocks``: in a works plan, the clocks of the next part."""

    turn_clocks: tuple[SlaClock, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishPart(_EndOfPart):
    NAME: ClassVar[str] = "finish_part"
    text: str
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcusePart(_EndOfPart):
    """The part is not needed any more."""

    NAME: ClassVar[str] = "excuse_part"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledIn(DomainEvent):
    TYPE: ClassVar[str] = "case.called_in.v1"
    SAYS_WHY: ClassVar[bool] = True
    called: Part
    clocks: tuple[SlaClock, ...] = ()

    def applied(self, case: Case) -> Case:
        return replace(case, parts=(*case.parts, self.called), clocks=(*case.clocks, *self.clocks))

    def unit_meant(self, case: Case) -> str:
        return self.called.unit

    @property
    def part_meant(self) -> str | None:
        return self.called.id

    def tells(self, case: Case) -> list[str]:
        return [self.called.unit]


@dataclass(frozen=True, slots=True, kw_only=True)
class _PartEvent(DomainEvent):
    """Something happened to a part of the case."""

    part: str

    @property
    def part_meant(self) -> str | None:
        return self.part

    def unit_meant(self, case: Case) -> str:
        part = case.part(self.part)
        return case.unit if part is None else part.unit

    def tells(self, case: Case) -> list[str]:
        """The units that called the part in."""
        part = case.part(self.part)
        return [] if part is None else callers(case, part)

    def changed(self, case: Case, **fields: Any) -> Case:
        """``case`` with these fields of the part changed."""
        parts = (replace(part, **fields) if part.id == self.part else part for part in case.parts)
        return replace(case, parts=tuple(parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedIn(_PartEvent):
    TYPE: ClassVar[str] = "case.reported_in.v1"
    HANDLES: ClassVar[bool] = True

    def applied(self, case: Case) -> Case:
        there = self.changed(case, state="reported_in", reported_in_by=self.by, reported_in_at=self.at)
        return met(there, "report_in", at=self.at, part=self.part)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFinished(_PartEvent):
    TYPE: ClassVar[str] = "case.part_finished.v1"
    HANDLES: ClassVar[bool] = True
    SAYS_WHY: ClassVar[bool] = True

    def applied(self, case: Case) -> Case:
        done = self.changed(case, state="finished", ended_by=self.by, ended_at=self.at, said=self.text)
        return met(done, "report_in", "finish_part", at=self.at, part=self.part)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartExcused(_PartEvent):
    """A part is not needed any more; the officer is recorded. Its breached clocks stay breached."""

    TYPE: ClassVar[str] = "case.part_excused.v1"
    SAYS_WHY: ClassVar[bool] = True

    def applied(self, case: Case) -> Case:
        excused = self.changed(case, state="excused", ended_by=self.by, ended_at=self.at, said=self.text)
        return voided(excused, self.at, self.part)

    def tells(self, case: Case) -> list[str]:
        return [self.unit_meant(case)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartStarted(_PartEvent):
    """The turn of a planned part has come."""

    TYPE: ClassVar[str] = "case.part_started.v1"
    clocks: tuple[SlaClock, ...] = ()

    def applied(self, case: Case) -> Case:
        started = self.changed(case, state="called", called_at=self.at)
        return replace(started, clocks=(*started.clocks, *self.clocks))

    def tells(self, case: Case) -> list[str]:
        return [self.unit_meant(case)]

    def told(self, case: Case) -> str | None:
        """The work that is now to be done."""
        part = case.part(self.part)
        return None if part is None else part.work


def open_parts(case: Case) -> list[Part]:
    """Parts that are neither finished nor excused."""
    return [part for part in case.parts if part.open]


def still_open(case: Case, actor: Actor | None) -> WhyNot | None:
    """Why the case cannot end yet: it has open parts. None if it has none."""
    if not (left := open_parts(case)):
        return None
    names = ", ".join(f"{p.id} {p.unit} ({p.state})" for p in left)
    return WhyNot("parts_open", f"Every part is finished or excused first: {names}.")


def next_in_turn(case: Case, part: str | None, without: Collection[str] = ()) -> Part | None:
    """The planned part after ``part``; None if there is none, or ``part`` is not called or has ended. ``without``: ids
    of parts that are left out."""
    done = case.part(part)
    if done is None or done.turn is None or not done.at_work:
        return None
    waiting = (p for p in case.parts if p.state == "waiting" and p.turn is not None and p.turn > done.turn)
    return min((p for p in waiting if p.id not in without), key=lambda p: p.turn or 0, default=None)


def due_in_turn(case: Case, part: str | None, now: datetime, without: Collection[str] = ()) -> datetime | None:
    """The deadline of ``next_in_turn``: the planned one plus the delay of the part before it."""
    done, following = case.part(part), next_in_turn(case, part, without)
    if done is None or done.due_at is None or following is None or following.due_at is None:
        return None
    return following.due_at + max(now - done.due_at, now - now)


def _call_in(case: Case, command: CallIn, actor: Actor, now: datetime) -> Decision:
    """Units that have an open part already are not called again."""
    text = required(command.reason, "/reason", "is required: those who are called read it")
    if not command.called:
        raise invalid(FieldError("/units", "names at least one unit"))
    if case.unit in (called.unit for called in command.called):
        raise invalid(FieldError("/units", f"{case.unit} has the case itself"))
    busy = {part.unit for part in case.parts if part.at_work}
    fresh = {called.unit: called for called in command.called if called.unit not in busy}
    if len(case.parts) + len(fresh) > PARTS_MAX:
        raise invalid(FieldError("/units", f"a case has at most {PARTS_MAX} parts"))
    happened: Decision = []
    for number, called in enumerate(fresh.values(), len(case.parts) + 1):
        part = Part(
            id=f"p{number}",
            unit=called.unit,
            path=called.path,
            work=text,
            caller=actor.unit,
            called_by=actor.person,
            called_at=now,
        )
        clocks = tuple(replace(clock, part=part.id) for clock in called.clocks)
        happened.append(CalledIn(at=now, by=actor.person, by_unit=actor.unit, text=text, called=part, clocks=clocks))
    return happened


def _report_in(case: Case, command: ReportIn, actor: Actor, now: datetime) -> Decision:
    part = _meant(case, command)
    if part.state == "reported_in":
        return []
    return [ReportedIn(at=now, by=actor.person, by_unit=actor.unit, part=part.id)]


def _finish(case: Case, command: FinishPart, actor: Actor, now: datetime) -> Decision:
    """A unit that finishes without having reported in is reported in first."""
    part = _meant(case, command)
    text = required(command.text, "/text", "says what was done")
    happened: Decision = []
    if part.state == "called":
        happened.append(ReportedIn(at=now, by=actor.person, by_unit=actor.unit, part=part.id))
    happened.append(
        PartFinished(at=now, by=actor.person, by_unit=actor.unit, part=part.id, text=text, photos=command.photos)
    )
    return [*happened, *_following(case, command, now)]


def _excuse(case: Case, command: ExcusePart, actor: Actor, now: datetime) -> Decision:
    part = _meant(case, command)
    text = required(command.reason, "/reason", "is required: it stays on record")
    excused = PartExcused(at=now, by=actor.person, by_unit=actor.unit, part=part.id, text=text)
    return [excused, *_following(case, command, now)]


def _following(case: Case, command: _EndOfPart, now: datetime) -> Decision:
    following = next_in_turn(case, command.part)
    return [] if following is None else [started(following, command.turn_clocks, now)]


def started(part: Part, clocks: tuple[SlaClock, ...], now: datetime) -> PartStarted:
    """The turn of ``part`` has come, with these clocks."""
    return PartStarted(at=now, part=part.id, clocks=tuple(replace(clock, part=part.id) for clock in clocks))


def _meant(case: Case, command: PartCommand) -> Part:
    """The part that the command names. Raises ``Refusal`` 422 if there is none."""
    part = case.part(command.part)
    if part is None:
        raise invalid(FieldError("/part", f"is none of {', '.join(p.id for p in case.parts)}"))
    return part


def is_of(actor: Actor, part: Part) -> bool:
    """Whether the actor belongs to the called unit or to a unit below it."""
    return part.unit in (actor.unit, *actor.path)


def has_a_part(case: Case, actor: Actor) -> bool:
    """Whether the actor's unit has a part that is called and not ended."""
    return any(part.at_work and is_of(actor, part) for part in case.parts)


def _may_excuse(actor: Actor, case: Case, part: Part) -> bool:
    """The caller and the units above it may; if the caller is no longer on the case's path, all units of the path."""
    ids = [unit.id for unit in case.path]
    above = ids[: ids.index(part.caller) + 1] if part.caller in ids else ids
    return not actor.guest and actor.unit in (part.caller, *above)


def _not_yours(case: Case, command: PartCommand, actor: Actor) -> WhyNot | None:
    part = _meant(case, command)
    if not is_of(actor, part):
        raise may_not("not_your_part", f"The part {part.id} is {part.unit}'s.")
    if not part.at_work:
        return WhyNot("turn_not_come", "Its turn has not come yet.") if part.open else _ended(part)
    return None


def _ended(part: Part) -> WhyNot:
    return WhyNot("part_ended", f"The part {part.id} is {part.state} already.")


def _not_to_excuse(case: Case, command: ExcusePart, actor: Actor) -> WhyNot | None:
    part = _meant(case, command)
    if not _may_excuse(actor, case, part):
        says = f"The part {part.id} is excused by {part.caller}, which called it, or by a level above."
        raise may_not("caller_excuses", says)
    return None if part.open else _ended(part)


def _nothing_yours(case: Case, actor: Actor | None) -> WhyNot | None:
    at_work = [part for part in case.parts if part.at_work]
    if not at_work:
        return WhyNot("nobody_called", "Nobody is called in.")
    if actor is not None and not has_a_part(case, actor):
        return WhyNot("not_called_in", f"{actor.unit} is not called in.")
    return None


def _nothing_to_excuse(case: Case, actor: Actor | None) -> WhyNot | None:
    if not (left := open_parts(case)):
        return WhyNot("no_part_open", "No part is open.")
    if actor is not None and not any(_may_excuse(actor, case, part) for part in left):
        return WhyNot("caller_excuses", "Who called a unit in excuses it, or a level above.")
    return None


RULES = (
    Rule(command=CallIn, decide=_call_in, open_in=ACTIVE, roles=DESK),
    Rule(
        command=ReportIn,
        decide=_report_in,
        open_in=AT_WORK,
        roles=DESK_AND_FIELD - {"inspector"},
        blocked=_nothing_yours,
        refused=_not_yours,
        open_to_guests=True,
    ),
    Rule(
        command=FinishPart,
        decide=_finish,
        open_in=AT_WORK,
        roles=DESK_AND_FIELD - {"inspector"},
        blocked=_nothing_yours,
        refused=_not_yours,
        open_to_guests=True,
    ),
    Rule(
        command=ExcusePart,
        decide=_excuse,
        open_in=AT_WORK,
        roles=DESK,
        blocked=_nothing_to_excuse,
        refused=_not_to_excuse,
    ),
)
