"""Not taking a case on 不予受理: asked for, granted one level up, read by the reporter, who may object once."""

import dataclasses

import pytest

from services.router.cases.published_events import to_state
from services.router.domain import events as e
from services.router.domain.apply import apply_all
from services.router.domain.case import Case, State
from services.router.domain.commands.command import Actor
from services.router.domain.commands.decide import decide, open_commands
from services.router.domain.commands.inspection import judged
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
    do,
    fired,
    fresh,
    full,
    minutes,
    opened,
    review_by,
)
from tests.kit.refusals import refused

WHY = "属于信访事项。请向信访部门提出"


def asked(actor: Actor = DESK) -> Case:
    return do(opened(), "reject", actor, T0 + minutes(2), said=WHY)


def granted() -> Case:
    return do(asked(), "approve_reject", TOWN_DESK, T0 + minutes(9))


def objected(score: int = 1) -> Case:
    rated = e.Rated(at=T0 + minutes(20), score=score, text="it is your lamp")
    return apply_all(granted(), judged(granted(), rated, fresh(T0), review_by(T0 + minutes(20))))


def why(case: Case, name: str, actor: Actor) -> object:
    with refused(409) as refusal:
        decide(case, full(name), actor, T0 + minutes(30))
    return refusal.value.extra["reason"]


def test_asking_not_to_take_a_case_on_ends_nothing() -> None:
    case = asked()
    assert (case.state, case.unit, case.outcome) == (State.ACKNOWLEDGED, COMMUNITY, None)
    assert {c.kind: c.state for c in case.clocks}["resolve"] == "running"
    assert "claim" in open_commands(case, DESK)


def test_the_level_above_grants_it_and_the_reporter_reads_why_and_where_to_go() -> None:
    for actor in (DESK, SECOND):
        assert why(asked(), "approve_reject", actor) == "not_yours_to_grant"
    case = granted()
    assert case.state is State.REJECTED
    outcome = to_state(case).outcome
    assert outcome is not None
    assert (outcome.how, outcome.words) == ("rejected", WHY)
    assert case.rejection is not None
    assert (case.rejection.asked_by, case.rejection.granted_by) == ("desk", "town-desk")
    assert case.next_due is None


def test_a_refused_rejection_is_handled_and_not_asked_for_again() -> None:
    case = do(asked(), "refuse_reject", TOWN_DESK)
    assert (case.state, case.ruling) == (State.ACKNOWLEDGED, None)
    assert why(case, "reject", SECOND) == "rejection_refused"
    assert "claim" in open_commands(case, DESK)


def test_who_does_not_rule_on_a_rejection_in_time_is_told_and_the_level_above_him() -> None:
    case = fired(do(opened(), "reject", review_clock=review_by(T0)), T0 + minutes(121))
    units = [line.unit for line in case.history if line.clock == "review" and line.what.startswith(("clock", "case.e"))]
    assert units == [TOWN, TOWN, COUNTY]


def test_a_dissatisfied_reporter_objects_and_one_level_higher_rules() -> None:
    case = objected()
    assert case.state is State.REJECTED
    assert case.ruling is not None
    assert (case.ruling.what, case.ruling.to, case.ruling.asked_by) == ("objection", COUNTY, None)
    assert case.next_due is not None
    for actor in (DESK, TOWN_DESK):
        assert not {"approve_objection", "refuse_objection"} & set(open_commands(case, actor))
    assert {"approve_objection", "refuse_objection"} <= set(open_commands(case, COUNTY_DESK))


def test_an_objection_that_holds_opens_the_case_again() -> None:
    case = do(objected(), "approve_objection", COUNTY_DESK, T0 + minutes(30), fresh_clock=fresh(T0 + minutes(30)))
    assert (case.state, case.unit, case.ruling, case.outcome, case.rejection) == (
        State.REOPENED,
        COMMUNITY,
        None,
        None,
        None,
    )
    assert {c.kind: c.state for c in case.clocks if c.superseded_at is None}["resolve"] == "running"
    assert [c.state for c in case.clocks if c.kind == "review"] == ["met", "met"]


