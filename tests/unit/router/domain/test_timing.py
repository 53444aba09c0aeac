"""Clocks that stand still or are put off, promises that change, reporters who are asked, cases left to lie."""

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain import events as e
from services.router.domain.apply import apply_all
from services.router.domain.case import Case, State
from services.router.domain.case_parts.owner_path import UnitOnPath
from services.router.domain.clock import Rung, SlaClock
from services.router.domain.clock_operations import after_pause, until
from services.router.domain.clock_renewal import Promise
from services.router.domain.commands.command import Actor
from services.router.domain.commands.inspection import judged
from services.router.domain.commands.pause import Pausable
from services.router.domain.commands.request_info import REPORTER_ASKED, InfoGiven, answered
from services.router.domain.commands.supervise import Forgotten
from services.router.domain.domain_event import DomainEvent
from services.router.domain.timer_rules import due
from services.router.domain.values import replace
from shared.kernel.working_time import ALWAYS, Calendar, elapsed
from tests.kit.made_cases import (
    COUNTY_DESK,
    DESK,
    OTHER,
    OTHER_DESK,
    PATH,
    SECOND,
    T0,
    TOWN_DESK,
    clock,
    confirm,
    do,
    fired,
    fresh,
    in_state,
    minutes,
    opened,
    rung,
)
from tests.kit.refusals import refused

OFFICE = Calendar(
    "office",
    "Asia/Shanghai",
    hours=(((time(8, 30), time(17, 30)),),) * 5 + ((),) * 2,
)
MOMENTS = st.integers(0, 60 * 24 * 40).map(lambda after: T0 + minutes(after))


def own(case: Case, kind: str) -> SlaClock:
    """The newest clock of a kind."""
    return [c for c in case.clocks if c.kind == kind][-1]


def what(happened: list[DomainEvent]) -> list[str]:
    return [event.TYPE.removesuffix(".v1") for event in happened]


def standing(case: Case, now: datetime, stays: datetime | None = None) -> Case:
    """The case with its resolve clock paused by the town at ``now``."""
    return do(do(case, "pause", DESK, now, until=stays), "approve_pause", TOWN_DESK, now)


@given(MOMENTS, MOMENTS, MOMENTS, st.sampled_from([ALWAYS, OFFICE]))
def test_a_pause_never_shortens_anything_and_adds_its_working_time(
    due_at: datetime, since: datetime, to: datetime, calendar: Calendar
) -> None:
    made = SlaClock(
        "resolve",
        T0,
        "P1D",
        calendar.id,
        due_at,
        "c@v",
        warn_at=min(due_at, T0 + minutes(50)),
        rungs=(Rung(due_at, "tell", "own"),),
    )
    then = after_pause(made, since, to, calendar)
    lost = elapsed(since, to, calendar) if since < due_at else timedelta(0)
    assert then.due_at >= due_at
    assert elapsed(due_at, then.due_at, calendar) == lost
    assert then.warn_at is not None
    assert made.warn_at is not None
    assert made.warn_at <= then.warn_at <= then.due_at
    assert then.rungs[0] == then.due_at, "what the ladder does at the deadline stays at the deadline"


@given(MOMENTS, st.integers(1, 60 * 24 * 40), st.sampled_from([ALWAYS, OFFICE]))
def test_an_extension_never_shortens_anything(due_at: datetime, more: int, calendar: Calendar) -> None:
    made = SlaClock(
        "resolve", T0, "P1D", calendar.id, due_at, "c@v", warn_at=T0, rungs=(Rung(due_at + minutes(9), "tell", "own"),)
    )
    then = until(made, due_at + minutes(more), calendar)
    assert then.due_at == due_at + minutes(more)
    assert then.warn_at is not None
    assert T0 <= then.warn_at <= then.due_at
    assert then.rungs[0] - then.due_at == minutes(9)


