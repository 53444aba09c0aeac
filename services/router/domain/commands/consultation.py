"""Consultation 会商: several units answer a question and conclude; a works plan 整改方案 says who does what."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from services.router.domain.case import ACTIVE, PARTS_MAX, Case
from services.router.domain.case_parts.owner_path import UnitOnPath
from services.router.domain.case_parts.work import Consultation, Part
from services.router.domain.clock import SlaClock
from services.router.domain.clock_operations import live
from services.router.domain.commands.call_in import PartStarted, open_parts
from services.router.domain.commands.clock_approvals import rulers
from services.router.domain.commands.command import (
    DESK,
    Actor,
    Calendars,
    Command,
    Decision,
    Rule,
    WhyNot,
    calendar_of,
    required,
)
from services.router.domain.commands.extension import EXTENSIONS_MAX, put_off
from services.router.domain.domain_event import DomainEvent
from services.router.domain.values import replace
from shared.kernel.errors import FieldError, invalid

PARTIES_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Consult(Command):
    """``parties``: the units that are asked."""

    NAME: ClassVar[str] = "consult"
    parties: tuple[str, ...]
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclude(Command):
    NAME: ClassVar[str] = "conclude"
    text: str
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One part of a plan: which unit does what by when. ``path``: from the root down to the unit."""

    unit: str
    path: tuple[UnitOnPath, ...]
    work: str
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Command):
    """``works`` in the order in which they are done; ``turn_clocks``: the clocks of the first."""

    NAME: ClassVar[str] = "plan"
    works: tuple[Work, ...]
    turn_clocks: tuple[SlaClock, ...] = ()
    text: str | None = None
    calendars: Calendars = field(default_factory=dict)
    """Of the case's clocks, in case the plan puts the resolve clock off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consulted(DomainEvent):
    TYPE: ClassVar[str] = "case.consulted.v1"
    SAYS_WHY: ClassVar[bool] = True
    consultation: Consultation

    def applied(self, case: Case) -> Case:
        return replace(case, consultation=self.consultation)

    def unit_meant(self, case: Case) -> str:
        return self.consultation.unit

    def tells(self, case: Case) -> list[str]:
        return list(self.consultation.parties)


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluded(DomainEvent):
    TYPE: ClassVar[str] = "case.concluded.v1"
    SAYS_WHY: ClassVar[bool] = True

    def applied(self, case: Case) -> Case:
        if case.consultation is None:
            return case
        concluded = replace(case.consultation, conclusion=self.text, concluded_by=self.by, concluded_at=self.at)
        return replace(case, consultation=concluded)

    def tells(self, case: Case) -> list[str]:
        return [] if case.consultation is None else list(dict.fromkeys((case.unit, *case.consultation.parties)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned(DomainEvent):
    """A plan was made: its parts are done one after the other."""

    TYPE: ClassVar[str] = "case.planned.v1"
    SAYS_WHY: ClassVar[bool] = True
    parts: tuple[Part, ...]

    def applied(self, case: Case) -> Case:
        return replace(case, parts=(*case.parts, *self.parts))

    def tells(self, case: Case) -> list[str]:
        """The owner and all units of the plan but the first, which is called by an event of its own."""
        return list(dict.fromkeys((case.unit, *(part.unit for part in self.parts[1:]))))


def _consult(case: Case, command: Consult, actor: Actor, now: datetime) -> Decision:
    question = required(command.question, "/question", "is required")
    parties = tuple(dict.fromkeys(command.parties))
    if not 1 <= len(parties) <= PARTIES_MAX:
        raise invalid(FieldError("/parties", f"names 1 to {PARTIES_MAX} units"))
    consultation = Consultation(unit=actor.unit, parties=parties, question=question, by=actor.person, at=now)
    return [Consulted(at=now, by=actor.person, by_unit=actor.unit, text=question, consultation=consultation)]


def _conclude(case: Case, command: Conclude, actor: Actor, now: datetime) -> Decision:
    text = required(command.text, "/text", "says what was concluded")
    return [Concluded(at=now, by=actor.person, by_unit=actor.unit, text=text, photos=command.photos)]


def _plan(case: Case, command: Plan, actor: Actor, now: datetime) -> Decision:
    """The parts in their order; the first is called at once."""
    if not command.works:
        raise invalid(FieldError("/parts", "names at least one body with its work"))
    if len(case.parts) + len(command.works) > PARTS_MAX:
        raise invalid(FieldError("/parts", f"a case has at most {PARTS_MAX} parts"))
    before = now
    for number, work in enumerate(command.works):
        if work.due < before or work.due == now:
            raise invalid(FieldError(f"/parts/{number}/due", "lies before that of the part before it, or is past"))
        before = work.due
    first = len(case.parts) + 1
    parts = tuple(
        Part(
            id=f"p{first + number}",
            unit=work.unit,
            path=work.path,
            work=work.work,
            caller=actor.unit,
            called_by=actor.person,
            called_at=now,
            state="waiting",
            turn=number,
            due_at=work.due,
        )
        for number, work in enumerate(command.works)
    )
    clocks = tuple(replace(clock, part=parts[0].id) for clock in command.turn_clocks)
    return [
        Planned(at=now, by=actor.person, by_unit=actor.unit, text=command.text, parts=parts),
        PartStarted(at=now, by=actor.person, by_unit=actor.unit, part=parts[0].id, clocks=clocks),
        *_put_off(case, command, actor, now),
    ]


def _put_off(case: Case, command: Plan, actor: Actor, now: datetime) -> Decision:
    """A plan that is made above the owner and ends after the resolve deadline moves that deadline to its end.

    Who makes it could grant the extension as well, so nobody has to ask for it.
    """
    clock, ends = live(case, "resolve"), command.works[-1].due
    if clock is None or clock.state != "running" or not now < clock.due_at < ends:
        return []
    if actor.unit not in rulers(case, None) or len(clock.extensions) >= EXTENSIONS_MAX:
        return []
    reason = command.text or command.works[-1].work
    return [put_off(clock, ends, reason, actor, now, calendar_of(clock, command.calendars))]


def _not_here(actor: Actor | None) -> WhyNot | None:
    if actor is None or actor.consults:
        return None
    return WhyNot("consulted_above", f"Consultations are held above {actor.unit}: bring the case there (escalate).")


def _consult_blocked(case: Case, actor: Actor | None) -> WhyNot | None:
    held = case.consultation
    if held is not None and held.conclusion is None and not any(part.turn is not None for part in case.parts):
        return WhyNot("consults_already", f"{held.unit} consults already: conclude that first.")
    return _not_here(actor)


def _conclude_blocked(case: Case, actor: Actor | None) -> WhyNot | None:
    if case.consultation is None:
        return WhyNot("nobody_consults", "Nobody consults.")
    if case.consultation.conclusion is not None:
        return WhyNot("concluded", "It is concluded.")
    return _not_here(actor)


def _plan_blocked(case: Case, actor: Actor | None) -> WhyNot | None:
    if case.consultation is None:
        return WhyNot("consult_first", "A plan is what a consultation agrees on: consult first.")
    if left := [part for part in open_parts(case) if part.turn is not None]:
        names = ", ".join(f"{p.id} {p.unit} ({p.state})" for p in left)
        return WhyNot("plan_open", f"A plan is being worked off: {names}.")
    return _not_here(actor)


RULES = (
    Rule(command=Consult, decide=_consult, open_in=ACTIVE, roles=DESK, blocked=_consult_blocked),
    Rule(command=Conclude, decide=_conclude, open_in=ACTIVE, roles=DESK, blocked=_conclude_blocked),
    Rule(command=Plan, decide=_plan, open_in=ACTIVE, roles=DESK, blocked=_plan_blocked),
)