def test_a_rejection_that_is_upheld_says_a_further_reason_and_takes_no_second_objection() -> None:
    both = f"{WHY}；复核后仍属信访事项"
    case = do(objected(), "refuse_objection", COUNTY_DESK, T0 + minutes(30), reason="复核后仍属信访事项", said=both)
    outcome = to_state(case).outcome
    assert outcome is not None
    assert outcome.words == both
    assert case.history[-1].text == "复核后仍属信访事项"
    assert case.next_due is None
    again = e.Rated(at=T0 + minutes(40), score=1)
    assert judged(case, again, fresh(T0), review_by(T0)) == [again]


def test_who_objects_too_late_is_heard_and_opens_nothing() -> None:
    ends = T0 + minutes(60)
    case = do(asked(), "approve_reject", TOWN_DESK, T0 + minutes(9), object_by=ends)
    outcome = to_state(case).outcome
    assert outcome is not None
    assert outcome.object_by == ends
    for at, objects in ((ends, True), (ends + minutes(1), False)):
        rated = e.Rated(at=at, score=1, text="it is your lamp")
        after = apply_all(case, judged(case, rated, fresh(T0), review_by(at)))
        assert (after.ruling is not None) == objects
        said = to_state(after).outcome
        assert said is not None
        assert (said.object_by is None) == objects, "once"


@pytest.mark.parametrize("score", [2, 3])
def test_who_is_content_with_a_rejection_objects_to_nothing(score: int) -> None:
    assert objected(score).ruling is None


def test_an_objection_on_which_nobody_rules_climbs() -> None:
    case = fired(objected(), T0 + minutes(20 + 121))
    assert [line.unit for line in case.history if line.what == "clock.breached" and line.clock == "review"] == [COUNTY]
    assert case.state is State.REJECTED


def test_who_decided_on_the_rejection_does_not_rule_on_the_objection() -> None:
    at_the_top = do(opened(path=PATH[:2]), "reject", TOWN_DESK, said=WHY)
    case = do(at_the_top, "approve_reject", COUNTY_DESK)
    rated = e.Rated(at=T0, score=1)
    case = apply_all(case, judged(case, rated, None, review_by(T0)))
    assert case.ruling is not None
    assert case.ruling.to == COUNTY, "nobody is above: another person of the same desk rules"
    assert "refuse_objection" not in open_commands(case, COUNTY_DESK)
    assert "refuse_objection" in open_commands(case, dataclasses.replace(COUNTY_DESK, person="another"))


def test_an_objection_goes_to_no_level_that_the_case_is_about() -> None:
    about_the_county = replace(opened(path=PATH[:2]), recused=(COUNTY,))
    head = dataclasses.replace(TOWN_DESK, person="head", role="supervisor")
    case = do(do(about_the_county, "reject", TOWN_DESK, said=WHY), "approve_reject", head)
    rated = e.Rated(at=T0, score=1)
    case = apply_all(case, judged(case, rated, None, review_by(T0)))
    assert case.ruling is not None
    assert case.ruling.to == TOWN, "the county does not see it: nobody would ever rule"
    assert "refuse_objection" not in open_commands(case, head)
    assert "refuse_objection" in open_commands(case, dataclasses.replace(head, person="another"))


def test_an_imported_rejection_of_an_old_version_is_read_and_takes_no_objection() -> None:
    old = replace(granted(), rejection=None)
    rated = e.Rated(at=T0, score=1)
    assert judged(old, rated, None, review_by(T0)) == [rated]


def test_who_had_it_rejected_and_who_granted_that_are_those_whom_a_rating_judges() -> None:
    """B115: they entered a content reporter's rating of their own rejection for him."""
    assert granted().worked_by == ["desk", "town-desk"]
    assert opened().worked_by == []


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (asked(), "ruling_pending"),
        (do(asked(), "refuse_reject", TOWN_DESK), "must_handle"),
        (do(do(opened(), "return"), "refuse_return", TOWN_DESK), "must_handle"),
    ],
    ids=["a request waits", "it was refused", "its return was refused"],
)
def test_what_a_level_above_is_asked_or_has_ruled_on_is_not_sent_elsewhere_by_one_press(
    case: Case, reason: str
) -> None:
    """B116: `redirect` ended what had to be handled, or what waited for its ruling."""
    assert why(case, "redirect", SECOND) == reason
    assert "redirect" not in open_commands(case, SECOND)
    assert "redirect" in open_commands(opened(), SECOND)
