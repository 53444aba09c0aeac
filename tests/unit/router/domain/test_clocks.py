"""Clocks: met, breached for good, climbing their ladders; everything fires once and in order."""

from datetime import datetime

import pytest

from services.router.domain.apply import apply, apply_all
from services.router.domain.case import Case, State
from services.router.domain.case_parts.remark import Remark
from services.router.domain.clock_events import ClockBreached, Escalated
from services.router.domain.domain_event import DomainEvent
from services.router.domain.timer_rules import due
from services.router.domain.values import replace
from tests.kit.made_cases import (
    COMMUNITY,
    COUNTY,
    DESK,
    PATH,
    SECOND,
    T0,
    TOWN,
    clock,
    do,
    fired,
    fresh,
    in_state,
    kinds,
    minutes,
    opened,
    rejected,
    rung,
)


def said(happened: list[DomainEvent]) -> list[tuple[str, str | None]]:
    """Type and clock of each event."""
    return [(event.TYPE, getattr(event, "clock", None)) for event in happened]


@pytest.mark.parametrize(
    ("command", "met"),
    [
        ("acknowledge", {"acknowledge"}),
        ("claim", {"acknowledge"}),
        ("on_site", {"acknowledge", "on_site"}),
        ("start", {"acknowledge"}),
        ("resolve", {"acknowledge", "on_site", "resolve"}),
    ],
)
def test_a_command_meets_the_clocks_that_it_answers(command: str, met: set[str]) -> None:
    way = {"on_site": ("claim",), "start": ("claim",), "resolve": ("claim",)}.get(command, ())
    case = opened()
    for step in way:
        case = do(case, step)
    case = do(case, command, DESK, T0 + minutes(2))
    assert {c.kind for c in case.clocks if c.state == "met"} == met
    assert all(c.met_at is not None for c in case.clocks if c.state == "met")


def test_a_breach_is_never_erased() -> None:
    late = fired(opened(), T0 + minutes(10))
    assert kinds(late)[0] == ("acknowledge", "breached")
    met = do(late, "acknowledge", DESK, T0 + minutes(11))
    assert (met.clocks[0].state, met.clocks[0].met_at) == ("breached", T0 + minutes(11))
    closed = do(do(do(do(met, "claim"), "resolve"), "inspect", SECOND), "close")
    assert (closed.clocks[0].state, closed.clocks[0].met_at) == ("breached", T0 + minutes(11))


def test_meeting_a_clock_in_time_leaves_nothing_to_fire_on_it() -> None:
    case = do(opened(), "acknowledge", DESK, T0 + minutes(1))
    assert all(event.clock != "acknowledge" for event in due(case, T0 + minutes(100_000)) if hasattr(event, "clock"))


def test_an_ended_case_fires_nothing_and_its_open_clocks_are_void() -> None:
    case = rejected(opened())
    assert kinds(case) == [("acknowledge", "met"), ("on_site", "void"), ("resolve", "void"), ("review", "met")]
    assert case.next_due is None
    assert due(case, T0 + minutes(100_000)) == []


def test_a_breach_outlasts_the_end_of_the_case() -> None:
    case = rejected(fired(opened(), T0 + minutes(10)), T0 + minutes(12))
    assert case.clocks[0].state == "breached"


def test_everything_fires_once_and_in_the_order_of_its_moment() -> None:
    case, seen = opened(), []
    for minute in range(400):
        happened = due(case, T0 + minutes(minute))
        seen += [(minute, *what) for what in said(happened)]
        case = apply_all(case, happened) if happened else case
    assert seen == [
        (8, "clock.warned.v1", "acknowledge"),
        (8, "case.escalated.v1", "acknowledge"),
        (10, "clock.breached.v1", "acknowledge"),
        (15, "case.escalated.v1", "acknowledge"),
        (20, "case.escalated.v1", "acknowledge"),
        (24, "clock.warned.v1", "on_site"),
        (30, "clock.breached.v1", "on_site"),
        (192, "clock.warned.v1", "resolve"),
        (240, "clock.breached.v1", "resolve"),
        (250, "case.escalated.v1", "resolve"),
        (300, "case.escalated.v1", "resolve"),
    ]
    assert case.next_due is None


