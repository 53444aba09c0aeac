"""Not taking a case on 不予受理: the owner asks, the level above grants or refuses, and the reporter may object once.

Whoever withdraws a report, and what was reported twice, is not rejected: such cases are resolved or merged.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.router.domain import events as e
from services.router.domain.case import ACTIVE, Case, State
from services.router.domain.case_parts.ruling import Rejection, Ruling
from services.router.domain.case_parts.work import Outcome
from services.router.domain.clock import SlaClock
from services.router.domain.clock_operations import ruled
from services.router.domain.commands.call_in import still_open
from services.router.domain.commands.command import DESK, Actor, Command, Decision, Rule, WhyNot, required
from services.router.domain.commands.rulings.requests import (
    RulingGiven,
    RulingRequested,
    asked_already,
    not_to_ask,
    not_to_rule,
    ruler_of,
)
from services.router.domain.domain_event import DomainEvent
from services.router.domain.values import replace

_S = State


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject(Command):
    """``reason``: a code of the pack's list; ``said``: why and where to go, as the reporter will read it.

    ``review_clock``: until when the level above rules.
    """

    NAME: ClassVar[str] = "reject"
    reason: str
    said: str
    review_clock: SlaClock


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveReject(Command):
    """``object_by``: until when the reporter may object."""

    NAME: ClassVar[str] = "approve_reject"
    object_by: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseReject(Command):
    NAME: ClassVar[str] = "refuse_reject"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveObjection(Command):
    """The reporter is right. ``fresh_clock``: the resolve clock that starts now."""

    NAME: ClassVar[str] = "approve_objection"
    reason: str | None = None
    fresh_clock: SlaClock | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseObjection(Command):
    """The rejection stays. ``reason``: the further one; ``said``: the first reason and this one, as the reporter reads
    them."""

    NAME: ClassVar[str] = "refuse_objection"
    reason: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectionRequested(RulingRequested):
    TYPE: ClassVar[str] = "case.rejection_requested.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectionRefused(RulingGiven):
    """The owner must handle the case."""

    TYPE: ClassVar[str] = "case.rejection_refused.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Objected(RulingRequested):
    """The reporter objects to the rejection."""

    TYPE: ClassVar[str] = "case.objected.v1"
    SAYS_WHY: ClassVar[bool] = False

    def applied(self, case: Case) -> Case:
        rejection = None if case.rejection is None else replace(case.rejection, objected=True)
        return replace(case, ruling=self.ruling, clocks=(*case.clocks, self.clock), rejection=rejection)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionRefused(DomainEvent):
    """The rejection stays, for a further reason. ``said``: all that the reporter reads."""

    TYPE: ClassVar[str] = "case.objection_refused.v1"
    said: str

    def applied(self, case: Case) -> Case:
        return replace(ruled(case, self.at), outcome=Outcome(self.at, e.REJECTED, self.said))


def objection(case: Case, rated: e.Rated, clock: SlaClock) -> list[DomainEvent]:
    """What a dissatisfied reporter's rating of a rejected case does: one level above who granted it rules, once,
    if the reporter objects in time."""
    was = case.rejection
    late = was is not None and was.object_by is not None and rated.at > was.object_by
    if was is None or was.objected or late or case.historic:
        return []
    asked = Ruling(
        what="objection",
        at=rated.at,
        reason=was.reason,
        text=rated.text or "",
        asked_by=None,
        unit=case.unit,
        to=_above_who_granted(case, was),
        barred=tuple(person for person in (was.asked_by, was.granted_by) if person is not None),
    )
    return [Objected(at=rated.at, text=rated.text, ruling=asked, clock=clock)]


def _above_who_granted(case: Case, was: Rejection) -> str:
    """One level above who granted the rejection, at the top that unit itself. Where the case is about that level, and
    of a confidential case, which nobody above may read, the owner."""
    ids = [unit.id for unit in case.path]
    granted = ids.index(was.unit) if was.unit in ids else len(ids) - 1
    above = ids[max(0, granted - 1)]
    return case.unit if case.confidential or above in case.recused else above


def _reject(case: Case, command: Reject, actor: Actor, now: datetime) -> Decision:
    said = required(command.said, "/reason", "is required: the reporter reads it")
    asked = Ruling(
        what="rejection",
        at=now,
        reason=command.reason,
        text=said,
        asked_by=actor.person,
        unit=case.unit,
        to=ruler_of(case),
    )
    by, unit = actor.person, actor.unit
    return [RejectionRequested(at=now, by=by, by_unit=unit, text=said, ruling=asked, clock=command.review_clock)]


def _approve_reject(case: Case, command: ApproveReject, actor: Actor, now: datetime) -> Decision:
    asked = _asked(case)
    rejection = Rejection(asked.reason, asked.asked_by, actor.person, actor.unit, object_by=command.object_by)
    by, unit = actor.person, actor.unit
    return [e.Rejected(at=now, by=by, by_unit=unit, text=asked.text, rejection=rejection, asker=asked.unit)]


def _refuse_reject(case: Case, command: RefuseReject, actor: Actor, now: datetime) -> Decision:
    asked = _asked(case)
    reason = required(command.reason, "/reason", "is required: the unit that must handle it reads it")
    by, unit = actor.person, actor.unit
    return [RejectionRefused(at=now, by=by, by_unit=unit, text=reason, asked_by=asked.asked_by, asker=asked.unit)]


def _approve_objection(case: Case, command: ApproveObjection, actor: Actor, now: datetime) -> Decision:
    by, unit = actor.person, actor.unit
    return [e.Reopened(at=now, by=by, by_unit=unit, text=command.reason, clock=command.fresh_clock)]


def _refuse_objection(case: Case, command: RefuseObjection, actor: Actor, now: datetime) -> Decision:
    reason = required(command.reason, "/reason", "is required: the reporter reads it")
    return [ObjectionRefused(at=now, by=actor.person, by_unit=actor.unit, text=reason, said=command.said)]


def _asked(case: Case) -> Ruling:
    assert case.ruling is not None  # noqa: S101 - ``not_to_rule``
    return case.ruling


def _cannot_reject(case: Case, actor: Actor | None) -> WhyNot | None:
    if (why := not_to_ask(case, actor) or still_open(case, actor)) is not None:
        return why
    if asked_already(case, "rejection"):
        return WhyNot("rejection_refused", "The unit asked to reject it before: it must be handled.")
    return None


_nothing_to_grant = not_to_rule("rejection")
_nobody_objects = not_to_rule("objection")


def _cannot_grant(case: Case, actor: Actor | None) -> WhyNot | None:
    return _nothing_to_grant(case, actor) or still_open(case, actor)


RULES = (
    Rule(
        command=Reject,
        decide=_reject,
        open_in=frozenset({_S.QUEUED, _S.ACKNOWLEDGED, _S.CLAIMED, _S.REOPENED}),
        roles=DESK,
        blocked=_cannot_reject,
    ),
    Rule(command=ApproveReject, decide=_approve_reject, open_in=ACTIVE, roles=DESK, blocked=_cannot_grant),
    Rule(command=RefuseReject, decide=_refuse_reject, open_in=ACTIVE, roles=DESK, blocked=_nothing_to_grant),
    Rule(
        command=ApproveObjection,
        decide=_approve_objection,
        open_in=frozenset({_S.REJECTED}),
        roles=DESK,
        blocked=_nobody_objects,
        other_states=WhyNot("nothing_asked", "Nobody objects to a rejection ({state})."),
    ),
    Rule(
        command=RefuseObjection,
        decide=_refuse_objection,
        open_in=frozenset({_S.REJECTED}),
        roles=DESK,
        blocked=_nobody_objects,
        other_states=WhyNot("nothing_asked", "Nobody objects to a rejection ({state})."),
    ),
)
