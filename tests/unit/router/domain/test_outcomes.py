"""How a case ends beside a repair: at once, or granted by a level above, and never without a word for the reporter."""

import dataclasses
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.router.cases.published_events import to_state
from services.router.cases.unit_of_work import how_it_ended
from services.router.domain.apply import apply_all
from services.router.domain.case import Case, State
from services.router.domain.commands.decide import decide, open_commands
from services.router.domain.timer_rules import due
from services.router.domain.values import replace
from shared.kernel.vocabulary import GRANTED_ABOVE, HOWS
from tests.kit.made_cases import (
    COMMUNITY,
    COUNTY,
    COUNTY_DESK,
    DESK,
    SECOND,
    T0,
    TOWN,
    TOWN_DESK,
    do,
    fired,
    fresh,
    full,
    in_state,
    minutes,
    review_by,
)
from tests.kit.refusals import refused

DAY = T0 + timedelta(days=30)


def asked(how: str = "unfounded", **fields: Any) -> Case:
    text = {"text": "现场未见", "said": "查无此事，现场未见", "follow_up": DAY if how == "long_term" else None}
    return do(in_state(State.CLAIMED), "resolve", DESK, T0 + minutes(5), how=how, **{**text, **fields})


def why(case: Case, name: str, actor: Any, **fields: Any) -> object:
    with refused(409) as refusal:
        decide(case, full(name, **fields), actor, T0 + minutes(6))
    return refusal.value.extra["reason"]


@pytest.mark.parametrize("how", [how for how in HOWS if how not in GRANTED_ABOVE])
def test_every_other_way_resolves_at_once_with_the_words_that_the_reporter_reads(how: str) -> None:
    case = do(in_state(State.CLAIMED), "resolve", DESK, T0 + minutes(5), how=how, text="已答复", review_clock=None)
    outcome = to_state(case).outcome
    assert case.state is State.RESOLVED
    assert outcome is not None
    assert (outcome.how, outcome.words) == (how, "已答复")


@pytest.mark.parametrize("how", sorted(GRANTED_ABOVE))
def test_what_a_level_above_has_to_grant_is_asked_for_and_ends_nothing(how: str) -> None:
    case = asked(how)
    assert (case.state, case.unit, case.outcome) == (State.CLAIMED, COMMUNITY, None)
    assert case.ruling is not None
    assert (case.ruling.what, case.ruling.reason, case.ruling.to) == ("outcome", how, TOWN)
    assert {c.kind: c.state for c in case.clocks}["resolve"] == "running"
    assert why(case, "approve_outcome", SECOND) == "not_yours_to_grant"
    granted = do(case, "approve_outcome", TOWN_DESK, T0 + minutes(9))
    outcome = to_state(granted).outcome
    assert outcome is not None
    assert (granted.state, outcome.how, outcome.words) == (State.RESOLVED, how, "现场未见")
    assert (granted.resolved_by, granted.ruling) == (DESK.person, None)
    assert "inspect" not in open_commands(granted, DESK), "who resolved it does not inspect it"


def test_a_refused_ending_goes_on_and_may_be_asked_for_again() -> None:
    case = do(asked(), "refuse_outcome", TOWN_DESK, T0 + minutes(9), reason="look again at the east gate")
    assert (case.state, case.ruling) == (State.CLAIMED, None)
    assert {"resolve"} <= set(open_commands(case, DESK))
    again = do(case, "resolve", DESK, T0 + minutes(30), how="unfounded", review_clock=review_by(T0 + minutes(30)))
    assert again.ruling is not None


def test_while_one_ending_is_asked_for_another_request_waits_and_the_work_may_end() -> None:
    assert why(asked(), "resolve", DESK, how="long_term", follow_up=DAY) == "ruling_pending"
    done = do(asked(), "resolve", DESK, T0 + minutes(10), how="repair", review_clock=None)
    assert (done.state, done.ruling) == (State.RESOLVED, None)


def test_a_level_above_does_not_ask_itself() -> None:
    assert why(in_state(State.CLAIMED), "resolve", TOWN_DESK, how="unfounded") == "owner_asks"


@pytest.mark.parametrize("day", [None, T0 + timedelta(days=400), T0 - minutes(1)])
def test_a_case_is_kept_on_the_books_only_with_a_day_within_a_year(day: Any) -> None:
    with refused(422) as refusal:
        asked("long_term", follow_up=day)
    assert [error.pointer for error in refusal.value.errors] == ["/look_again"]


def test_on_the_day_to_look_again_the_owner_and_the_level_above_are_told_also_when_it_is_closed() -> None:
    kept = do(asked("long_term"), "approve_outcome", TOWN_DESK, T0 + minutes(9))
    closed = do(do(kept, "inspect", SECOND, T0 + minutes(20)), "close", DESK, T0 + minutes(21))
    assert (closed.state, closed.next_due) == (State.CLOSED, DAY)
    (event,) = due(closed, DAY)
    assert event.TYPE == "case.follow_up.v1"
    assert event.tells(apply_all(closed, [event])) == [COMMUNITY, TOWN]
    mended = replace(closed, resolved_how="agreement", look_again=None)
    assert event.tells(apply_all(mended, [event])) == [COMMUNITY]


