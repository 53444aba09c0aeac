"""Whether it is mended: inspected by another, closed, opened again, or not taken on at all."""

from datetime import datetime

from services.router.domain import events as e
from services.router.domain.case import Case, State
from services.router.domain.clock import Clock
from services.router.domain.commands.call_in import still_open
from services.router.domain.commands.command import DESK, GROUND, Actor, Command, Decision, Rule, required
from services.router.domain.event import Happened

_S = State
_UNRESOLVED = "It is not resolved yet ({state})."
DISSATISFIED = 1


def judged(case: Case, rated: e.Rated, clock: Clock | None) -> list[Happened]:
    """A reporter's judgement; who is dissatisfied opens the case again one level up, with a fresh resolve clock.

    A confidential one stays with its handlers: nobody above them may read it.
    """
    if rated.score != DISSATISFIED or case.state not in (State.RESOLVED, State.CLOSED) or case.historic:
        return [rated]
    path = case.path if case.confidential else case.path[:-1] or case.path
    was = case.unit if path != case.path else None
    return [rated, e.Reopened(at=rated.at, text=rated.text, clock=clock, path=path, was_unit=was)]


def _inspect(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    looked = e.Inspected(
        at=now, by=actor.person, by_unit=actor.unit, ok=command.ok, text=command.text, photos=command.photos
    )
    if command.ok:
        return [looked]
    return [looked, e.Reopened(at=now, by=actor.person, by_unit=actor.unit, clock=command.fresh_clock)]


def _close(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    return [e.Closed(at=now, by=actor.person, by_unit=actor.unit, text=command.text, follow_up=command.follow_up)]


def _reopen(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    text = required(command.text, "/reason", "is required")
    return [e.Reopened(at=now, by=actor.person, by_unit=actor.unit, text=text, clock=command.fresh_clock)]


def _reject(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    text = required(command.text, "/reason", "is required: the reporter reads it")
    return [e.Rejected(at=now, by=actor.person, by_unit=actor.unit, text=text)]


def _inspect_blocked(case: Case, actor: Actor | None) -> str | None:
    if case.inspected_by is not None:
        return "It passed inspection already."
    if actor is not None and actor.person == case.resolved_by:
        return "Who inspects is not who resolved."
    return None


def _close_blocked(case: Case, actor: Actor | None) -> str | None:
    return "Another person inspects first." if case.inspected_by is None else None


RULES = {
    "inspect": Rule(
        decide=_inspect,
        open_in=frozenset({_S.RESOLVED}),
        may=GROUND - {"parttime_grid_member"},
        blocked=_inspect_blocked,
        otherwise=_UNRESOLVED,
    ),
    "close": Rule(
        decide=_close,
        open_in=frozenset({_S.RESOLVED}),
        may=DESK | {"inspector"},
        blocked=_close_blocked,
        otherwise=_UNRESOLVED,
    ),
    "reopen": Rule(
        decide=_reopen, open_in=frozenset({_S.RESOLVED, _S.CLOSED}), may=DESK | {"inspector"}, otherwise=_UNRESOLVED
    ),
    "reject": Rule(
        decide=_reject,
        open_in=frozenset({_S.QUEUED, _S.ACKNOWLEDGED, _S.CLAIMED, _S.REOPENED}),
        may=DESK,
        blocked=still_open,
    ),
}
