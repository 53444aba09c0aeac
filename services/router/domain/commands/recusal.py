"""Recusal (回避): a case about a unit goes to the level above, and the unit and everything below it see it no more."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.router.domain.case import OPEN, Case, State
from services.router.domain.case_parts.owner_path import UnitOnPath
from services.router.domain.clock import SlaClock
from services.router.domain.clock_operations import voided
from services.router.domain.commands.call_in import next_in_turn, started
from services.router.domain.commands.command import DESK, Actor, Command, Decision, Rule, WhyNot, required
from services.router.domain.domain_event import DomainEvent, unclaimed
from services.router.domain.values import replace
from shared.kernel.vocabulary import Suspicion


@dataclass(frozen=True, slots=True, kw_only=True)
class Recuse(Command):
    """The case is about ``about`` (a unit). ``path``: from the root to the unit that has it from now on; empty where
    there is none that it is not about. ``turn_clocks``: of the part of a works plan whose turn comes because of it."""

    NAME: ClassVar[str] = "recuse"
    about: str
    path: tuple[UnitOnPath, ...]
    reason: str
    turn_clocks: tuple[SlaClock, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftRecusal(Command):
    """The case is about no unit, though words or a tick said so: it may be handed to any again. It stays where it
    is."""

    NAME: ClassVar[str] = "lift_recusal"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recused(DomainEvent):
    """``path``: to the unit that has it from now on, which is alerted. Clocks run on."""

    TYPE: ClassVar[str] = "case.recused.v1"
    SAYS_WHY: ClassVar[bool] = True
    about: str
    path: tuple[UnitOnPath, ...]

    def applied(self, case: Case) -> Case:
        recused = tuple(dict.fromkeys((*case.recused, self.about)))
        ended = parts_of(case, self.about)
        parts = tuple(
            replace(part, state="excused", ended_by=self.by, ended_at=self.at) if part.id in ended else part
            for part in case.parts
        )
        after = replace(
            unclaimed(case),
            recused=recused,
            suspected=_others(case),
            path=self.path,
            parts=parts,
            within=None,
            offered_to=None,
            traits=None,
            supervision=None,
            state=State.ACKNOWLEDGED if case.state is State.CLAIMED else case.state,
        )
        for part in ended:
            after = voided(after, self.at, part)
        return after

    def tells(self, case: Case) -> list[str]:
        return [case.unit]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecusalLifted(DomainEvent):
    """``path``: of a case that was merged into the one from which it is lifted, back to the unit that had it; empty:
    it stays where it is."""

    TYPE: ClassVar[str] = "case.recusal_lifted.v1"
    path: tuple[UnitOnPath, ...] = ()

    def applied(self, case: Case) -> Case:
        return replace(case, recused=(), suspected=_others(case), path=self.path or case.path)


def parts_of(case: Case, about: str) -> frozenset[str]:
    """Ids of the open parts of ``about`` and of units below it: they end when it is recused."""
    return frozenset(part.id for part in case.parts if part.open and about in [unit.id for unit in part.path])


def turn_of(case: Case, about: str) -> str | None:
    """The part of a works plan whose turn it is and that ends when ``about`` is recused; None: the plan goes on."""
    gone = parts_of(case, about)
    return next((part.id for part in case.parts if part.id in gone and part.turn is not None and part.at_work), None)


def _others(case: Case) -> tuple[Suspicion, ...]:
    """What is suspected beside that it is about those who handle it."""
    return tuple(one for one in case.suspected if one != "about_us")


def _recuse(case: Case, command: Recuse, actor: Actor, now: datetime) -> Decision:
    reason = required(command.reason, "/reason", "is required: it is an act on the record")
    recused = Recused(at=now, by=actor.person, by_unit=actor.unit, about=command.about, path=command.path, text=reason)
    following = next_in_turn(case, turn_of(case, command.about), parts_of(case, command.about))
    return [recused, *([started(following, command.turn_clocks, now)] if following is not None else [])]


def _lift(case: Case, command: LiftRecusal, actor: Actor, now: datetime) -> Decision:
    reason = required(command.reason, "/reason", "is required: it is an act on the record")
    return [RecusalLifted(at=now, by=actor.person, by_unit=actor.unit, text=reason)]


def _not_to_recuse(case: Case, command: Recuse, actor: Actor) -> WhyNot | None:
    if command.about in case.recused:
        return WhyNot("recused_already", f"{command.about} is recused already.")
    if not command.path:
        return WhyNot("no_level_above", "No unit is left that it is not about: the pack names no about_root.")
    return None


def _of_a_confidential(case: Case, actor: Actor | None) -> WhyNot | None:
    if case.confidential:
        return WhyNot("confidential", "A confidential report is its handlers' alone already.")
    return None


def _nothing_to_lift(case: Case, actor: Actor | None) -> WhyNot | None:
    if not case.recused and "about_us" not in case.suspected:
        return WhyNot("not_recused", "No unit is recused from it.")
    ids = [unit.id for unit in case.path]
    if actor is not None and actor.unit not in (ids if case.recused else ids[:-1] or ids):
        return WhyNot("not_above_recused", "A level above decides whether it is about the owner.")
    return None


RULES = (
    Rule(
        command=Recuse,
        decide=_recuse,
        open_in=OPEN,
        roles=DESK,
        blocked=_of_a_confidential,
        refused=_not_to_recuse,
    ),
    Rule(command=LiftRecusal, decide=_lift, open_in=OPEN, roles=DESK, blocked=_nothing_to_lift),
)