def looked_at(case: Case, until: datetime) -> list[tuple[datetime, list[str]]]:
    """When who is told to look again, until then."""
    told = []
    while (at := case.next_due) is not None and at <= until:
        for event in due(case, at):
            case = apply_all(case, [event])
            told.append((event.at, event.tells(case)))
    return told


def test_nobody_decides_on_the_day_and_it_climbs_rung_by_rung_to_the_top() -> None:
    kept = do(asked("long_term", climbs_after=3600), "approve_outcome", TOWN_DESK, T0 + minutes(9))
    closed = do(
        do(kept, "inspect", SECOND, T0 + minutes(20)), "close", DESK, T0 + minutes(21), follow_up=T0 + minutes(99)
    )
    assert looked_at(closed, DAY + timedelta(days=300)) == [
        (DAY, [COMMUNITY, TOWN]),
        (DAY + timedelta(hours=1), [COUNTY]),
    ]


def test_whoever_decides_anew_stops_it_and_may_keep_it_on_the_books_once_more() -> None:
    kept = do(asked("long_term"), "approve_outcome", TOWN_DESK, T0 + minutes(9))
    late = fired(kept, DAY)
    again = do(late, "reopen", DESK, DAY + minutes(5), fresh_clock=fresh(DAY))
    assert (again.follow_up, again.look_again) == (None, None)
    claimed = do(again, "claim", DESK, DAY + minutes(6))
    later = DAY + timedelta(days=60)
    fields = {"how": "long_term", "text": "等待拆迁", "follow_up": later, "review_clock": review_by(DAY)}
    asked_again = do(claimed, "resolve", DESK, DAY + minutes(7), **fields)
    kept_again = do(asked_again, "approve_outcome", TOWN_DESK, DAY + minutes(8))
    assert looked_at(kept_again, later) == [(later, [COMMUNITY, TOWN])]


def test_a_level_above_that_rules_only_after_the_day_is_reminded_at_once() -> None:
    late = do(asked("long_term"), "approve_outcome", TOWN_DESK, DAY + minutes(9))
    assert late.next_due == DAY


def test_how_a_case_ended_is_counted_once_and_a_rejection_apart() -> None:
    kept = do(asked("long_term"), "approve_outcome", TOWN_DESK, T0 + minutes(9))
    inspected = do(kept, "inspect", SECOND, T0 + minutes(20))
    closed = do(inspected, "close", DESK, T0 + minutes(21))
    assert how_it_ended(inspected, closed) == "long_term"
    assert how_it_ended(closed, fired(closed, DAY)) is None
    assert how_it_ended(in_state(State.ACKNOWLEDGED), in_state(State.REJECTED)) == "rejected"
    assert how_it_ended(in_state(State.CLAIMED), in_state(State.MERGED)) == "merged"


def test_who_does_not_rule_on_an_ending_in_time_is_told_and_the_level_above_him() -> None:
    case = fired(asked(review_clock=review_by(T0)), T0 + minutes(121))
    told = [line.unit for line in case.history if line.clock == "review" and line.what == "clock.breached"]
    assert told == [TOWN]
    assert COUNTY_DESK.unit in [line.unit for line in case.history if line.what == "case.escalated"]


@pytest.mark.parametrize("how", sorted(GRANTED_ABOVE))
def test_who_granted_how_it_ends_does_not_inspect_it_and_a_colleague_does(how: str) -> None:
    granted = do(asked(how), "approve_outcome", TOWN_DESK, T0 + minutes(9))
    assert "inspect" not in open_commands(granted, TOWN_DESK)
    assert why(granted, "inspect", TOWN_DESK, ok=True) == "own_work"
    colleague = dataclasses.replace(TOWN_DESK, person="town-desk-2")
    for other in (SECOND, COUNTY_DESK, colleague):
        assert do(granted, "inspect", other, T0 + minutes(10), ok=True).inspected_by == other.person


@pytest.mark.parametrize("how", sorted(GRANTED_ABOVE))
def test_who_granted_how_it_ends_is_among_those_whom_a_rating_judges(how: str) -> None:
    """B124: he entered a content reporter's rating of an ending that he had granted himself."""
    granted = do(asked(how), "approve_outcome", TOWN_DESK, T0 + minutes(9))
    assert granted.worked_by == sorted((DESK.person, TOWN_DESK.person))
    again = do(granted, "reopen", DESK, T0 + minutes(10), fresh_clock=fresh(T0))
    assert TOWN_DESK.person not in again.worked_by, "of another ending he is no judge"
