"""Clocks of parts stand still and are put off as the case's own: the called unit asks, who called it rules."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.apply import apply_all
from services.router.domain.case import Case, State
from services.router.domain.clock import SlaClock
from services.router.domain.clock_events import ClockBreached
from services.router.domain.commands.call_in import due_in_turn
from services.router.domain.commands.command import Actor
from services.router.domain.commands.decide import decide, open_commands
from services.router.domain.commands.pause import Pausable
from services.router.domain.timer_rules import due
from services.router.domain.values import replace
from shared.kernel.errors import Refusal
from tests.kit.made_cases import (
    COMMUNITY,
    COUNTY_DESK,
    DESK,
    POWER,
    POWER_DESK,
    SECOND,
    T0,
    TEAM_MEMBER,
    TEAM_PATH,
    TOWN,
    TOWN_DESK,
    WALKER,
    called,
    clock,
    do,
    fired,
    full,
    in_state,
    minutes,
    opened,
    with_called_units,
    work,
)
from tests.kit.made_cases import POWER_PATH as POWERS
from tests.kit.refusals import refused

STORM = Pausable("weather", frozenset({"report_in", "finish_part"}), "P3D", "own")
OF_P1: dict[str, Any] = {"part": "p1", "clock": "finish_part", "pausable": STORM, "until": None}
LATER: dict[str, Any] = {"part": "p1", "clock": "finish_part", "until": T0 + minutes(300)}


def of_part(case: Case, part: str = "p1", kind: str = "finish_part") -> SlaClock:
    return next(c for c in case.clocks if (c.part, c.kind) == (part, kind))


def standing(case: Case, at: float = 0) -> Case:
    """``case`` with the first part's finish clock paused by its caller."""
    now = T0 + minutes(at)
    return do(do(case, "pause", POWER_DESK, now, **OF_P1), "approve_pause", DESK, now, **OF_P1)


def test_the_called_unit_asks_and_who_called_it_grants_and_no_other_clock_moves() -> None:
    asked = do(with_called_units(), "pause", POWER_DESK, **OF_P1)
    assert of_part(asked).state == "running", "until it is granted the clock runs on"
    (ask,) = asked.asks
    assert (ask.what, ask.clock, ask.part, ask.asked_by) == ("pause", "finish_part", "p1", "power-desk")
    case = do(asked, "approve_pause", DESK, **OF_P1)
    assert of_part(case).state == "paused"
    assert case.asks == ()
    assert [c.state for c in case.clocks if c is not of_part(case)] == ["met", "running", "running"] + ["running"] * 3


def test_who_grants_hears_of_the_asking_and_the_called_unit_of_the_answer() -> None:
    case = with_called_units()
    (asks,) = decide(case, full("pause", **OF_P1), POWER_DESK, T0)
    asked = apply_all(case, [asks])
    assert (asks.tells(asked), asks.unit_meant(asked), asks.part_meant) == ([COMMUNITY], POWER, "p1")
    for name in ("approve_pause", "refuse_pause"):
        (answer,) = decide(asked, full(name, **OF_P1), DESK, T0)
        assert answer.tells(apply_all(asked, [answer])) == [POWER]
    (by_the_town,) = decide(asked, full("approve_pause", **OF_P1), TOWN_DESK, T0)
    assert by_the_town.tells(apply_all(asked, [by_the_town])) == [POWER, COMMUNITY], "its case waits longer"


@pytest.mark.parametrize("what", ["pause", "extension"])
def test_it_is_granted_by_who_called_or_above_and_never_by_the_called_unit(what: str) -> None:
    fields = OF_P1 if what == "pause" else LATER
    asked = do(with_called_units(), "pause" if what == "pause" else "request_extension", POWER_DESK, **fields)
    chief = Actor("power-chief", POWER, "supervisor", guest=True, path=POWER_DESK.path)
    for stranger in (POWER_DESK, chief, TEAM_MEMBER, WALKER):
        with pytest.raises(Refusal, match=r"403|409"):
            do(asked, f"approve_{what}", stranger, **fields)
    for grants in (DESK, SECOND, TOWN_DESK, COUNTY_DESK):
        assert do(asked, f"approve_{what}", grants, **fields).asks == ()
        assert do(asked, f"refuse_{what}", grants, **fields).asks == ()