def test_a_long_sleep_fires_all_that_was_missed_in_the_same_order() -> None:
    awake, asleep = opened(), opened()
    step_by_step: list[DomainEvent] = []
    for minute in range(400):
        happened = due(awake, T0 + minutes(minute))
        step_by_step += happened
        awake = apply_all(awake, happened) if happened else awake
    at_once = due(asleep, T0 + minutes(400))
    assert said(at_once) == said(step_by_step)
    assert {event.at for event in at_once} == {T0 + minutes(400)}


def test_a_missed_breach_carries_the_deadline_and_the_time_it_fired() -> None:
    breach = next(event for event in due(opened(), T0 + minutes(55)) if isinstance(event, ClockBreached))
    assert (breach.due_at, breach.at) == (T0 + minutes(10), T0 + minutes(55))


def test_what_has_fired_does_not_fire_again() -> None:
    after = fired(opened(), T0 + minutes(400))
    assert due(after, T0 + minutes(400)) == []
    assert due(after, T0 + minutes(800)) == []


def test_the_same_look_twice_says_the_same() -> None:
    assert due(opened(), T0 + minutes(21)) == due(opened(), T0 + minutes(21))


@pytest.mark.parametrize("minute", [7.999, 9.999])
def test_nothing_fires_before_its_moment(minute: float) -> None:
    before = said(due(opened(), T0 + minutes(minute)))
    assert ("clock.breached.v1", "acknowledge") not in before
    assert (("clock.warned.v1", "acknowledge") in before) == (minute >= 8)


def test_a_historic_case_is_never_due() -> None:
    case = opened(historic=True)
    assert case.next_due is None
    assert due(case, T0 + minutes(100_000)) == []


@pytest.mark.parametrize(
    ("to", "told"),
    [("own", COMMUNITY), ("parent", TOWN), ("county", COUNTY), ("town", TOWN), (COUNTY, COUNTY), (TOWN, TOWN)],
)
@pytest.mark.parametrize("act", ["tell", "supervise"])
def test_a_rung_turns_to_whom_it_names_and_the_case_stays(act: str, to: str, told: str) -> None:
    case = opened(clocks=(clock("acknowledge", 10, rungs=(rung(12, act, to),)),))
    happened = due(case, T0 + minutes(12))[-1]
    assert isinstance(happened, Escalated)
    assert (happened.act, happened.to, happened.rung, happened.clock) == (act, told, 0, "acknowledge")
    assert fired(case, T0 + minutes(12)).unit == COMMUNITY


@pytest.mark.parametrize(("to", "owner"), [("parent", TOWN), ("town", TOWN), ("county", COUNTY), (COUNTY, COUNTY)])
def test_a_move_makes_a_unit_above_the_owner(to: str, owner: str) -> None:
    case = fired(opened(clocks=(clock("acknowledge", 10, rungs=(rung(12, "move_to", to),)),)), T0 + minutes(12))
    assert case.unit == owner
    assert [unit.id for unit in case.path] == [COUNTY, TOWN][: 2 if owner == TOWN else 1]


def test_a_rung_after_a_move_is_seen_from_the_new_owner() -> None:
    rungs = (rung(11, "move_to", "parent"), rung(12, "tell", "parent"), rung(13, "tell", "own"))
    happened = due(opened(clocks=(clock("acknowledge", 10, rungs=rungs),)), T0 + minutes(60))
    assert [event.to for event in happened if isinstance(event, Escalated)] == [TOWN, COUNTY, TOWN]


@pytest.mark.parametrize("act", ["tell", "supervise", "move_to"])
def test_a_level_that_the_path_lacks_tells_the_top_and_says_so(act: str) -> None:
    case = opened(clocks=(clock("acknowledge", 10, rungs=(rung(12, act, "street"),)),))
    happened = due(case, T0 + minutes(12))[-1]
    assert isinstance(happened, Escalated)
    assert (happened.act, happened.to) == ("tell", COUNTY)
    assert happened.remark == Remark("level_missing", (("level", "street"),))
    assert fired(case, T0 + minutes(12)).unit == COMMUNITY


def test_above_the_top_the_top_itself_is_meant() -> None:
    case = opened(path=PATH[:1], clocks=(clock("acknowledge", 10, rungs=(rung(12, "tell", "parent"),)),))
    happened = due(case, T0 + minutes(12))[-1]
    assert isinstance(happened, Escalated)
    assert happened.to == COUNTY