def test_while_it_stands_still_nothing_warns_breaches_or_climbs_and_then_all_comes_later() -> None:
    case = standing(do(opened(), "claim"), T0 + minutes(100))
    assert own(case, "resolve").state == "paused"
    assert not [event for event in due(case, T0 + minutes(2000)) if event.clock_meant == "resolve"]
    back = do(case, "resume", DESK, T0 + minutes(400))
    assert own(back, "resolve").due_at == T0 + minutes(240 + 300)
    assert [r.at for r in own(back, "resolve").rungs] == [T0 + minutes(550), T0 + minutes(600)]
    assert own(back, "resolve").pauses[0].to == T0 + minutes(400)


def test_a_pause_ends_by_itself_at_its_time_and_never_lasts_longer_than_the_reason_allows() -> None:
    case = standing(do(opened(), "claim"), T0 + minutes(100), T0 + minutes(160))
    back = fired(case, T0 + minutes(200))
    assert (own(back, "resolve").state, own(back, "resolve").due_at) == ("running", T0 + minutes(300))
    assert own(back, "resolve").pauses[0].to == T0 + minutes(160), "not when somebody looked"
    longest = standing(do(opened(), "claim"), T0)
    assert own(longest, "resolve").pauses[0].until == T0 + timedelta(days=3)


def test_after_a_pause_each_moment_still_fires_once() -> None:
    case = standing(do(opened(), "claim"), T0 + minutes(195), T0 + minutes(210))
    told = [event.TYPE for event in due(case, T0 + minutes(1000)) if event.clock_meant == "resolve"]
    assert told.count("clock.breached.v1") == 1
    assert told.count("case.escalated.v1") == 2
    late = fired(case, T0 + minutes(1000))
    assert due(late, T0 + minutes(5000)) == []


def test_a_pause_is_granted_one_level_up_and_never_by_who_asked() -> None:
    asked = do(do(opened(), "claim"), "pause", DESK, T0)
    assert own(asked, "resolve").state == "running", "until it is granted the clock runs on"
    for stranger in (DESK, SECOND, OTHER_DESK):
        with refused(409):
            do(asked, "approve_pause", stranger, T0)
    assert own(do(asked, "approve_pause", COUNTY_DESK, T0), "resolve").state == "paused"
    turned_down = do(asked, "refuse_pause", TOWN_DESK, T0)
    assert (own(turned_down, "resolve").state, turned_down.asks) == ("running", ())


def test_where_the_pack_says_so_a_superior_at_the_own_desk_grants_it() -> None:
    reason = Pausable("weather", frozenset({"resolve"}), "P1D", "own")
    asked = do(do(opened(), "claim"), "pause", DESK, T0, pausable=reason)
    chief = Actor("chief", DESK.unit, "supervisor")
    assert own(do(asked, "approve_pause", chief, T0), "resolve").state == "paused"


@pytest.mark.parametrize("command", ["pause", "request_extension"])
def test_what_is_breached_can_be_neither_paused_nor_put_off(command: str) -> None:
    late = fired(do(opened(clocks=(*opened().clocks, clock("confirm", 900))), "claim"), T0 + minutes(240))
    with refused(422) as refusal:
        do(late, command, DESK, T0 + minutes(241))
    assert "a breach stays" in refusal.value.errors[0].detail
    asked = do(do(opened(clocks=(*opened().clocks, clock("confirm", 900))), "claim"), command, DESK, T0)
    assert fired(asked, T0 + minutes(240)).asks == (), "what nobody granted in time is settled"


@pytest.mark.parametrize("command", ["pause", "request_extension"])
def test_nor_what_is_late_and_not_yet_on_record(command: str) -> None:
    with refused(422) as refusal:
        do(do(opened(), "claim"), command, DESK, T0 + minutes(240))
    assert "a breach stays" in refusal.value.errors[0].detail


def test_an_extension_is_granted_from_above_only_and_the_old_deadline_stays_on_record() -> None:
    asked = do(do(opened(), "claim"), "request_extension", DESK, T0)
    for stranger in (DESK, SECOND, Actor("chief", DESK.unit, "supervisor")):
        with refused(409):
            do(asked, "approve_extension", stranger, T0)
    put_off = own(do(asked, "approve_extension", TOWN_DESK, T0, until=None), "resolve")
    assert put_off.due_at == T0 + minutes(300)
    assert [(x.was_due_at, x.due_at, x.approved_by) for x in put_off.extensions] == [
        (T0 + minutes(240), T0 + minutes(300), "town-desk")
    ]
    assert put_off.rungs[0].at == T0 + minutes(310)


