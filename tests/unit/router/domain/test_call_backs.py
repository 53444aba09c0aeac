"""Calling the reporter of a closed case that nobody rated (回访): when, who, what came of it, what ends it."""

import dataclasses
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.router.domain import events as e
from services.router.domain.apply import apply_all
from services.router.domain.case import Case, State
from services.router.domain.case_parts.call_back import CallPlan
from services.router.domain.case_parts.report import Report
from services.router.domain.commands.command import Actor
from services.router.domain.commands.decide import decide, open_commands
from services.router.domain.commands.inspection import judged
from services.router.domain.commands.request_info import InfoRequestRule
from services.router.domain.timer_rules import due
from services.router.domain.values import replace
from tests.kit.made_cases import (
    COMMUNITY,
    COUNTY,
    COUNTY_DESK,
    DESK,
    PATH,
    SECOND,
    T0,
    TOWN,
    TOWN_DESK,
    confirm,
    do,
    fired,
    fresh,
    full,
    in_state,
    minutes,
    opened,
)
from tests.kit.refusals import refused

PLAN = CallPlan(days=3, tries=3)
DUE = T0 + timedelta(days=3)
LATER = DUE + minutes(30)


def closed(case: Case | None = None, at: datetime = T0, by: Actor = DESK) -> Case:
    """Resolved by the desk, inspected by a second person, closed by the desk: somebody calls in three days."""
    case = case or do(do(opened(), "claim", by, at), "resolve", by, at)
    return do(do(case, "inspect", dataclasses.replace(by, person="second"), at), "close", by, at, call_plan=PLAN)


def listed(case: Case | None = None) -> Case:
    """On the list of the town."""
    return fired(case or closed(), DUE)


def called(case: Case, actor: Actor = TOWN_DESK, at: datetime = LATER, **fields: Any) -> Case:
    return do(case, "record_call", actor, at, fresh_clock=fresh(at), **fields)


def test_three_days_after_closing_an_unrated_case_is_on_the_list_of_the_level_above_and_alerts_nobody() -> None:
    case = closed()
    assert (case.next_due, due(case, DUE - minutes(1))) == (DUE, [])
    (event,) = due(case, DUE)
    assert (event.TYPE, event.tells(case)) == ("case.call_due.v1", [])
    case = listed()
    assert case.call_back is not None
    assert (case.call_back.by, case.call_back.about, case.call_back.since) == (TOWN, COMMUNITY, DUE)
    assert (case.history[-1].what, case.history[-1].unit, case.next_due) == ("case.call_due", TOWN, None)


def test_a_case_that_was_rated_before_is_called_about_by_nobody() -> None:
    resolved = do(do(opened(), "claim"), "resolve")
    rated = apply_all(resolved, judged(resolved, e.Rated(at=T0, score=2), None))
    assert closed(rated).call_back is None
    late = closed()
    for case in (late, listed(late)):
        after = apply_all(case, judged(case, e.Rated(at=LATER, score=3), None))
        assert (after.call_back, after.next_due, after.state) == (None, None, State.CLOSED)


def test_satisfied_is_recorded_leaves_the_list_and_counts_without_being_the_reporters_own_rating() -> None:
    case = called(listed(), satisfied=3, words="师傅当天就来了")
    assert (case.state, case.call_back, case.rating) == (State.CLOSED, None, None)
    assert case.verdict is not None
    assert (case.verdict.unit, case.verdict.answered, case.verdict.tried, case.verdict.score) == (COMMUNITY, 3, 1, 3)
    line = case.history[-1]
    assert (line.what, line.by, line.remark, line.text) == (
        "case.called_back", TOWN_DESK.person, "call_satisfied", "师傅当天就来了",
    )  # fmt: skip


def test_not_satisfied_opens_the_case_again_one_level_up_with_a_new_clock_and_both_desks_are_told() -> None:
    before = listed()
    happened = decide(
        before, full("record_call", satisfied=1, words="还在漏水", fresh_clock=fresh(LATER)), TOWN_DESK, LATER
    )
    _, again = happened
    case = apply_all(before, happened)
    assert (case.state, case.unit, case.call_back, case.verdict) == (State.REOPENED, TOWN, None, None)
    assert [one.score for one in case.verdicts_before] == [1]
    assert again.tells(case) == [COMMUNITY], "the town, which has it now, is told that it is open again"
    assert again.told(case) == "还在漏水"
    assert [c.state for c in case.clocks if c.kind == "resolve" and c.started_at == LATER] == ["running"]


def test_at_the_top_not_satisfied_opens_it_where_it_is_and_another_person_of_the_desk_calls() -> None:
    chief = Actor("chief", COUNTY, "supervisor", home=(COUNTY,))
    top = closed(do(do(opened(path=PATH[:1]), "claim", chief), "resolve", chief), by=chief)
    case = listed(top)
    assert case.call_back is not None and case.call_back.by == COUNTY
    assert "record_call" not in open_commands(case, chief)
    after = called(case, dataclasses.replace(chief, person="deputy"), satisfied=1)
    assert (after.state, after.unit) == (State.REOPENED, COUNTY)


def test_who_is_not_reached_is_tried_again_up_to_the_packs_limit_and_then_leaves_as_never_reached() -> None:
    case = listed()
    for tried in (1, 2):
        case = called(case, at=LATER + minutes(tried), reached=False, satisfied=None, words=None)
        assert case.call_back is not None
        assert (case.call_back.tried, case.call_back.since) == (tried, LATER + minutes(tried)), "behind the others"
    case = called(case, COUNTY_DESK, reached=False, satisfied=None, words=None)
    assert (case.call_back, case.state) == (None, State.CLOSED)
    assert case.verdict is not None
    assert (case.verdict.tried, case.verdict.score) == (3, None), "tried, and nothing to count for satisfaction"
    assert case.history[-1].remark == "call_never_reached"
    assert "record_call" not in open_commands(case, TOWN_DESK)


