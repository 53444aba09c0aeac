"""How a case ends where a level above grants it: unfounded 查无此事, or kept on the books 挂账 until a day.

The owner asks with ``resolve`` (``field_work``); here the level above grants or refuses.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.router.domain import events as e
from services.router.domain.case import ACTIVE, Case
from services.router.domain.clock import LookAgain
from services.router.domain.commands.call_in import still_open
from services.router.domain.commands.command import DESK, Actor, Command, Decision, Rule, WhyNot, required
from services.router.domain.commands.rulings.requests import RulingGiven, RulingRequested, not_to_rule


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveOutcome(Command):
    NAME: ClassVar[str] = "approve_outcome"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseOutcome(Command):
    NAME: ClassVar[str] = "refuse_outcome"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRequested(RulingRequested):
    TYPE: ClassVar[str] = "case.outcome_requested.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRefused(RulingGiven):
    """The owner works on."""

    TYPE: ClassVar[str] = "case.outcome_refused.v1"


def _approve_outcome(case: Case, command: ApproveOutcome, actor: Actor, now: datetime) -> Decision:
    asked = case.ruling
    assert asked is not None  # noqa: S101 - ``not_to_rule``
    kept = asked.reason == "long_term"
    return [
        e.Resolved(
            at=now,
            by=actor.person,
            by_unit=actor.unit,
            how=asked.reason,
            text=asked.text,
            photos=asked.photos,
            follow_up=asked.follow_up if kept or (asked.follow_up is not None and asked.follow_up > now) else None,
            resolver=asked.asked_by,
            look_again=LookAgain(asked.climbs_after) if kept and asked.climbs_after is not None else None,
        )
    ]


def _refuse_outcome(case: Case, command: RefuseOutcome, actor: Actor, now: datetime) -> Decision:
    asked = case.ruling
    assert asked is not None  # noqa: S101 - ``not_to_rule``
    reason = required(command.reason, "/reason", "is required: the unit that works on reads it")
    by, unit = actor.person, actor.unit
    return [OutcomeRefused(at=now, by=by, by_unit=unit, text=reason, asked_by=asked.asked_by, asker=asked.unit)]


_nothing_to_grant = not_to_rule("outcome")


def _cannot_grant(case: Case, actor: Actor | None) -> WhyNot | None:
    return _nothing_to_grant(case, actor) or still_open(case, actor)


RULES = (
    Rule(command=ApproveOutcome, decide=_approve_outcome, open_in=ACTIVE, roles=DESK, blocked=_cannot_grant),
    Rule(command=RefuseOutcome, decide=_refuse_outcome, open_in=ACTIVE, roles=DESK, blocked=_nothing_to_grant),
)