def test_a_body_of_the_plan_that_made_it_does_not_grant_its_own_time() -> None:
    case = do(do(in_state(State.CLAIMED), "consult", TOWN_DESK), "plan", TOWN_DESK, works=(work(opened().path[:2]),))
    town = Actor("town-works", TOWN, "duty_officer", path=("sheyang", TOWN))
    assert case.parts[0].unit == case.parts[0].caller == TOWN
    planned = _with_clock(case, "p1")
    asked = do(planned, "request_extension", town, **LATER)
    with refused(409):
        do(asked, "approve_extension", Actor("town-other", TOWN, "duty_officer", path=town.path), **LATER)
    assert of_part(do(asked, "approve_extension", COUNTY_DESK, **LATER)).due_at == T0 + minutes(300)


def _with_clock(case: Case, part: str) -> Case:
    made = replace(clock("finish_part", 120), part=part)
    return replace(case, clocks=(*case.clocks, made))


def test_another_units_part_and_the_cases_own_clocks_are_not_a_guests_to_ask_for() -> None:
    case = with_called_units()
    for part, kind in (("p2", "finish_part"), (None, "resolve")):
        for command in ("pause", "request_extension"):
            with refused(403):
                do(case, command, POWER_DESK, part=part, clock=kind)
    with refused(403):
        do(case, "pause", DESK, **OF_P1)
    assert {"pause", "request_extension"} <= set(open_commands(case, TEAM_MEMBER)), "a members' team asks as well"
    assert of_part(do(case, "pause", TEAM_MEMBER, **{**OF_P1, "part": "p2"}), "p2").state == "running"


@pytest.mark.parametrize(
    ("part", "kind", "pointer"),
    [(None, "finish_part", "/part"), ("p9", "finish_part", "/part"), ("p1", "resolve", "/clock")],
)
def test_what_is_named_wrongly_is_named_in_the_answer(part: str | None, kind: str, pointer: str) -> None:
    with refused(422) as refusal:
        do(with_called_units(), "pause", POWER_DESK, part=part, clock=kind)
    assert [error.pointer for error in refusal.value.errors] == [pointer]


def test_a_reason_holds_for_the_clocks_that_the_city_names() -> None:
    with refused(422) as refusal:
        do(with_called_units(), "pause", POWER_DESK, part="p1", clock="finish_part", until=None)
    assert "is no reason to pause finish_part" in refusal.value.errors[0].detail


def test_while_it_stands_still_nothing_of_it_fires_and_then_all_comes_later() -> None:
    case = standing(do(with_called_units(), "report_in", POWER_DESK), 60)
    quiet = [x for x in due(case, T0 + minutes(2000)) if (x.part_meant, x.clock_meant) == ("p1", "finish_part")]
    assert quiet == []
    for resumes in (POWER_DESK, DESK, TOWN_DESK):
        back = do(case, "resume", resumes, T0 + minutes(100), **OF_P1)
        assert (of_part(back).state, of_part(back).due_at) == ("running", T0 + minutes(160))
    with refused(409):
        do(standing(with_called_units()), "resume", TEAM_MEMBER, **OF_P1)


def test_a_pause_of_a_part_ends_by_itself_and_its_breach_is_then_told_once() -> None:
    case = standing(do(with_called_units(POWERS), "report_in", POWER_DESK), 60)
    ends = T0 + minutes(60) + timedelta(days=3)
    back = fired(case, ends)
    assert (of_part(back).state, of_part(back).due_at) == ("running", ends + minutes(60))
    late = [x for x in due(back, ends + minutes(61)) if isinstance(x, ClockBreached) and x.part == "p1"]
    assert [x.due_at for x in late] == [ends + minutes(60)]


