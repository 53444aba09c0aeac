"""Consultation: a question, parties, a conclusion, and a plan whose parts come one after the other."""

from services.router.domain.case import Case, State
from services.router.domain.commands.call_in import due_in_turn
from services.router.domain.commands.decide import decide, open_commands
from services.router.domain.timer_rules import due
from tests.kit.made_cases import (
    COMMUNITY,
    DESK,
    PATH,
    POWER,
    POWER_DESK,
    POWER_PATH,
    SECOND,
    T0,
    TEAM_MEMBER,
    TEAM_PATH,
    TOWN_DESK,
    clock,
    do,
    fired,
    fresh,
    full,
    in_state,
    minutes,
    work,
)
from tests.kit.refusals import refused

FOLLOW_UP = T0 + minutes(30 * 24 * 60)


def consulted() -> Case:
    return do(in_state(State.CLAIMED), "consult", TOWN_DESK, parties=(POWER, "owners"), question="who pays?")


def planned() -> Case:
    """The team works until ten hours from now, then the power company until twenty."""
    works = (work(TEAM_PATH, 600), work(POWER_PATH, 1200))
    return do(consulted(), "plan", TOWN_DESK, works=works, turn_clocks=(clock("finish_part", 600),))


def test_consultations_are_held_above_the_community() -> None:
    with refused(409) as refusal:
        decide(in_state(State.CLAIMED), full("consult"), DESK, T0)
    assert "escalate" in refusal.value.detail
    held = consulted().consultation
    assert held is not None
    assert (held.unit, held.parties, held.question) == ("hede", (POWER, "owners"), "who pays?")


def test_one_question_at_a_time_is_concluded_on_record() -> None:
    with refused(409):
        decide(consulted(), full("consult"), TOWN_DESK, T0)
    case = do(consulted(), "conclude", TOWN_DESK, text="the company pays")
    assert case.consultation is not None
    assert (case.consultation.conclusion, case.consultation.concluded_by) == ("the company pays", "town-desk")
    with refused(409):
        decide(case, full("conclude"), TOWN_DESK, T0)
    assert "consult" in open_commands(case, TOWN_DESK)


def test_a_plan_follows_from_a_consultation_and_its_dates_are_in_order() -> None:
    with refused(409):
        decide(in_state(State.CLAIMED), full("plan"), TOWN_DESK, T0)
    backwards = (work(TEAM_PATH, 600), work(POWER_PATH, 500))
    with refused(422) as refusal:
        decide(consulted(), full("plan", works=backwards), TOWN_DESK, T0)
    assert refusal.value.errors[0].pointer == "/parts/1/due"


def recused(case: Case) -> Case:
    """The town says that it is about the team, whose turn it is."""
    clocks = (clock("finish_part", 600, started_at=T0 + minutes(30)),)
    fields = {"about": "xingfu-team", "path": PATH[:2], "turn_clocks": clocks}
    return do(case, "recuse", TOWN_DESK, T0 + minutes(30), **fields)


def test_when_the_body_whose_turn_it_is_is_recused_the_next_one_is_called() -> None:
    case = recused(planned())
    assert [(p.unit, p.state) for p in case.parts] == [("xingfu-team", "excused"), (POWER, "called")]
    assert [(c.part, c.state) for c in case.clocks if c.part] == [("p1", "void"), ("p2", "running")]
    done = do(case, "finish_part", POWER_DESK, T0 + minutes(60), part="p2")
    assert [p.state for p in done.parts] == ["excused", "finished"]


def test_when_another_body_is_recused_the_turn_stays() -> None:
    works = (work(POWER_PATH, 600), work(TEAM_PATH, 1200))
    case = do(consulted(), "plan", TOWN_DESK, works=works, turn_clocks=(clock("finish_part", 600),))
    after = recused(case)
    assert [(p.unit, p.state) for p in after.parts] == [(POWER, "called"), ("xingfu-team", "excused")]


def test_a_planned_part_waits_for_its_turn_without_a_clock() -> None:
    case = planned()
    assert [(p.unit, p.state) for p in case.parts] == [("xingfu-team", "called"), (POWER, "waiting")]
    assert [c.part for c in case.clocks if c.part] == ["p1"]
    with refused(409):
        decide(case, full("finish_part", part="p2"), POWER_DESK, T0)
    with refused(409):
        decide(case, full("resolve"), DESK, T0)


def test_when_one_is_done_the_next_is_called_with_a_clock_of_its_own() -> None:
    case = planned()
    at = T0 + minutes(300)
    assert due_in_turn(case, "p1", at) == T0 + minutes(1200)
    turn = (clock("finish_part", 900, started_at=at),)
    case = do(case, "finish_part", TEAM_MEMBER, at, part="p1", turn_clocks=turn)
    assert [(p.unit, p.state) for p in case.parts] == [("xingfu-team", "finished"), (POWER, "called")]
    assert [(c.part, c.due_at, c.state) for c in case.clocks if c.part == "p2"] == [
        ("p2", T0 + minutes(1200), "running")
    ]


def test_who_waits_for_a_late_body_does_not_pay_for_it() -> None:
    late = T0 + minutes(600 + 90)
    assert due_in_turn(planned(), "p1", late) == T0 + minutes(1200 + 90)


def test_an_excused_part_hands_the_turn_on_and_a_waiting_one_is_left_out() -> None:
    case = do(planned(), "excuse_part", TOWN_DESK, part="p1", turn_clocks=(clock("finish_part", 1200),))
    assert [p.state for p in case.parts] == ["excused", "called"]
    skipped = do(planned(), "excuse_part", TOWN_DESK, part="p2")
    assert [p.state for p in skipped.parts] == ["called", "excused"]
    done = do(skipped, "finish_part", TEAM_MEMBER, part="p1")
    assert do(done, "resolve").state is State.RESOLVED


def test_a_second_plan_waits_until_the_first_is_worked_off() -> None:
    with refused(409):
        decide(planned(), full("plan"), TOWN_DESK, T0)


def test_an_agreement_is_looked_at_again_on_its_day_even_when_the_case_is_closed() -> None:
    case = do(in_state(State.CLAIMED), "resolve", DESK, how="agreement", follow_up=FOLLOW_UP)
    closed = do(do(case, "inspect", SECOND), "close")
    assert (closed.state, closed.next_due) == (State.CLOSED, FOLLOW_UP)
    assert due(closed, FOLLOW_UP - minutes(1)) == []
    (reminded,) = due(closed, FOLLOW_UP)
    assert reminded.tells(closed) == [COMMUNITY]
    after = fired(closed, FOLLOW_UP)
    assert (after.state, after.next_due, after.follow_up) == (State.CLOSED, None, None)


def test_a_follow_up_lies_ahead_and_is_off_when_the_case_is_opened_again() -> None:
    with refused(422) as refusal:
        decide(in_state(State.CLAIMED), full("resolve", follow_up=T0), DESK, T0)
    assert refusal.value.errors[0].pointer == "/look_again"
    case = do(in_state(State.CLAIMED), "resolve", DESK, follow_up=FOLLOW_UP)
    assert do(case, "reopen", DESK, fresh_clock=fresh(T0)).follow_up is None