def test_who_supervises_is_above_and_the_desk_is_told() -> None:
    case = opened()
    for other in (DESK, OTHER_DESK):
        with refused(409):
            do(case, "supervise", other)
    watched = do(case, "supervise", TOWN_DESK)
    assert watched.supervision is not None
    assert watched.supervision.by_unit == "hede"


LAMPS = (clock("resolve", 600, warn_in=480, rungs=(rung(610, "tell", "county"),)), clock("on_site", 60))


def test_moved_or_sorted_anew_what_is_owed_follows_the_new_promise_and_the_old_clocks_stay() -> None:
    promise = Promise("lamps/jianhua@v1", tuple(_of(c, "lamps/jianhua@v1") for c in LAMPS), ALWAYS)
    case = do(do(opened(), "claim"), "transfer", DESK, to=OTHER)
    moved = do(case, "accept", OTHER_DESK, T0 + minutes(20), promise=promise)
    assert {(c.kind, c.state, c.due_at, c.superseded_at) for c in moved.clocks} == {
        ("acknowledge", "met", T0 + minutes(10), None),
        ("on_site", "void", T0 + minutes(30), T0 + minutes(20)),
        ("resolve", "void", T0 + minutes(240), T0 + minutes(20)),
        ("resolve", "running", T0 + minutes(600), None),
        ("on_site", "running", T0 + minutes(60), None),
    }
    late = fired(do(opened(), "claim"), T0 + minutes(240))
    sorted_ = do(late, "categorize", DESK, T0 + minutes(250), promise=promise)
    assert (sorted_.category, sorted_.priority) == ("lamp", "normal")
    old, new = (c for c in sorted_.clocks if c.kind == "resolve")
    assert (old.state, old.superseded_at, new.state) == ("breached", T0 + minutes(250), "running")
    assert not [event for event in due(sorted_, T0 + minutes(599)) if event.due_meant == old.due_at], (
        "it climbs no more"
    )


def _of(made: SlaClock, commitment: str) -> SlaClock:
    return replace(made, commitment=commitment)


def test_a_promise_that_is_the_same_changes_nothing() -> None:
    case = do(do(opened(), "claim"), "transfer", DESK, to=OTHER)
    moved = do(case, "accept", OTHER_DESK, promise=Promise("default/*@v2", opened().clocks, ALWAYS))
    assert [c.superseded_at for c in moved.clocks] == [None] * 3


def test_time_that_did_not_count_for_the_old_clock_does_not_count_for_the_new_one() -> None:
    case = do(standing(do(opened(), "claim"), T0, T0 + minutes(90)), "resume", DESK, T0 + minutes(60))
    promise = Promise("lamps/*@v1", (_of(LAMPS[0], "lamps/*@v1"),), ALWAYS)
    assert own(do(case, "categorize", DESK, T0 + minutes(70), promise=promise), "resolve").due_at == T0 + minutes(660)


def test_a_case_that_climbs_by_its_ladder_keeps_its_clocks() -> None:
    before = opened()
    after = fired(before, T0 + minutes(25))
    assert after.unit != before.unit
    assert [(c.kind, c.due_at) for c in after.clocks] == [(c.kind, c.due_at) for c in before.clocks]


def asked(now: datetime = T0) -> Case:
    return do(do(opened(), "claim"), "request_info", DESK, now, confirm_clock=confirm(now), question="which gate?")