@pytest.mark.parametrize("command", ["pause", "request_extension"])
@pytest.mark.parametrize("stored", [True, False])
def test_a_breach_of_a_part_is_never_escaped(command: str, stored: bool) -> None:
    fields = {**OF_P1, "until": None} if command == "pause" else {**LATER, "until": T0 + minutes(900)}
    late = fired(with_called_units(POWERS), T0 + minutes(120)) if stored else with_called_units(POWERS)
    at = T0 + minutes(121)
    with pytest.raises(Refusal, match=r"409|422"):
        do(late, command, POWER_DESK, at, **fields)
    asked = do(with_called_units(POWERS), command, POWER_DESK, **fields)
    settled = fired(asked, T0 + minutes(120))
    assert (settled.asks, of_part(settled).state) == ((), "breached"), "what nobody granted in time is settled"


def test_reporting_in_and_finishing_meet_a_clock_that_stands_still() -> None:
    still = standing(with_called_units())
    done = do(still, "finish_part", POWER_DESK, T0 + minutes(5))
    assert of_part(done).state == "met"
    assert of_part(done).pauses[0].to == T0 + minutes(5)
    excused = do(still, "excuse_part", DESK, T0 + minutes(5))
    assert of_part(excused).state == "void"


def test_the_parts_work_goes_on_while_the_reporter_is_asked_and_so_does_the_asking() -> None:
    case = do(with_called_units(), "request_info", DESK, confirm_clock=clock("confirm", 900))
    assert case.state is State.WAITING_REPORTER
    assert of_part(do(do(case, "pause", POWER_DESK, **OF_P1), "approve_pause", DESK, **OF_P1)).state == "paused"
    assert "pause" not in open_commands(case, DESK)


def test_a_part_that_stands_still_does_not_let_the_case_be_forgotten() -> None:
    case = do(do(opened(clocks=(), forgotten_after=3600), "claim"), "call_in", DESK, called=(called(POWERS),))
    still = standing(case)
    assert still.wakes_at == T0 + minutes(60)
    assert "case.forgotten.v1" in [x.TYPE for x in due(still, T0 + minutes(61))]
    woken = fired(still, T0 + timedelta(days=3))
    assert woken.watch is not None
    assert woken.watch.told == len(woken.path), "the end of a part's pause is nobody's work"


def test_an_extended_part_of_a_plan_moves_the_next_one_by_as_much_as_it_was_late() -> None:
    works = (work(POWERS, 120), work(TEAM_PATH, 240))
    case = do(do(in_state(State.CLAIMED), "consult", TOWN_DESK), "plan", TOWN_DESK, works=works)
    case = _with_clock(case, "p1")
    put_off = do(do(case, "request_extension", POWER_DESK, **LATER), "approve_extension", TOWN_DESK, **LATER)
    assert [(x.was_due_at, x.due_at) for x in of_part(put_off).extensions] == [(T0 + minutes(120), T0 + minutes(300))]
    assert due_in_turn(put_off, "p1", T0 + minutes(300)) == T0 + minutes(240 + 180)


@given(st.lists(st.integers(0, 50), max_size=4), st.integers(1, 400))
def test_neither_pauses_nor_extensions_bring_a_parts_deadline_nearer(stills: list[int], more: int) -> None:
    case, now, lost = do(with_called_units(POWERS), "report_in", POWER_DESK), T0, timedelta(0)
    for still in stills:
        case = do(do(case, "pause", POWER_DESK, now, **OF_P1), "approve_pause", DESK, now, **OF_P1)
        now, lost = now + minutes(still), lost + minutes(still)
        case = do(case, "resume", POWER_DESK, now, **OF_P1)
        assert of_part(case).due_at == T0 + minutes(120) + lost
    wish = {**LATER, "until": of_part(case).due_at + minutes(more)}
    case = do(do(case, "request_extension", POWER_DESK, now, **wish), "approve_extension", DESK, now, **wish)
    assert of_part(case).due_at == T0 + minutes(120 + more) + lost