def test_a_claimed_case_that_moves_up_can_be_claimed_there() -> None:
    case = do(opened(clocks=(clock("resolve", 10, rungs=(rung(12, "move_to", "town"),)),)), "claim")
    moved = fired(case, T0 + minutes(12))
    assert (moved.unit, moved.claimed_by, moved.assignee) == (TOWN, None, None)
    assert do(moved, "claim", SECOND, T0 + minutes(13)).claimed_by == "second"


def test_a_move_ends_an_open_offer() -> None:
    case = do(opened(), "transfer", DESK)
    assert fired(case, T0 + minutes(20)).offered_to is None


def test_a_rung_below_the_deadline_climbs_while_the_clock_runs() -> None:
    case = fired(opened(clocks=(clock("acknowledge", 10, rungs=(rung(5, "tell", "own"),)),)), T0 + minutes(6))
    assert (case.clocks[0].state, case.clocks[0].fired) == ("running", 1)


def test_a_ladder_goes_on_after_the_breach_until_the_clock_is_met() -> None:
    case = fired(opened(), T0 + minutes(10))
    assert case.next_due == T0 + minutes(15)
    met = do(case, "acknowledge", DESK, T0 + minutes(11))
    assert met.next_due == T0 + minutes(24)


def test_a_reopening_starts_a_fresh_resolve_clock_and_leaves_the_old_one_as_it_ended() -> None:
    resolved = in_state(State.RESOLVED)
    at = T0 + minutes(60)
    case = do(resolved, "reopen", SECOND, at, fresh_clock=fresh(at))
    assert case.clocks[:-1] == resolved.clocks
    assert (case.clocks[-1].state, case.clocks[-1].due_at) == ("running", at + minutes(240))
    assert case.next_due == at + minutes(192)


def test_a_fresh_clock_fires_although_the_old_one_did() -> None:
    late = fired(opened(), T0 + minutes(400))
    resolved = do(do(late, "claim", DESK, T0 + minutes(401)), "resolve", DESK, T0 + minutes(402))
    at = T0 + minutes(500)
    again = do(resolved, "reopen", SECOND, at, fresh_clock=fresh(at))
    happened = due(again, at + minutes(240))
    assert said(happened) == [("clock.warned.v1", "resolve"), ("clock.breached.v1", "resolve")]


def test_two_clocks_due_at_the_same_moment_both_fire() -> None:
    case = opened(clocks=(clock("acknowledge", 10), clock("on_site", 10)))
    assert said(due(case, T0 + minutes(10))) == [("clock.breached.v1", "acknowledge"), ("clock.breached.v1", "on_site")]


def test_a_case_that_would_not_come_to_rest_is_a_fault_and_no_endless_loop() -> None:
    rungs = tuple(rung(11 + n, "tell", "own") for n in range(700))
    with pytest.raises(ValueError, match="does not come to rest"):
        due(opened(clocks=(clock("acknowledge", 10, rungs=rungs),)), T0 + minutes(1000))


def test_the_history_says_which_clock_and_which_deadline() -> None:
    case = fired(opened(), T0 + minutes(10))
    line = case.history[-1]
    assert (line.what, line.clock, line.due_at, line.by) == ("clock.breached", "acknowledge", T0 + minutes(10), None)


def test_one_look_is_one_version() -> None:
    case = fired(opened(), T0 + minutes(400))
    assert case.version == 2


def breached(case: Case, at: datetime) -> Case:
    """As a late event of another router would have it."""
    return apply(case, ClockBreached(at=at, clock="acknowledge", due_at=T0 + minutes(10)))


def test_a_breach_that_comes_after_the_end_changes_no_clock() -> None:
    closed = rejected(opened())
    assert breached(closed, T0 + minutes(20)).clocks == closed.clocks


def test_a_breach_of_a_clock_that_was_met_changes_nothing() -> None:
    met = do(opened(), "acknowledge", DESK, T0 + minutes(1))
    assert breached(met, T0 + minutes(20)).clocks == met.clocks


def test_a_paused_clock_is_not_due() -> None:
    case = opened(clocks=(replace(clock("resolve", 10, warn_in=8), state="paused"),))
    assert case.next_due is None
    assert due(case, T0 + minutes(60)) == []
