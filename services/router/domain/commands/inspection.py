"""Inspection, closing and reopening of a case, and what a reporter's rating does."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.router.domain import events as e
from services.router.domain.case import Case, State
from services.router.domain.case_parts.call_back import CallPlan
from services.router.domain.clock import SlaClock
from services.router.domain.commands.command import (
    DECIDING,
    DESK_AND_FIELD,
    Actor,
    Command,
    Decision,
    Rule,
    WhyNot,
    required,
)
from services.router.domain.commands.rulings.rejection import objection
from services.router.domain.domain_event import DomainEvent

_S = State
_UNRESOLVED = WhyNot("not_resolved", "It is not resolved yet ({state}).")
DISSATISFIED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspect(Command):
    """``fresh_clock``: the resolve clock that starts when it is not ``ok`` and the case is opened again. A patrol find
    that was drawn is closed when it is ``ok``: nobody waits for it."""

    NAME: ClassVar[str] = "inspect"
    ok: bool
    text: str | None = None
    photos: tuple[str, ...] = ()
    fresh_clock: SlaClock | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Close(Command):
    """``follow_up``: when the desk is reminded to check the effect, where the category asks for that. ``call_plan``:
    when the reporter is called (回访), where the pack has that."""

    NAME: ClassVar[str] = "close"
    text: str | None = None
    follow_up: datetime | None = None
    call_plan: CallPlan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen(Command):
    """``fresh_clock``: the resolve clock that starts now."""

    NAME: ClassVar[str] = "reopen"
    reason: str
    fresh_clock: SlaClock | None = None


def judged(
    case: Case, rated: e.Rated, clock: SlaClock | None, review_clock: SlaClock | None = None
) -> list[DomainEvent]:
    """The events of a reporter's rating; the lowest one reopens the case one level up, with a new resolve clock.

    Of a rejected case it is an objection, on which a higher level rules by ``review_clock``. A confidential case stays
    with its handlers: nobody above them may read it; nor does it go to who is recused.
    """
    if rated.score == DISSATISFIED and review_clock is not None:
        return [rated, *objection(case, rated, review_clock)]
    if rated.score != DISSATISFIED or case.state not in (State.RESOLVED, State.CLOSED) or case.historic:
        return [rated]
    was = case.unit if case.one_up != case.path else None
    return [rated, e.Reopened(at=rated.at, text=rated.text, clock=clock, path=case.one_up, was_unit=was)]


def _inspect(case: Case, command: Inspect, actor: Actor, now: datetime) -> Decision:
    looked = e.Inspected(
        at=now, by=actor.person, by_unit=actor.unit, ok=command.ok, text=command.text, photos=command.photos
    )
    by, unit = actor.person, actor.unit
    if command.ok:
        return [looked, e.Closed(at=now, by=by, by_unit=unit)] if case.sampled else [looked]
    return [looked, e.Reopened(at=now, by=by, by_unit=unit, clock=command.fresh_clock, why=command.text)]


def _close(case: Case, command: Close, actor: Actor, now: datetime) -> Decision:
    by, unit, plan = actor.person, actor.unit, command.call_plan
    return [e.Closed(at=now, by=by, by_unit=unit, text=command.text, follow_up=command.follow_up, call_plan=plan)]


def _reopen(case: Case, command: Reopen, actor: Actor, now: datetime) -> Decision:
    reason = required(command.reason, "/reason", "is required")
    return [e.Reopened(at=now, by=actor.person, by_unit=actor.unit, text=reason, clock=command.fresh_clock)]


def _not_to_inspect(case: Case, actor: Actor | None) -> WhyNot | None:
    if case.inspected_by is not None:
        return WhyNot("inspected_already", "It passed inspection already.")
    granted_by = case.outcome.granted_by if case.outcome is not None else None
    if actor is not None and actor.person in (case.resolved_by, granted_by):
        return WhyNot("own_work", "Who inspects neither resolved it nor granted how it ended.")
    if actor is not None and case.inspected_above and not _may_judge_the_owner(case, actor):
        says = "What was handled on patrol, or may be about who handled it, is inspected one level above."
        return WhyNot("inspected_above", says)
    return None


def _may_judge_the_owner(case: Case, actor: Actor) -> bool:
    """Not a colleague of who handled it, who may owe him a favour; at the top anybody else. Finds also an inspector."""
    above = {unit.id for unit in case.path[:-1]}
    inspects = actor.role == "inspector" and "about_us" not in case.suspected
    return inspects or actor.unit in above or not above


def _not_inspected(case: Case, actor: Actor | None) -> WhyNot | None:
    return WhyNot("not_inspected", "Another person inspects first.") if case.inspected_by is None else None


RULES = (
    Rule(
        command=Inspect,
        decide=_inspect,
        open_in=frozenset({_S.RESOLVED}),
        roles=DESK_AND_FIELD - {"parttime_grid_member"},
        blocked=_not_to_inspect,
        other_states=_UNRESOLVED,
    ),
    Rule(
        command=Close,
        decide=_close,
        open_in=frozenset({_S.RESOLVED}),
        roles=DECIDING,
        blocked=_not_inspected,
        other_states=_UNRESOLVED,
    ),
    Rule(
        command=Reopen,
        decide=_reopen,
        open_in=frozenset({_S.RESOLVED, _S.CLOSED}),
        roles=DECIDING,
        other_states=_UNRESOLVED,
    ),
)
