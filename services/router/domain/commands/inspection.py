"""Inspection, closing, reopening and rejection of a case, and what a reporter's rating does."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.router.domain import events as e
from services.router.domain.case import Case, State
from services.router.domain.clock import SlaClock
from services.router.domain.commands.call_in import still_open
from services.router.domain.commands.command import (
    DECIDING,
    DESK,
    GROUND,
    Actor,
    Command,
    Decision,
    Rule,
    WhyNot,
    required,
)
from services.router.domain.domain_event import DomainEvent

_S = State
_UNRESOLVED = WhyNot("not_resolved", "It is not resolved yet ({state}).")
DISSATISFIED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspect(Command):
    """``fresh_clock``: the resolve clock that starts when it is not ``ok`` and the case is opened again."""

    NAME: ClassVar[str] = "inspect"
    ok: bool
    text: str | None = None
    photos: tuple[str, ...] = ()
    fresh_clock: SlaClock | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Close(Command):
    """``follow_up``: when the desk is reminded to check the effect, where the category asks for that."""

    NAME: ClassVar[str] = "close"
    text: str | None = None
    follow_up: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen(Command):
    """``fresh_clock``: the resolve clock that starts now."""

    NAME: ClassVar[str] = "reopen"
    reason: str
    fresh_clock: SlaClock | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject(Command):
    NAME: ClassVar[str] = "reject"
    reason: str


def judged(case: Case, rated: e.Rated, clock: SlaClock | None) -> list[DomainEvent]:
    """The events of a reporter's rating; the lowest one reopens the case one level up, with a new resolve clock.

    A confidential case stays with its handlers: nobody above them may read it.
    """
    if rated.score != DISSATISFIED or case.state not in (State.RESOLVED, State.CLOSED) or case.historic:
        return [rated]
    path = case.path if case.confidential else case.path[:-1] or case.path
    was = case.unit if path != case.path else None
    return [rated, e.Reopened(at=rated.at, text=rated.text, clock=clock, path=path, was_unit=was)]


def _inspect(case: Case, command: Inspect, actor: Actor, now: datetime) -> Decision:
    looked = e.Inspected(
        at=now, by=actor.person, by_unit=actor.unit, ok=command.ok, text=command.text, photos=command.photos
    )
    if command.ok:
        return [looked]
    return [looked, e.Reopened(at=now, by=actor.person, by_unit=actor.unit, clock=command.fresh_clock)]


def _close(case: Case, command: Close, actor: Actor, now: datetime) -> Decision:
    return [e.Closed(at=now, by=actor.person, by_unit=actor.unit, text=command.text, follow_up=command.follow_up)]


def _reopen(case: Case, command: Reopen, actor: Actor, now: datetime) -> Decision:
    reason = required(command.reason, "/reason", "is required")
    return [e.Reopened(at=now, by=actor.person, by_unit=actor.unit, text=reason, clock=command.fresh_clock)]


def _reject(case: Case, command: Reject, actor: Actor, now: datetime) -> Decision:
    reason = required(command.reason, "/reason", "is required: the reporter reads it")
    return [e.Rejected(at=now, by=actor.person, by_unit=actor.unit, text=reason)]


def _not_to_inspect(case: Case, actor: Actor | None) -> WhyNot | None:
    if case.inspected_by is not None:
        return WhyNot("inspected_already", "It passed inspection already.")
    if actor is not None and actor.person == case.resolved_by:
        return WhyNot("own_work", "Who inspects is not who resolved.")
    return None


def _not_inspected(case: Case, actor: Actor | None) -> WhyNot | None:
    return WhyNot("not_inspected", "Another person inspects first.") if case.inspected_by is None else None


RULES = (
    Rule(
        command=Inspect,
        decide=_inspect,
        open_in=frozenset({_S.RESOLVED}),
        roles=GROUND - {"parttime_grid_member"},
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
    Rule(
        command=Reject,
        decide=_reject,
        open_in=frozenset({_S.QUEUED, _S.ACKNOWLEDGED, _S.CLAIMED, _S.REOPENED}),
        roles=DESK,
        blocked=still_open,
    ),
)
