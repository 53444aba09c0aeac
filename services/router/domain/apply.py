"""``apply``: a case and what happened make the next case. No rule is decided here."""

from dataclasses import replace
from datetime import datetime
from functools import singledispatch

from services.router.domain import events as e
from services.router.domain.case import ENDED, HISTORY_KEPT, Case, Clock, Entry, State


def apply(case: Case, event: e.Event) -> Case:
    """The case after ``event``; the version is the store's business, one per change."""
    changed = _applied(event, case)
    if changed.state in ENDED and case.state not in ENDED:
        changed = replace(changed, clocks=tuple(_voided(c) for c in changed.clocks), offered_to=None)
    entry = _entry(changed, event)
    return replace(changed, history=(*changed.history, entry)[-HISTORY_KEPT:])


def apply_all(case: Case, happened: list[e.Event]) -> Case:
    """Every event in order, as one change: the version moves by one."""
    moves = any(not isinstance(event, e.Rated) for event in happened)
    after = replace(case, version=case.version + 1, officer_moves=case.officer_moves + moves)
    for event in happened:
        after = apply(after, event)
    return after


def _entry(case: Case, event: e.Event) -> Entry:
    return Entry(
        at=event.at,
        version=case.version,
        what=event.TYPE.removesuffix(".v1"),
        by=event.by,
        by_unit=event.by_unit,
        unit=_unit_of(case, event),
        text=event.text,
        clock=_clock_of(event),
        due_at=getattr(event, "due_at", None),
        photos=event.photos,
        act=event.act if isinstance(event, e.Escalated) else None,
    )


def _unit_of(case: Case, event: e.Event) -> str:
    match event:
        case e.Assigned() | e.Offered() | e.Escalated():
            return event.to
        case _:
            return case.unit


def _clock_of(event: e.Event) -> str | None:
    match event:
        case e.Escalated() | e.ClockWarned() | e.ClockBreached():
            return event.clock
        case _:
            return None


@singledispatch
def _applied(_: e.Event, case: Case) -> Case:
    """Events that change nothing but the history (a note, a warning to somebody)."""
    return case


@_applied.register
def _(event: e.Acknowledged, case: Case) -> Case:
    return _met(replace(case, state=State.ACKNOWLEDGED), "acknowledge", at=event.at)


@_applied.register
def _(event: e.Claimed, case: Case) -> Case:
    claimed = replace(
        case, state=State.CLAIMED, claimed_by=event.by, claimed_at=event.at, assignee=event.by, offered_to=None
    )
    return _met(claimed, "acknowledge", at=event.at)


@_applied.register
def _(_: e.Released, case: Case) -> Case:
    return replace(case, state=State.ACKNOWLEDGED, claimed_by=None, claimed_at=None, assignee=None)


@_applied.register
def _(event: e.Assigned, case: Case) -> Case:
    return replace(case, assignee=event.to)


@_applied.register
def _(event: e.Offered, case: Case) -> Case:
    return replace(case, offered_to=event.to)


@_applied.register
def _(event: e.Moved, case: Case) -> Case:
    moved = replace(
        case,
        path=event.path,
        state=State.ACKNOWLEDGED,
        offered_to=None,
        refusals=0,
        assignee=None,
        claimed_by=None,
        claimed_at=None,
    )
    return _met(moved, "acknowledge", at=event.at)


@_applied.register
def _(_: e.Refused, case: Case) -> Case:
    return replace(case, offered_to=None, refusals=case.refusals + 1)


@_applied.register
def _(event: e.OnSite, case: Case) -> Case:
    return _met(replace(case, state=State.ON_SITE), "acknowledge", "on_site", at=event.at)


@_applied.register
def _(event: e.Started, case: Case) -> Case:
    return _met(replace(case, state=State.IN_PROGRESS), "acknowledge", at=event.at)


@_applied.register
def _(event: e.Escalated, case: Case) -> Case:
    climbed = replace(case, clocks=tuple(_climbed(c, event) for c in case.clocks))
    if event.act != "move_to" or event.to == case.unit:
        return climbed
    ids = [unit.id for unit in case.path]
    return replace(
        climbed,
        path=case.path[: ids.index(event.to) + 1],
        state=State.ACKNOWLEDGED if case.state is State.CLAIMED else case.state,
        offered_to=None,
        assignee=None,
        claimed_by=None,
        claimed_at=None,
    )


@_applied.register
def _(event: e.Resolved, case: Case) -> Case:
    resolved = replace(
        case, state=State.RESOLVED, resolved_by=event.by, resolved_how=event.how, offered_to=None, inspected_by=None
    )
    return _met(resolved, "acknowledge", "on_site", "resolve", at=event.at)


@_applied.register
def _(event: e.Inspected, case: Case) -> Case:
    if event.ok:
        return replace(case, inspected_by=event.by)
    return replace(case, inspected_by=None)


@_applied.register
def _(_: e.Closed, case: Case) -> Case:
    return replace(case, state=State.CLOSED)


@_applied.register
def _(event: e.Reopened, case: Case) -> Case:
    clocks = case.clocks if event.clock is None else (*case.clocks, event.clock)
    return replace(
        case,
        state=State.REOPENED,
        clocks=clocks,
        assignee=None,
        claimed_by=None,
        claimed_at=None,
        resolved_by=None,
        resolved_how=None,
        inspected_by=None,
        rating=None,
    )


@_applied.register
def _(_: e.Rejected, case: Case) -> Case:
    return replace(case, state=State.REJECTED)


@_applied.register
def _(event: e.Rated, case: Case) -> Case:
    return replace(case, rating=event.score)


@_applied.register
def _(event: e.ClockWarned, case: Case) -> Case:
    return replace(case, clocks=tuple(replace(c, warned=True) if _means(c, event) else c for c in case.clocks))


@_applied.register
def _(event: e.ClockBreached, case: Case) -> Case:
    return replace(
        case, clocks=tuple(replace(c, state="breached", warned=True) if _means(c, event) else c for c in case.clocks)
    )


def _means(clock: Clock, event: e.ClockWarned | e.ClockBreached) -> bool:
    return clock.waits and clock.kind == event.clock and clock.due_at == event.due_at


def _climbed(clock: Clock, event: e.Escalated) -> Clock:
    if event.rung is None or clock.kind != event.clock or clock.due_at != event.due_at or not clock.waits:
        return clock
    return replace(clock, fired=event.rung + 1)


def _met(case: Case, *kinds: str, at: datetime) -> Case:
    return replace(case, clocks=tuple(_with_met(c, at) if c.kind in kinds else c for c in case.clocks))


def _with_met(clock: Clock, at: datetime) -> Clock:
    if not clock.waits:
        return clock
    return replace(clock, met_at=at, state="breached" if clock.state == "breached" else "met")


def _voided(clock: Clock) -> Clock:
    return replace(clock, state="void") if clock.state in ("running", "paused") else clock
