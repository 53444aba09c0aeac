"""Offering a case to another unit: the owner keeps it until the other unit accepts."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.router.domain import events as e
from services.router.domain.case import ACTIVE, Case
from services.router.domain.case_parts.owner_path import UnitOnPath
from services.router.domain.case_parts.remark import Remark
from services.router.domain.clock_events import Escalated
from services.router.domain.clock_renewal import Promise
from services.router.domain.commands.command import DESK, Actor, Command, Decision, Rule, WhyNot, required
from services.router.domain.commands.rulings.returns import PASSES_MAX, kept_by_owner
from shared.kernel.errors import FieldError, invalid

REFUSALS = 2
"""After this many refusals a unit above the owner moves the case with ``transfer``, without an offer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(Command):
    """Offers the case to the unit ``to``. ``path``: from the root to that unit; ``promise``: its clocks."""

    NAME: ClassVar[str] = "transfer"
    to: str
    path: tuple[UnitOnPath, ...]
    promise: Promise | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept(Command):
    """Accepts the offered case. ``path``: from the root to the accepting unit; ``promise``: its clocks."""

    NAME: ClassVar[str] = "accept"
    path: tuple[UnitOnPath, ...]
    promise: Promise | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse(Command):
    NAME: ClassVar[str] = "refuse"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalate(Command):
    """Alerts the level above; the case does not move."""

    NAME: ClassVar[str] = "escalate"
    reason: str


def _transfer(case: Case, command: Transfer, actor: Actor, now: datetime) -> Decision:
    reason = required(command.reason, "/reason", "is required")
    if command.to == case.unit:
        raise invalid(FieldError("/to", "has it already"))
    above = {unit.id for unit in case.path[:-1]}
    settles = case.refusals >= REFUSALS and actor.unit in above
    if settles or case.passes >= PASSES_MAX:  # then only the command centre comes so far
        return [_moved(command.path, command.promise, actor, now, reason)]
    return [e.Offered(at=now, by=actor.person, by_unit=actor.unit, to=command.to, text=reason)]


def _accept(case: Case, command: Accept, actor: Actor, now: datetime) -> Decision:
    return [_moved(command.path, command.promise, actor, now)]


def _moved(
    path: tuple[UnitOnPath, ...], promise: Promise | None, actor: Actor, now: datetime, text: str | None = None
) -> e.Moved:
    return e.Moved(at=now, by=actor.person, by_unit=actor.unit, path=path, promise=promise, text=text)


def _refuse(case: Case, command: Refuse, actor: Actor, now: datetime) -> Decision:
    reason = required(command.reason, "/reason", "is required")
    refused: Decision = [e.Refused(at=now, by=actor.person, by_unit=actor.unit, text=reason)]
    if case.refusals + 1 >= REFUSALS:
        refused.append(
            Escalated(at=now, act="tell", to=_above(case), remark=Remark("refused_twice")),
        )
    return refused


def _escalate(case: Case, command: Escalate, actor: Actor, now: datetime) -> Decision:
    reason = required(command.reason, "/reason", "is required")
    return [Escalated(at=now, by=actor.person, by_unit=actor.unit, act="tell", to=_above(case), text=reason)]


def _above(case: Case) -> str:
    """The unit above the owner; at the top, or where the case is about that unit, the owner itself."""
    above = case.path[-2].id if len(case.path) > 1 else case.unit
    return case.unit if above in case.recused else above


def _not_offered_to(case: Case, actor: Actor | None) -> WhyNot | None:
    if case.offered_to is None:
        return WhyNot("nothing_offered", "Nothing is offered.")
    if actor is not None and actor.unit != case.offered_to:
        return WhyNot("offered_elsewhere", f"It is offered to {case.offered_to}.")
    return None


def _offered_already(case: Case, actor: Actor | None) -> WhyNot | None:
    offered = case.offered_to
    return None if offered is None else WhyNot("offered_already", f"It is offered to {offered} already.")


def _cannot_transfer(case: Case, actor: Actor | None) -> WhyNot | None:
    return _offered_already(case, actor) or kept_by_owner(case, actor)


RULES = (
    Rule(command=Transfer, decide=_transfer, open_in=ACTIVE, roles=DESK, blocked=_cannot_transfer),
    Rule(command=Accept, decide=_accept, open_in=ACTIVE, roles=DESK, blocked=_not_offered_to, open_to_guests=True),
    Rule(command=Refuse, decide=_refuse, open_in=ACTIVE, roles=DESK, blocked=_not_offered_to, open_to_guests=True),
    Rule(command=Escalate, decide=_escalate, open_in=ACTIVE, roles=DESK),
)
