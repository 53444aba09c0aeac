"""The chain over a history: whoever alters, takes out or moves an entry is found, and the first one is named."""

from collections.abc import Callable
from datetime import timedelta, timezone

import msgspec
import pytest

from services.router.cases.published_events import to_envelopes
from services.router.cases.stored.case_document import from_doc, to_doc
from services.router.domain import events as e
from services.router.domain.apply import apply_all
from services.router.domain.case import HISTORY_KEPT, Case
from services.router.domain.domain_event import DomainEvent
from services.router.domain.hash_chain import line
from services.router.domain.timer_rules import due
from services.router.domain.values import replace
from services.router.http.audit import verified
from shared.contracts.envelope import Envelope
from tests.kit.made_cases import T0, minutes, opened
from tests.kit.made_reports import TRACE

Events = list[Envelope]


def lived() -> tuple[Case, Events]:
    """A case with seven changes, one of them of several events, and all its events."""
    case = opened()
    told = list(to_envelopes(case, [e.Opened(at=T0)], TRACE))
    case = replace(case, head=told[-1].head)
    changes: tuple[list[DomainEvent], ...] = (
        [e.Noted(at=T0, by="desk", text="first look")],
        [e.Claimed(at=T0 + minutes(1), by="desk", by_unit="xingfu")],
        [e.Noted(at=T0 + minutes(2), by="walker", text="valve shut", photos=("f2",))],
        due(case, T0 + minutes(400)),
        [e.Rated(at=T0 + minutes(401), score=1, text="late")],
        [e.Noted(at=T0 + minutes(402), by="desk", text="sorry")],
    )
    for happened in changes:
        case, told = after(case, told, happened)
    return case, told


def after(case: Case, told: Events, happened: list[DomainEvent]) -> tuple[Case, Events]:
    changed = apply_all(case, happened)
    new = to_envelopes(changed, happened, TRACE, case)
    return replace(changed, head=new[-1].head), [*told, *new]


CASE, TOLD = lived()


def test_an_untouched_history_is_found_well_as_it_is_stored_and_in_whatever_order() -> None:
    again = from_doc({**to_doc(CASE, []), "_id": CASE.id})
    verdict = verified(again, TOLD[::-1])
    assert (verdict.wrong, verdict.entry, verdict.older) == (None, None, 0)
    assert verdict.entries == len(TOLD) > 10
    assert verdict.head == TOLD[-1].head


def changed(number: int, **fields: object) -> Callable[[Events], Events]:
    return lambda told: [msgspec.structs.replace(x, **fields) if i == number else x for i, x in enumerate(told)]


def said(number: int, old: str, new: str) -> Callable[[Events], Events]:
    assert old in TOLD[number].data
    return changed(number, data=TOLD[number].data.replace(old, new, 1))


def swapped(one: int, other: int) -> Callable[[Events], Events]:
    """Two entries in each other's place."""
    places = {one: other, other: one}
    return lambda told: [
        msgspec.structs.replace(told[places[i]], id=x.id, sequence=x.sequence, head=x.head) if i in places else x
        for i, x in enumerate(told)
    ]


@pytest.mark.parametrize(
    ("tamper", "number"),
    [
        (said(2, '"by":"desk"', '"by":"other"'), 2),
        (said(0, '"xingfu"', '"jianhua"'), 0),
        (changed(1, time=T0 + timedelta(milliseconds=1)), 1),
        (changed(3, type="case.closed.v1"), 3),
        (changed(3, head=TOLD[2].head), 3),
        (changed(3, head=""), 3),
        (lambda told: told[1:], 0),
        (lambda told: [*told[:2], *told[3:]], 2),
        (lambda told: [*told[:5], *told[6:]], 5),
        (lambda told: told[:-1], len(TOLD) - 1),
        (lambda told: told[:-2], len(TOLD) - 2),
        (swapped(1, 3), 1),
        (swapped(4, 5), 4),
    ],
)
def test_the_first_entry_that_was_edited_taken_out_moved_or_cut_off_is_named(
    tamper: Callable[[Events], Events], number: int
) -> None:
    """B43."""
    verdict = verified(CASE, tamper(TOLD))
    assert verdict.wrong
    assert verdict.entry == TOLD[number].id


@pytest.mark.parametrize("number", range(len(CASE.history)))
def test_words_that_were_altered_in_the_case_itself_are_found(number: int) -> None:
    history = list(CASE.history)
    history[number] = replace(history[number], text="something else")
    verdict = verified(replace(CASE, history=tuple(history)), TOLD)
    assert verdict.entry == TOLD[number].id


def test_a_breach_that_was_wiped_out_is_found() -> None:
    clocks = tuple(replace(clock, state="met") for clock in CASE.clocks)
    assert "clocks" in str(verified(replace(CASE, clocks=clocks), TOLD).wrong)


def test_a_chain_made_anew_from_some_entry_on_does_not_end_in_the_head_that_the_case_keeps() -> None:
    case, told = lived()
    forged = [*told[:-1]]
    before = replace(case, version=case.version - 1, head=forged[-1].head, history=case.history[:-1])
    _, forged = after(before, forged, [e.Noted(at=T0 + minutes(402), by="desk", text="all was well")])
    assert verified(case, forged).wrong


def test_what_an_older_version_wrote_without_a_chain_is_counted_and_the_chain_begins_after_it() -> None:
    case, told = replace(CASE, head=""), [msgspec.structs.replace(x, head="") for x in TOLD]
    assert verified(case, told).older == len(told)
    case, told = after(case, told, [e.Noted(at=T0 + minutes(500), text="of today")])
    verdict = verified(case, told)
    assert (verdict.wrong, verdict.older) == (None, len(TOLD))
    assert verified(case, told[:-1]).entry == told[-1].id


def test_lines_beyond_those_that_the_case_keeps_are_still_linked() -> None:
    case, told = CASE, TOLD
    for number in range(HISTORY_KEPT + 5):
        case, told = after(case, told, [e.Noted(at=T0 + minutes(500 + number), text=f"note {number}")])
    assert len(case.history) == HISTORY_KEPT < len(told)
    assert verified(case, told).wrong is None
    assert verified(case, said(2, '"by":"desk"', '"by":"other"')(told)).entry == told[2].id


def test_a_line_has_the_same_digest_in_whatever_zone_its_moment_is_told() -> None:
    entry = CASE.history[0]
    assert line(entry) == line(replace(entry, at=entry.at.astimezone(timezone(timedelta(hours=8)))))
    assert line(entry) != line(replace(entry, text="x"))
