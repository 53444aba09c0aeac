"""Returning a case 退单: the owner says that it is not its own; the level above reviews that 退单审核.

A unit may ask once, within its signing time. Granted, the case goes to another unit at once (二次派单), with the clocks
that it has. Refused, the owner must handle it; only a consultation is left. Passed on ``PASSES_MAX`` times, the command
centre, which is the root unit, rules, and nobody passes it on after that ruling.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.router.domain.case import ACTIVE, Case, State
from services.router.domain.case_parts.owner_path import UnitOnPath
from services.router.domain.case_parts.ruling import Ruling
from services.router.domain.clock import SlaClock
from services.router.domain.clock_operations import ruled
from services.router.domain.clock_renewal import Promise
from services.router.domain.commands.command import DESK, Actor, Command, Decision, Rule, WhyNot, required
from services.router.domain.commands.rulings.requests import (
    PENDING,
    RulingGiven,
    RulingRequested,
    asked_already,
    not_to_ask,
    not_to_rule,
    ruler_of,
)
from services.router.domain.domain_event import unclaimed
from services.router.domain.values import replace
from shared.kernel.errors import FieldError, invalid

PASSES_MAX = 3
"""After so many passes from unit to unit the command centre rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Return(Command):
    """``reason``: a code of the pack's list; ``said``: it and the ``basis`` in words; ``suggest``: who should have it.

    ``review_clock``: until when the level above reviews it; ``in_time``: whether the signing time is not over.
    """

    NAME: ClassVar[str] = "return"
    reason: str
    basis: str
    said: str
    suggest: str | None = None
    review_clock: SlaClock
    in_time: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveReturn(Command):
    """``to``: who gets the case, with its ``path`` and ``promise``; None: nobody was suggested or named."""

    NAME: ClassVar[str] = "approve_return"
    to: str | None
    path: tuple[UnitOnPath, ...]
    promise: Promise | None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseReturn(Command):
    NAME: ClassVar[str] = "refuse_return"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRequested(RulingRequested):
    TYPE: ClassVar[str] = "case.return_requested.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned(RulingGiven):
    """The return is granted: the unit at the end of ``path`` owns the case, and has to sign for it."""

    TYPE: ClassVar[str] = "case.returned.v1"
    path: tuple[UnitOnPath, ...]
    promise: Promise | None = None

    def applied(self, case: Case) -> Case:
        sent = replace(
            unclaimed(ruled(case, self.at)),
            path=self.path,
            state=State.QUEUED,
            refusals=0,
            place_question=None,
            bound=None,
            passes=case.passes + 1,
        )
        return sent if self.promise is None else self.promise.instead(sent, self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRefused(RulingGiven):
    """The owner must handle the case."""

    TYPE: ClassVar[str] = "case.return_refused.v1"

    def applied(self, case: Case) -> Case:
        return replace(ruled(case, self.at), bound=case.unit)


def _return(case: Case, command: Return, actor: Actor, now: datetime) -> Decision:
    required(command.basis, "/basis", "is required: what it is based on")
    if command.suggest == case.unit:
        raise invalid(FieldError("/suggest", "has it already"))
    root = case.path[0].id
    centre = case.passes >= PASSES_MAX and not case.confidential and root not in case.recused
    asked = Ruling(
        what="return",
        at=now,
        reason=command.reason,
        text=command.said,
        asked_by=actor.person,
        unit=case.unit,
        to=root if centre else ruler_of(case),
        suggests=command.suggest,
    )
    return [
        ReturnRequested(
            at=now, by=actor.person, by_unit=actor.unit, text=command.said, ruling=asked, clock=command.review_clock
        )
    ]


def _approve_return(case: Case, command: ApproveReturn, actor: Actor, now: datetime) -> Decision:
    asked = case.ruling
    assert asked is not None  # noqa: S101 - ``not_to_rule``
    if command.to is None:
        raise invalid(FieldError("/to", "names the unit that gets the case: none was suggested"))
    if command.to == case.unit:
        raise invalid(FieldError("/to", "has it already: refuse the return instead"))
    return [
        Returned(
            at=now,
            by=actor.person,
            by_unit=actor.unit,
            text=command.reason,
            asked_by=asked.asked_by,
            asker=asked.unit,
            path=command.path,
            promise=command.promise,
        )
    ]


def _refuse_return(case: Case, command: RefuseReturn, actor: Actor, now: datetime) -> Decision:
    asked = case.ruling
    assert asked is not None  # noqa: S101 - ``not_to_rule``
    reason = required(command.reason, "/reason", "is required: the unit that must handle it reads it")
    return [
        ReturnRefused(
            at=now,
            by=actor.person,
            by_unit=actor.unit,
            text=reason,
            asked_by=asked.asked_by,
            asker=asked.unit,
        )
    ]


def kept_by_owner(case: Case, actor: Actor | None) -> WhyNot | None:
    """Why the actor cannot pass the case on to another unit: a request waits, or a ruling holds."""
    if case.ruling is not None:
        return PENDING
    if actor is not None and case.bound == case.unit and actor.unit not in [unit.id for unit in case.path[:-1]]:
        return WhyNot("must_handle", "Its return was refused: it must be handled; a consultation is left.")
    if case.passes >= PASSES_MAX and actor is not None and actor.unit != case.path[0].id:
        return WhyNot("command_centre_rules", f"It was passed on {case.passes} times: {case.path[0].id} rules.")
    return None


def _cannot_return(case: Case, actor: Actor | None) -> WhyNot | None:
    if (why := not_to_ask(case, actor)) is not None:
        return why
    if case.offered_to is not None:
        return WhyNot("offered_already", f"It is offered to {case.offered_to} already.")
    if case.passes > PASSES_MAX or case.bound == case.unit:
        return WhyNot("must_handle", "The command centre or the level above has ruled: it must be handled.")
    if asked_already(case, "return"):
        return WhyNot("returned_already", "The unit asked to return it before: once a unit.")
    return None


def _too_late(case: Case, command: Return, actor: Actor) -> WhyNot | None:
    return None if command.in_time else WhyNot("too_late_to_return", "The signing time is over: it must be handled.")


_nothing_to_review = not_to_rule("return")

RULES = (
    Rule(
        command=Return,
        decide=_return,
        open_in=ACTIVE,
        roles=DESK,
        blocked=_cannot_return,
        refused=_too_late,
    ),
    Rule(command=ApproveReturn, decide=_approve_return, open_in=ACTIVE, roles=DESK, blocked=_nothing_to_review),
    Rule(command=RefuseReturn, decide=_refuse_return, open_in=ACTIVE, roles=DESK, blocked=_nothing_to_review),
)
