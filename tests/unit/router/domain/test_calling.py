"""Calling in and reporting in: each called unit does its part in its time, and the case waits for all of them."""

import pytest

from services.router.domain.apply import apply_all
from services.router.domain.case import PARTS_MAX, Case, State
from services.router.domain.case_parts.owner_path import UnitOnPath
from services.router.domain.commands.call_in import CalledIn
from services.router.domain.commands.decide import decide, open_commands
from services.router.domain.timer_rules import due
from tests.kit.made_cases import (
    COMMUNITY,
    COUNTY,
    COUNTY_DESK,
    DESK,
    OTHER_DESK,
    POWER,
    POWER_DESK,
    POWER_PATH,
    T0,
    TEAM_PATH,
    TOWN_DESK,
    WALKER,
    called,
    do,
    fired,
    full,
    in_state,
    minutes,
    opened,
    rejected,
    rung,
    with_called_units,
)
from tests.kit.refusals import refused


def states(case: Case) -> list[tuple[str, str]]:
    return [(part.id, part.state) for part in case.parts]


def clocks(case: Case, part: str) -> list[tuple[str, str]]:
    return [(c.kind, c.state) for c in case.clocks if c.part == part]


def test_each_called_unit_has_a_part_with_clocks_of_its_own() -> None:
    case = with_called_units()
    assert [(p.id, p.unit, p.state, p.caller, p.called_by) for p in case.parts] == [
        ("p1", POWER, "called", COMMUNITY, "desk"),
        ("p2", "xingfu-team", "called", COMMUNITY, "desk"),
    ]
    for part in ("p1", "p2"):
        assert clocks(case, part) == [("report_in", "running"), ("finish_part", "running")]
    assert case.called == [POWER, "xingfu-team"]


def test_who_is_still_at_it_is_not_called_again_and_who_is_done_may_be() -> None:
    case = with_called_units(POWER_PATH)
    assert decide(case, full("call_in"), DESK, T0) == []
    more = decide(case, full("call_in", called=(called(POWER_PATH), called(TEAM_PATH))), DESK, T0)
    assert [event.part_meant for event in more] == ["p2"]
    done = do(case, "finish_part", POWER_DESK)
    assert states(do(done, "call_in")) == [("p1", "finished"), ("p2", "called")]


def test_the_owner_is_not_called_in_and_parts_are_bounded() -> None:
    case = in_state(State.CLAIMED)
    with refused(422):
        decide(case, full("call_in", called=(called(case.path),)), DESK, T0)
    many = tuple(called((POWER_PATH[0], UnitOnPath(f"d{n}", "department"))) for n in range(PARTS_MAX))
    full_case = do(case, "call_in", called=many)
    with refused(422) as refusal:
        decide(full_case, full("call_in"), DESK, T0)
    assert str(PARTS_MAX) in refusal.value.errors[0].detail


def test_reporting_in_meets_the_clock_of_that_part_alone() -> None:
    case = do(with_called_units(), "report_in", POWER_DESK, T0 + minutes(10), part="p1")
    assert clocks(case, "p1") == [("report_in", "met"), ("finish_part", "running")]
    assert clocks(case, "p2") == [("report_in", "running"), ("finish_part", "running")]
    assert (case.parts[0].reported_in_by, case.parts[0].reported_in_at) == ("power-desk", T0 + minutes(10))
    assert decide(case, full("report_in"), POWER_DESK, T0 + minutes(11)) == [], "again: unchanged"


def test_two_parts_with_the_same_deadline_breach_each_once_and_stay_breached() -> None:
    late = fired(with_called_units(), T0 + minutes(31))
    assert clocks(late, "p1")[0] == clocks(late, "p2")[0] == ("report_in", "breached")
    breaches = [(e.part, e.clock) for e in late.history if e.what == "clock.breached" and e.part]
    assert sorted(breaches) == [("p1", "report_in"), ("p2", "report_in")]
    there = do(late, "report_in", POWER_DESK, T0 + minutes(40))
    (clock,) = (c for c in there.clocks if c.part == "p1" and c.kind == "report_in")
    assert (clock.state, clock.met_at) == ("breached", T0 + minutes(40))


def test_a_breach_of_a_part_is_told_to_the_called_unit_and_to_its_caller() -> None:
    case = with_called_units(POWER_PATH)
    happened = due(case, T0 + minutes(31))
    after = apply_all(case, happened)
    told = {event.TYPE: event.tells(after) for event in happened if event.part_meant}
    assert told == {"clock.warned.v1": [POWER], "clock.breached.v1": [POWER, COMMUNITY]}


@pytest.mark.parametrize(
    ("to", "told"),
    [
        ("own", POWER),
        ("parent", COUNTY),
        ("county", COUNTY),
        ("caller", COMMUNITY),
        ("town", "hede"),
        ("nobody", COUNTY),
    ],
)
def test_a_parts_ladder_climbs_the_called_units_way(to: str, told: str) -> None:
    unit = called(POWER_PATH, rungs=(rung(40, "supervise", to),))
    case = fired(do(in_state(State.CLAIMED), "call_in", called=(unit,)), T0 + minutes(41))
    (climb,) = (e for e in case.history if e.what == "case.escalated" and e.part == "p1")
    assert climb.unit == told
    assert case.unit == COMMUNITY


