"""``apply``: the case after an event. No rule is decided here."""

from services.router.domain.case import ENDED, HISTORY_KEPT, Case
from services.router.domain.case_parts.history_line import Entry
from services.router.domain.clock_operations import live, voided, without_lapsed_ruling
from services.router.domain.domain_event import DomainEvent
from services.router.domain.values import replace

HANDS_KEPT = 200
"""Officers who did something of the work, the latest ones: more than any case has."""


def apply(case: Case, event: DomainEvent) -> Case:
    """The case after ``event``, with the same version: ``apply_all`` raises it once per change."""
    changed = event.applied(case)
    if changed.state in ENDED and case.state not in ENDED:
        changed = replace(
            voided(changed, event.at), offered_to=None, question=None, place_question=None, ended_at=event.at
        )
    elif changed.state not in ENDED and case.ended_at is not None:
        changed = replace(changed, ended_at=None)
    if changed.path != case.path:
        changed = replace(changed, held_since=event.at)
    changed = without_lapsed_ruling(changed, event.at)
    if changed.watch is not None and (event.attends or changed.path != case.path):
        changed = replace(changed, watch=replace(changed.watch, since=event.at, told=0))
    if changed.asks:
        alive = (ask for ask in changed.asks if live(changed, ask.clock, ask.part) is not None)
        changed = replace(changed, asks=tuple(alive))
    if event.HANDLES:
        hands = dict.fromkeys(
            (*case.handled_by, *case.worked_by, *changed.worked_by, *((event.by,) if event.by else ()))
        )
        changed = replace(changed, handled_by=tuple(hands)[-HANDS_KEPT:])
    line = _entry(changed, event)
    before = changed.history
    if event.FOLDS and before and before[-1].what == line.what:
        before = before[:-1]
    return replace(changed, history=(*before, line)[-HISTORY_KEPT:])


def apply_all(case: Case, happened: list[DomainEvent]) -> Case:
    """Every event in order, as one change: the version moves by one."""
    moves = any(event.MOVES for event in happened)
    after = replace(case, version=case.version + 1, officer_moves=case.officer_moves + moves)
    for event in happened:
        after = apply(after, event)
    return after


def _entry(case: Case, event: DomainEvent) -> Entry:
    return Entry(
        at=event.at,
        version=case.version,
        what=event.TYPE.removesuffix(".v1"),
        by=event.by,
        by_unit=event.by_unit,
        unit=event.unit_meant(case),
        text=event.text,
        clock=event.clock_meant,
        due_at=event.due_meant,
        photos=event.photos,
        act=event.act_meant,
        part=event.part_meant,
        said_at=event.said_at,
        where=event.where,
        remark=event.remark.code if event.remark is not None else None,
        values=event.remark.values if event.remark is not None else (),
    )
