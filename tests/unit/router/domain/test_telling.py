"""Which units an event of a case tells, with which words, and that a rung's 督办 and a plan leave their mark."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from services.router.domain import events as e
from services.router.domain.apply import apply_all
from services.router.domain.attachment import ArrivedReport, Confirmed
from services.router.domain.case import Case, State
from services.router.domain.case_parts.report import Report
from services.router.domain.commands.command import Actor
from services.router.domain.commands.decide import decide
from services.router.domain.domain_event import DomainEvent
from services.router.domain.timer_rules import due
from tests.kit.made_cases import (
    COMMUNITY,
    COUNTY,
    DESK,
    OTHER,
    OTHER_DESK,
    POWER,
    POWER_PATH,
    SECOND,
    T0,
    TEAM_PATH,
    TOWN,
    TOWN_DESK,
    clock,
    do,
    fired,
    fresh,
    full,
    in_state,
    minutes,
    opened,
    rung,
    work,
)


def happened(case: Case, name: str, actor: Actor = DESK, now: datetime = T0, **fields: Any) -> list[DomainEvent]:
    return decide(case, full(name, **fields), actor, now)


def told(case: Case, events: list[DomainEvent]) -> list[tuple[list[str], str | None]]:
    after = apply_all(case, events)
    return [(event.tells(after), event.told(after)) for event in events]


def test_who_inspects_is_told_when_something_waits_for_inspection() -> None:
    case = in_state(State.CLAIMED)
    assert told(case, happened(case, "resolve")) == [([COMMUNITY], None)]


def test_who_does_it_again_is_told_what_the_inspection_found() -> None:
    case = in_state(State.RESOLVED)
    happens = happened(case, "inspect", SECOND, ok=False, text="接头还在滴水", fresh_clock=fresh(T0))
    assert [event.TYPE for event in happens] == ["case.inspected.v1", "case.reopened.v1"]
    assert told(case, happens)[1][1] == "接头还在滴水"
    assert happens[1].text is None, "the history has the words once"


def test_the_desk_hears_that_its_offer_is_refused_and_why() -> None:
    case = do(in_state(State.CLAIMED), "transfer", to=OTHER)
    assert told(case, happened(case, "refuse", OTHER_DESK, reason="not our street")) == [
        ([COMMUNITY], "not our street")
    ]


@pytest.mark.parametrize("word", ["added", "fixed", "withdrawn"])
def test_the_desk_hears_what_a_reporter_says_afterwards(word: Any) -> None:
    noted = e.Noted(at=T0, text="the reporter adds: it is worse", word=word)
    assert told(opened(), [noted]) == [([COMMUNITY], None)]
    assert noted.reporter_word_meant == word


def test_of_an_officers_note_and_of_thanks_nobody_is_told() -> None:
    assert told(opened(), [e.Noted(at=T0, by="desk", text="seen")]) == [([], None)]
    arrived = (ArrivedReport(report=Report("r2", "app", T0), priority="urgent", says="thanks"),)
    thanks = Confirmed(at=T0, arrived=arrived, says="thanks")
    fixed = replace(thanks, says="fixed")
    assert [tells for tells, _ in told(opened(), [thanks, fixed])] == [[], [COMMUNITY]]
    assert (thanks.reporter_word_meant, fixed.reporter_word_meant) == (None, "fixed")


def test_the_consulted_read_the_question_and_the_called_the_reason_and_the_work() -> None:
    case = in_state(State.CLAIMED)
    asked = happened(case, "consult", TOWN_DESK, parties=(POWER,), question="who pays?")
    assert told(case, asked) == [([POWER], "who pays?")]
    assert told(case, happened(case, "call_in", reason="a cable is in the way")) == [([POWER], "a cable is in the way")]


def test_a_body_of_a_plan_reads_its_own_work_when_its_turn_comes() -> None:
    case = do(in_state(State.CLAIMED), "consult", TOWN_DESK, parties=(POWER,), question="who pays?")
    works = (replace(work(TEAM_PATH, 100), work="mark the bays"), replace(work(POWER_PATH, 200), work="lay the cable"))
    planned = happened(case, "plan", TOWN_DESK, works=works)
    assert told(case, planned)[1] == ([TEAM_PATH[-1].id], "mark the bays")


@pytest.mark.parametrize(
    ("ask", "decision", "words"),
    [
        ("pause", "approve_pause", None),
        ("pause", "refuse_pause", "because"),
        ("request_extension", "approve_extension", None),
        ("request_extension", "refuse_extension", "because"),
    ],
)
def test_who_asked_for_a_pause_or_an_extension_hears_the_decision(ask: str, decision: str, words: str | None) -> None:
    case = do(in_state(State.CLAIMED), ask, SECOND)
    (decided,) = happened(case, decision, TOWN_DESK)
    assert decided.asked_by_meant == "second"
    assert told(case, [decided]) == [([COMMUNITY], words)]


LADDER = (rung(250, "supervise", "parent"), rung(260, "supervise", "county"), rung(270, "supervise", "parent"))


def supervised(case: Case, after: float) -> str | None:
    climbed = fired(case, T0 + minutes(after))
    return climbed.supervision.by_unit if climbed.supervision is not None else None


def test_a_rungs_supervision_is_the_cases_and_stays_with_the_higher_level() -> None:
    case = opened(clocks=(clock("resolve", 240, rungs=LADDER),))
    assert [supervised(case, after) for after in (249, 250, 260, 270)] == [None, TOWN, COUNTY, COUNTY]


def test_a_rung_that_supervises_the_own_desk_sets_no_supervisor() -> None:
    case = opened(clocks=(clock("resolve", 240, rungs=(rung(250, "supervise", "own"),)),))
    assert supervised(case, 251) is None
    assert [event.tells(case) for event in due(case, T0 + minutes(251))][-1] == [COMMUNITY]


def planned(case: Case, actor: Actor, due_in: float) -> Case:
    consulted = do(case, "consult", TOWN_DESK, parties=(POWER,), question="who pays?")
    return do(consulted, "plan", actor, works=(work(TEAM_PATH, 100), work(POWER_PATH, due_in)), text="as agreed")


def test_a_plan_made_above_moves_the_resolve_clock_to_its_end_on_the_record() -> None:
    case = planned(in_state(State.CLAIMED), TOWN_DESK, 1200)
    resolve = next(c for c in case.clocks if c.kind == "resolve")
    assert resolve.due_at == T0 + minutes(1200)
    assert [(x.was_due_at, x.due_at, x.reason, x.approved_by) for x in resolve.extensions] == [
        (T0 + minutes(240), T0 + minutes(1200), "as agreed", "town-desk")
    ]
    assert [line.what for line in case.history][-1] == "clock.extended"
    assert case.history[-1].by == "town-desk"


def test_a_plan_moves_no_clock_that_ends_later_is_breached_or_was_planned_at_the_own_desk() -> None:
    def resolve(case: Case) -> datetime:
        return next(c.due_at for c in case.clocks if c.kind == "resolve" and c.part is None)

    assert resolve(planned(in_state(State.CLAIMED), TOWN_DESK, 200)) == T0 + minutes(240)
    own_desk = replace(DESK, consults=True)
    assert resolve(planned(in_state(State.CLAIMED), own_desk, 1200)) == T0 + minutes(240)
    late = fired(in_state(State.CLAIMED), T0 + minutes(241))
    assert resolve(planned(late, TOWN_DESK, 1200)) == T0 + minutes(240)