def test_a_part_is_never_moved_to_another_unit() -> None:
    unit = called(POWER_PATH, rungs=(rung(40, "move_to", "county"),))
    case = fired(do(in_state(State.CLAIMED), "call_in", called=(unit,)), T0 + minutes(41))
    assert (case.unit, case.parts[0].unit) == (COMMUNITY, POWER)
    assert [e.act for e in case.history if e.part == "p1" and e.act] == ["supervise"]


def test_who_finishes_has_reported_in_as_well() -> None:
    case = do(with_called_units(POWER_PATH), "finish_part", POWER_DESK, T0 + minutes(5), text="the line is off")
    assert clocks(case, "p1") == [("report_in", "met"), ("finish_part", "met")]
    part = case.parts[0]
    assert (part.state, part.ended_by, part.said) == ("finished", "power-desk", "the line is off")
    assert case.called == []


@pytest.mark.parametrize("command", ["resolve", "reject"])
def test_a_case_does_not_end_before_every_part_is_finished_or_excused(command: str) -> None:
    case = do(with_called_units(), "finish_part", POWER_DESK, part="p1")
    with refused(409) as refusal:
        decide(case, full(command), DESK, T0)
    assert "p2 xingfu-team (called)" in refusal.value.detail
    excused = do(case, "excuse_part", DESK, part="p2", reason="the wires are down already")
    ended = rejected(excused) if command == "reject" else do(excused, command)
    assert ended.state in (State.RESOLVED, State.REJECTED)
    assert clocks(excused, "p2") == [("report_in", "void"), ("finish_part", "void")]
    assert (excused.parts[1].ended_by, excused.parts[1].said) == ("desk", "the wires are down already")


def test_a_called_unit_does_its_own_part_and_nothing_else() -> None:
    case = with_called_units()
    of_its_part = ["pause", "request_extension", "mark_sensitive", "report_in", "finish_part"]
    assert open_commands(case, POWER_DESK) == ["note", *of_its_part]
    for command in ("claim", "resolve", "call_in", "excuse_part", "transfer"):
        with refused(403):
            decide(case, full(command), POWER_DESK, T0)
    for command in ("report_in", "finish_part"):
        with refused(403) as refusal:
            decide(case, full(command, part="p2"), POWER_DESK, T0)
        assert "xingfu-team's" in refusal.value.detail


def test_the_owner_does_not_report_in_for_another() -> None:
    with refused(409):
        decide(with_called_units(), full("report_in"), DESK, T0)


def test_who_called_excuses_or_a_level_above_and_nobody_else() -> None:
    by_the_town = do(in_state(State.CLAIMED), "call_in", TOWN_DESK)
    with refused(409):
        decide(by_the_town, full("excuse_part"), DESK, T0)
    assert states(do(by_the_town, "excuse_part", COUNTY_DESK)) == [("p1", "excused")]
    both = do(by_the_town, "call_in", DESK, called=(called(TEAM_PATH),))
    with refused(403) as refusal:
        decide(both, full("excuse_part", part="p1"), DESK, T0)
    assert "hede" in refusal.value.detail
    assert states(do(both, "excuse_part", DESK, part="p2"))[1] == ("p2", "excused")


def test_a_part_that_is_done_is_done() -> None:
    case = do(with_called_units(), "finish_part", POWER_DESK, part="p1")
    with refused(409):
        decide(case, full("excuse_part", part="p1"), DESK, T0)
    with refused(409):
        decide(case, full("finish_part", part="p1"), POWER_DESK, T0)
    with refused(422) as refusal:
        decide(case, full("excuse_part", part="p9"), DESK, T0)
    assert refusal.value.errors[0].pointer == "/part"


def test_after_a_move_whoever_has_the_case_hears_of_its_parts_and_may_excuse_them() -> None:
    case = do(do(with_called_units(POWER_PATH), "transfer", DESK), "accept", OTHER_DESK)
    (reported, *_) = decide(case, full("report_in"), POWER_DESK, T0)
    assert reported.tells(apply_all(case, [reported])) == [COMMUNITY, "jianhua"]
    assert states(do(case, "excuse_part", OTHER_DESK)) == [("p1", "excused")]


def test_only_a_desk_calls_in() -> None:
    with refused(403):
        decide(in_state(State.CLAIMED), full("call_in"), WALKER, T0)
    (event,) = decide(opened(), full("call_in"), DESK, T0)
    assert isinstance(event, CalledIn)


def test_calling_in_meets_no_clock_of_the_case() -> None:
    before = in_state(State.CLAIMED)
    assert with_called_units().clocks[: len(before.clocks)] == before.clocks