def test_while_the_reporter_is_asked_what_the_pack_names_stands_still() -> None:
    case = asked()
    assert case.state is State.WAITING_REPORTER
    assert {c.kind for c in case.clocks if c.state == "paused"} == {"on_site", "resolve"}
    given = answered(case, InfoGiven(at=T0 + minutes(60), text="the left one"), {})
    assert what(given) == ["case.info_given", "clock.resumed", "clock.resumed"]
    back = apply_all(case, given)
    assert (back.state, back.claimed_by, back.question) == (State.CLAIMED, "desk", None)
    assert own(back, "resolve").due_at == T0 + minutes(300)
    assert own(back, "resolve").pauses[0].reason == REPORTER_ASKED
    assert own(back, "confirm").state == "met"


def test_without_an_answer_it_goes_back_to_work_and_the_desk_is_told() -> None:
    case = asked()
    happened = due(case, T0 + timedelta(days=5))
    assert "case.info_missing" in what(happened)
    back = apply_all(case, happened)
    assert back.state is State.CLAIMED
    assert next(x for x in happened if x.TYPE == "case.info_missing.v1").tells(back) == [back.unit]
    assert own(back, "confirm").state == "breached"
    assert own(back, "resolve").state == "running"


@pytest.mark.parametrize("state", [State.RESOLVED, State.CLOSED])
def test_who_is_not_satisfied_opens_it_again_one_level_up_with_a_fresh_clock(state: State) -> None:
    case = in_state(state)
    at = T0 + minutes(500)
    happened = judged(case, e.Rated(at=at, score=1, text="still broken"), fresh(at))
    again = apply_all(case, happened)
    assert (again.state, again.unit) == (State.REOPENED, "hede")
    assert own(again, "resolve").started_at == at
    assert happened[-1].tells(again) == ["xingfu"], "who had it hears of it"
    assert what(judged(again, e.Rated(at=at, score=1), fresh(at))) == ["case.rated"], "once per judgement"
    assert what(judged(case, e.Rated(at=at, score=2), fresh(at))) == ["case.rated"]


def test_at_the_top_a_dissatisfied_reporter_opens_it_there() -> None:
    case = opened(path=PATH[:1])
    desk = Actor("county", "sheyang", "duty_officer", "A")
    case = do(do(case, "claim", desk), "resolve", desk)
    assert apply_all(case, judged(case, e.Rated(at=T0, score=1), fresh(T0))).unit == "sheyang"


def test_where_the_category_asks_for_it_the_desk_looks_again_after_closing() -> None:
    at = T0 + timedelta(days=7)
    closed = do(do(in_state(State.RESOLVED), "inspect", SECOND), "close", follow_up=at)
    assert closed.next_due == at
    (looked,) = due(closed, at + minutes(5))
    assert (looked.TYPE, looked.tells(closed)) == ("case.follow_up.v1", [closed.unit])
    assert apply_all(closed, [looked]).next_due is None


@given(st.integers(1, 6), st.lists(st.integers(0, 20 * 3600), max_size=30), st.booleans())
def test_a_case_that_nobody_works_at_always_reaches_the_top(levels: int, stills: list[int], seen: bool) -> None:
    path = tuple(UnitOnPath(f"u{n}", f"level-{n}") for n in range(levels))
    case = opened(clocks=(), path=path, forgotten_after=3600)
    desk = Actor("desk", path[-1].id, "duty_officer", "A")
    now = T0
    if seen:
        case = do(case, "acknowledge", desk, now)
    told: list[str] = []
    for still in (*stills, 3600 * levels):
        now += timedelta(seconds=still)
        happened = due(case, now)
        told += [event.to for event in happened if isinstance(event, Forgotten)]
        case = apply_all(case, happened) if happened else case
    assert told == [unit.id for unit in reversed(path)], "each level once, from the owner to the top"
    assert case.next_due is None


def test_who_does_something_starts_the_wait_anew_and_a_reporters_word_does_not() -> None:
    case = opened(clocks=(), forgotten_after=3600)
    worked = do(case, "acknowledge", DESK, T0 + minutes(50))
    assert due(worked, T0 + minutes(100)) == []
    assert what(due(worked, T0 + minutes(110))) == ["case.forgotten"]
    rated = apply_all(case, [e.Rated(at=T0 + minutes(50), score=3)])
    assert what(due(rated, T0 + minutes(60))) == ["case.forgotten"]
