"""Supervision of a case by a level above, and the reminder when nobody works at a case."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.router.domain.case import ACTIVE, Case, State
from services.router.domain.case_parts.work import Supervision
from services.router.domain.commands.command import DESK, Actor, Command, Decision, Rule, WhyNot, required
from services.router.domain.domain_event import DomainEvent
from services.router.domain.values import replace
from shared.kernel.vocabulary import Act


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervise(Command):
    NAME: ClassVar[str] = "supervise"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervised(DomainEvent):
    """A level above supervises the case until it ends."""

    TYPE: ClassVar[str] = "case.supervised.v1"
    SAYS_WHY: ClassVar[bool] = True
    to: str
    """The unit that is alerted."""
    supervision: Supervision

    def applied(self, case: Case) -> Case:
        return replace(case, supervision=self.supervision)

    def tells(self, case: Case) -> list[str]:
        return [self.to]

    @property
    def act_meant(self) -> Act | None:
        return "supervise"

    @property
    def attends(self) -> bool:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten(DomainEvent):
    """Nobody did anything for the time that the pack allows. ``to`` is alerted: first the owner, each further time the
    next level above."""

    TYPE: ClassVar[str] = "case.forgotten.v1"
    to: str

    def applied(self, case: Case) -> Case:
        return case if case.watch is None else replace(case, watch=replace(case.watch, told=case.watch.told + 1))

    def unit_meant(self, case: Case) -> str:
        return self.to

    def tells(self, case: Case) -> list[str]:
        return [self.to]


def forgotten(case: Case, now: datetime) -> Forgotten:
    """The event that alerts the next level."""
    told = case.watch.told if case.watch is not None else 0
    return Forgotten(at=now, to=case.path[-1 - told].id)


def _supervise(case: Case, command: Supervise, actor: Actor, now: datetime) -> Decision:
    reason = required(command.reason, "/reason", "is required")
    supervision = Supervision(now, actor.person, actor.unit, reason)
    return [Supervised(at=now, by=actor.person, by_unit=actor.unit, text=reason, to=case.unit, supervision=supervision)]


def _not_above(case: Case, actor: Actor | None) -> WhyNot | None:
    if len(case.path) < 2:
        return WhyNot("no_level_above", "There is no level above.")
    if actor is not None and all(unit.id != actor.unit for unit in case.path[:-1]):
        return WhyNot("not_above", "Who supervises is above.")
    return None


RULES = (
    Rule(
        command=Supervise,
        decide=_supervise,
        open_in=ACTIVE | {State.WAITING_REPORTER, State.RESOLVED},
        roles=DESK,
        blocked=_not_above,
    ),
)
