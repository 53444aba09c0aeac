"""Not ours: a matter for somebody else, such as a petition or a lawsuit. The case ends, and its reporter reads where to
go."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.router.domain.case import ACTIVE, Case, State
from services.router.domain.case_parts.marks import NotOurs
from services.router.domain.case_parts.work import Outcome
from services.router.domain.commands.call_in import still_open
from services.router.domain.commands.command import DESK, UNDECIDED, Actor, Command, Decision, Rule, WhyNot
from services.router.domain.commands.rulings.requests import PENDING, asked_already
from services.router.domain.domain_event import DomainEvent
from services.router.domain.values import replace

ELSEWHERE = "elsewhere"
"""How such a case ends, beside the ways of a resolution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect(Command):
    """``not_ours``: who deals with it, by the pack."""

    NAME: ClassVar[str] = "redirect"
    not_ours: NotOurs


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirected(DomainEvent):
    TYPE: ClassVar[str] = "case.redirected.v1"
    HANDLES: ClassVar[bool] = True
    not_ours: NotOurs

    def applied(self, case: Case) -> Case:
        return replace(
            case,
            state=State.CLOSED,
            resolved_by=self.by,
            resolved_how=ELSEWHERE,
            outcome=Outcome(self.at, ELSEWHERE, f"{self.not_ours.name}：{self.not_ours.text}"),
            follow_up=None,
            look_again=None,
        )


def _redirect(case: Case, command: Redirect, actor: Actor, now: datetime) -> Decision:
    return [
        Redirected(at=now, by=actor.person, by_unit=actor.unit, not_ours=command.not_ours, text=command.not_ours.name)
    ]


def _stays(case: Case, actor: Actor | None) -> WhyNot | None:
    if case.priority == "danger":
        return WhyNot("danger_stays", "A danger is never turned away.")
    if case.ruling is not None:
        return PENDING
    if case.suspected:
        return UNDECIDED
    if case.bound == case.unit or asked_already(case, "rejection"):
        return WhyNot("must_handle", "The level above has ruled that it is to be handled here.")
    return still_open(case, actor)


RULES = (Rule(command=Redirect, decide=_redirect, open_in=ACTIVE, roles=DESK, blocked=_stays),)