def test_a_wrong_number_leaves_the_list_at_once_if_somebody_says_so() -> None:
    with refused(422) as refusal:
        called(listed(), reached=False, satisfied=None, last=True, words=None)
    assert refusal.value.errors[0].pointer == "/text"
    assert called(listed(), reached=False, satisfied=None, last=True, words="空号").call_back is None


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"reached": True, "satisfied": None}, "/satisfied"),
        ({"reached": False, "satisfied": 2}, "/satisfied"),
        ({"reached": True, "satisfied": 2, "last": True}, "/last"),
        ({"reached": True, "satisfied": 1, "words": None}, "/text"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_field(fields: dict[str, Any], pointer: str) -> None:
    with refused(422) as refusal:
        called(listed(), **fields)
    assert refusal.value.errors[0].pointer == pointer


def test_nobody_who_handled_it_calls_wherever_he_acts_now() -> None:
    inspected = do(do(do(opened(), "claim"), "resolve"), "inspect", TOWN_DESK)
    case = listed(do(inspected, "close", call_plan=PLAN))
    for actor in (DESK, SECOND, TOWN_DESK, dataclasses.replace(DESK, unit=TOWN)):
        with refused(409) as refusal:
            called(case, actor)
        assert refusal.value.extra["reason"] in ("called_above", "handled_it")
    of_the_community = Actor("third", TOWN, "duty_officer", home=(COUNTY, TOWN, COMMUNITY))
    with refused(409) as refusal:
        called(case, of_the_community)
    assert refusal.value.extra["reason"] == "handled_it", "a stand-in from the unit that handled it"
    assert called(case, dataclasses.replace(TOWN_DESK, person="another")).call_back is None
    assert called(case, COUNTY_DESK).call_back is None, "a level above that may too"


def test_who_claimed_it_before_another_took_it_over_has_handled_it() -> None:
    first = do(do(do(opened(), "claim"), "release", now=T0 + minutes(0.1)), "claim", SECOND)
    case = listed(do(do(do(first, "resolve", SECOND), "inspect", COUNTY_DESK), "close", SECOND, call_plan=PLAN))
    assert set(case.handled_by) == {DESK.person, SECOND.person, COUNTY_DESK.person}


def test_nobody_calls_before_it_is_due_nor_of_an_open_case() -> None:
    with refused(409) as refusal:
        called(closed(), at=T0)
    assert refusal.value.extra["reason"] == "no_call_due"
    with refused(409) as refusal:
        called(in_state(State.RESOLVED))
    assert refusal.value.extra["reason"] == "no_call_due"


@pytest.mark.parametrize("change", [{"confidential": True}, {"historic": True}])
def test_of_what_is_confidential_or_history_nobody_is_called(change: dict[str, Any]) -> None:
    case = replace(do(do(opened(), "claim"), "resolve"), **change)
    assert closed(case).call_back is None


def test_who_withdrew_the_report_is_not_called_and_of_several_another_is() -> None:
    withdrawn = e.Noted(at=T0, word="withdrawn", report="r1")
    alone = apply_all(do(do(opened(), "claim"), "resolve"), [withdrawn])
    assert closed(alone).call_back is None
    assert apply_all(listed(), [withdrawn]).call_back is None
    two = replace(alone, reports=(*alone.reports, Report("r2", "app", T0)))
    assert closed(two).reporter_to_call == "r2"
    assert closed(two).call_back is not None


def test_what_is_rejected_or_sent_elsewhere_is_called_about_by_nobody() -> None:
    assert in_state(State.REJECTED).call_back is None
    assert do(opened(), "redirect").call_back is None


def test_a_case_opened_again_is_off_the_list_and_after_its_next_ending_called_about_anew() -> None:
    again = do(listed(), "reopen", DESK, LATER, fresh_clock=fresh(LATER))
    assert (again.call_back, again.verdict) == (None, None)
    ended = closed(do(do(again, "claim", DESK, LATER), "resolve", DESK, LATER), LATER)
    assert ended.call_back is not None and ended.call_back.due_at == LATER + timedelta(days=3)


def test_the_case_is_about_the_level_above_too_then_a_higher_one_calls() -> None:
    case = listed(closed(replace(do(do(opened(), "claim"), "resolve"), recused=(TOWN,))))
    assert case.call_back is not None and case.call_back.by == COUNTY


def test_closed_because_no_answer_came_is_called_about_too() -> None:
    rule = InfoRequestRule(("resolve",), "close", PLAN)
    asked = do(do(opened(), "claim"), "request_info", asking=rule, confirm_clock=confirm(T0))
    ended = fired(asked, T0 + timedelta(days=5))
    assert ended.state is State.CLOSED
    assert ended.call_back is not None and ended.call_back.due_at == T0 + timedelta(days=8)


def test_an_own_rating_after_the_call_counts_instead_of_it() -> None:
    case = called(listed(), satisfied=2)
    after = apply_all(case, judged(case, e.Rated(at=LATER + minutes(5), score=1), fresh(LATER)))
    assert after.state is State.REOPENED
    (verdict,) = after.verdicts_before
    assert (verdict.rated, verdict.answered, verdict.tried, verdict.score) == (1, 2, 1, 1)


def test_who_found_it_on_patrol_is_not_called_but_a_citizen_who_reported_it_too() -> None:
    resolved = do(do(opened(), "claim"), "resolve")
    finder = replace(resolved.reports[0], channel="patrol")
    assert closed(replace(resolved, reports=(finder,))).call_back is None
    assert closed(replace(resolved, reports=(finder, Report("r2", "app", T0)))).reporter_to_call == "r2"
