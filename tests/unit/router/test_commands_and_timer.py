"""Whoever comes first, a command or the timer: what was due by then is breached, and stays breached."""

from datetime import datetime
from secrets import token_hex
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.cases.case_views import answer, history_view
from services.router.cases.published_events import to_state
from services.router.cases.unit_of_work import Changes
from services.router.command_handling.bodies import ThereBody
from services.router.command_handling.commands_from_bodies import to_command
from services.router.command_handling.pack_lookups import Context
from services.router.domain import events as e
from services.router.domain.case import Case, State
from services.router.domain.clock import SlaClock
from services.router.domain.clock_renewal import Promise
from services.router.domain.commands.command import Actor, Command
from services.router.domain.commands.decide import decide
from services.router.domain.commands.inspection import judged
from services.router.domain.commands.pause import Pausable
from services.router.domain.commands.registry import RULES
from services.router.domain.commands.request_info import InfoGiven, answered
from services.router.domain.domain_event import DomainEvent
from services.router.domain.timer_rules import as_of
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.kernel.errors import Refusal
from shared.kernel.working_time import ALWAYS
from tests.kit.made_cases import (
    ACTORS,
    COUNTY_DESK,
    DESK,
    OTHER_DESK,
    POWER_DESK,
    POWER_PATH,
    SECOND,
    T0,
    TOWN_DESK,
    WALKER,
    called,
    clock,
    confirm,
    fresh,
    full,
    in_state,
    minutes,
    opened,
    review_by,
    rung,
)
from tests.kit.made_reports import harbour
from tests.packs import SHEYANG, pack_of

CHANGES = Changes(
    SimpleNamespace(),  # type: ignore[arg-type]
    SimpleNamespace(current=lambda city: harbour()),  # type: ignore[arg-type]
    SimpleNamespace(),  # type: ignore[arg-type]
    token_hex,
)
LATE = T0 + minutes(241)
"""After the deadline of every clock of a case opened at ``T0``, before the rungs that follow the breach of the last."""
Step = tuple[float, str, Actor, str | None]


class Told:
    """One case, what its events said of breaches, and whether a timer comes by before every command."""

    def __init__(self, case: Case, *, timer: bool) -> None:
        self.case = case
        self.timer = timer
        self.breached: list[tuple[str, str | None, datetime | None]] = []

    def presses(self, name: str, actor: Actor, now: datetime, part: str | None) -> str:
        """``done``, ``unchanged`` or the refusal's kind."""
        if self.timer:
            self.looks(now)
        case = as_of(self.case, now)
        try:
            happened = _pressed(case, name, actor, now, part)
        except Refusal as refusal:
            return refusal.kind
        if not happened:
            return "unchanged"
        self._becomes(happened)
        return "done"

    def looks(self, now: datetime) -> None:
        """The timer comes by."""
        if self.case.next_due is not None and self.case.next_due <= now:
            self._becomes([], at=now)

    def _becomes(self, happened: list[DomainEvent], at: datetime | None = None) -> None:
        change = CHANGES.of(self.case, happened, at=at)
        for event in change.envelopes:
            if event.type == "clock.breached.v1":
                data = decode(event, CaseEvent)
                assert data.clock is not None
                self.breached.append((data.clock, data.part, data.due_at))
        assert [e.id for e in change.envelopes] == sorted({e.id for e in change.envelopes}, key=_place)
        assert change.envelopes[-1].head == change.after.head
        self.case = change.after

    @property
    def clocks(self) -> list[tuple[Any, ...]]:
        return [(c.kind, c.part, c.state, c.due_at, c.met_at, c.fired) for c in self.case.clocks]


def _place(id_: str) -> tuple[int, int]:
    version, number = id_.split(".")[-2:]
    return int(version), int(number)


def objected(case: Case, now: datetime) -> SlaClock | None:
    return review_by(now) if case.state is State.REJECTED else None


def _pressed(case: Case, name: str, actor: Actor, now: datetime, part: str | None) -> list[DomainEvent]:
    """An officer's command, or what the reporter says."""
    if name == "the reporter is not satisfied":
        return judged(case, e.Rated(at=now, score=1), fresh(now), objected(case, now))
    if name == "the reporter answers":
        asked = case.state is State.WAITING_REPORTER
        return answered(case, InfoGiven(at=now), {}) if asked else [e.Noted(at=now)]
    shorter = (clock("resolve", 120, rungs=(rung(130, "tell", "county"),)), clock("on_site", 40))
    fields: dict[str, Any] = {
        "fresh_clock": fresh(now),
        "confirm_clock": clock("confirm", 60, started_at=now),
        "review_clock": review_by(now),
        "clock": "finish_part" if part else "resolve",
        "pausable": Pausable("any", frozenset({"on_site", "resolve", "finish_part"}), "PT1H"),
        "until": None if name == "pause" else now + minutes(500),
        "promise": Promise("lamps/*@v1", shorter, ALWAYS),
        "called": (called(POWER_PATH, now),),
        "part": part,
    }
    return decide(case, full(name, **fields), actor, now)


STEPS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 1.0, 7.0, 10.0, 29.5, 60.0, 240.0]),
        st.sampled_from([*sorted(RULES), "the reporter is not satisfied", "the reporter answers"]),
        st.sampled_from(ACTORS),
        st.sampled_from(["p1", None]),
    ),
    min_size=1,
    max_size=12,
)
WAYS = [
    [("claim", DESK, None), ("resolve", DESK, None)],
    [("claim", DESK, None), ("pause", DESK, None), ("approve_pause", TOWN_DESK, None)],
    [("claim", DESK, None), ("request_info", DESK, None), ("the reporter answers", DESK, None)],
    [("claim", DESK, None), ("call_in", DESK, None), ("finish_part", POWER_DESK, "p1")],
    [("claim", DESK, None), ("request_extension", DESK, None), ("approve_extension", TOWN_DESK, None)],
    [("return", DESK, None), ("approve_return", TOWN_DESK, None), ("return", OTHER_DESK, None)],
    [("reject", DESK, None), ("approve_reject", TOWN_DESK, None), ("the reporter is not satisfied", DESK, None)],
    [("reject", DESK, None), ("refuse_reject", TOWN_DESK, None), ("reject", DESK, None)],
    [("return", DESK, None), ("refuse_return", TOWN_DESK, None), ("transfer", DESK, None)],
]
"""Beginnings that chance finds seldom."""


@given(way=st.sampled_from(WAYS), waits=st.lists(st.sampled_from([0.0, 12.0, 31.0, 130.0]), max_size=3), steps=STEPS)
def test_no_order_of_timer_and_commands_loses_a_breach(
    way: list[tuple[str, Actor, str | None]], waits: list[float], steps: list[Step]
) -> None:
    """The same commands at the same moments, with a timer before each of them and with none at all."""
    with_timer, without = Told(opened(), timer=True), Told(opened(), timer=False)
    delays = [*waits, 0.0, 0.0, 0.0]
    all_steps = [*((delay, *one) for delay, one in zip(delays, way, strict=False)), *steps]
    now = T0
    for delay, name, actor, part in all_steps:
        now += minutes(delay)
        said = [told.presses(name, actor, now, part) for told in (with_timer, without)]
        assert said[0] == said[1], name
        for told in (with_timer, without):
            for one in told.case.clocks:
                assert one.state != "met" or one.met_at is None or one.met_at < one.due_at, one
    for told in (with_timer, without):
        told.looks(now)
    assert sorted(with_timer.breached, key=str) == sorted(without.breached, key=str)
    assert with_timer.clocks == without.clocks
    assert with_timer.case.state == without.case.state


@pytest.mark.parametrize(
    ("state", "name", "actor"),
    [
        (State.QUEUED, "acknowledge", DESK),
        (State.QUEUED, "claim", DESK),
        (State.ACKNOWLEDGED, "on_site", WALKER),
        (State.CLAIMED, "start", WALKER),
        (State.IN_PROGRESS, "resolve", DESK),
        (State.CLAIMED, "categorize", DESK),
        (State.CLAIMED, "request_info", DESK),
        (State.QUEUED, "reject", DESK),
        (State.CLAIMED, "merge", DESK),
        (State.CLAIMED, "transfer", DESK),
        (State.CLAIMED, "supervise", COUNTY_DESK),
    ],
)
def test_a_command_after_the_deadline_writes_the_breach_before_itself(state: State, name: str, actor: Actor) -> None:
    case = in_state(state)
    waiting = [c.kind for c in case.clocks if c.state == "running" and c.kind in ("on_site", "resolve")]
    assert waiting
    change = CHANGES.of(case, decide(as_of(case, LATE), full(name), _as(actor, case), LATE))
    types = [event.type for event in change.envelopes]
    breaches = [decode(e, CaseEvent) for e in change.envelopes if e.type == "clock.breached.v1"]
    assert {b.clock for b in breaches} >= set(waiting)
    assert types.index("clock.breached.v1") < len(types) - 1
    assert all(b.case.state == as_of(case, LATE).state for b in breaches), "they say how the case stood then"
    assert [e.sequence for e in change.envelopes] == sorted(e.sequence for e in change.envelopes)
    assert change.after.version == case.version + 2
    assert all(c.state == "breached" for c in change.after.clocks if c.kind in waiting and c.due_at <= LATE)


def _as(actor: Actor, case: Case) -> Actor:
    """By then the ladder of a case that nobody signed for has moved it to the town."""
    return TOWN_DESK if as_of(case, LATE).unit == TOWN_DESK.unit and actor in (DESK, WALKER) else actor


def test_met_after_its_deadline_a_clock_stays_breached_and_says_when_it_was_met() -> None:
    case = in_state(State.IN_PROGRESS)
    change = CHANGES.of(case, decide(as_of(case, LATE), full("resolve"), DESK, LATE))
    (resolve,) = (c for c in change.after.clocks if c.kind == "resolve")
    assert (resolve.state, resolve.met_at) == ("breached", LATE)
    assert change.after.next_due is None, "its ladder ends with it"


def test_at_the_very_deadline_it_is_late_and_a_moment_before_it_is_not() -> None:
    case = in_state(State.IN_PROGRESS)
    for moment, state in ((T0 + minutes(240), "breached"), (T0 + minutes(239.99), "met")):
        change = CHANGES.of(case, decide(as_of(case, moment), full("resolve"), DESK, moment))
        assert {c.kind: c.state for c in change.after.clocks}["resolve"] == state


def test_a_clock_that_stands_still_is_not_late_and_one_whose_pause_ended_long_ago_is() -> None:
    told = Told(in_state(State.IN_PROGRESS), timer=False)
    assert told.presses("pause", DESK, T0 + minutes(100), None) == "done"
    assert told.presses("approve_pause", TOWN_DESK, T0 + minutes(101), None) == "done"
    within = Told(told.case, timer=False)
    assert within.presses("resolve", DESK, T0 + minutes(150), None) == "done"
    assert {c.kind: c.state for c in within.case.clocks}["resolve"] == "met"
    assert told.presses("resolve", DESK, T0 + minutes(300), None) == "done"
    (resolve,) = (c for c in told.case.clocks if c.kind == "resolve")
    assert (resolve.state, resolve.due_at) == ("breached", T0 + minutes(300)), "an hour later, and at that moment late"


def test_an_answer_after_the_time_for_it_finds_the_case_back_at_work() -> None:
    case = in_state(State.WAITING_REPORTER)
    late = T0 + minutes(6 * 24 * 60)
    assert Told(case, timer=False).presses("answer_info", DESK, late, None) == "not-open"
    change = CHANGES.of(case, [InfoGiven(at=late)])
    assert [c.state for c in change.after.clocks if c.kind == "confirm"] == ["breached"]
    assert confirm(T0).due_at < late


def _there(name: str, body: ThereBody, case: Case) -> Command:
    return to_command(name, body, Context(case, WALKER, harbour(), T0))


def test_arrival_meets_its_clock_by_the_press_whatever_is_claimed() -> None:
    """B46: who says that he was there in time, after the time, is late; what he says stands beside it."""
    case, early = in_state(State.CLAIMED), T0 + minutes(5)
    body = msgspec.convert(
        {"at": "2026-03-02T08:05:00Z", "location": {"lon": 120.1, "lat": 33.7, "crs": "wgs84"}}, ThereBody
    )
    change = CHANGES.of(case, decide(as_of(case, LATE), _there("on_site", body, case), WALKER, LATE))
    (on_site,) = (c for c in change.after.clocks if c.kind == "on_site")
    assert (on_site.state, on_site.met_at) == ("breached", LATE)
    line = history_view(change.after.history[-1], pack_of(SHEYANG))
    assert (line.at, line.said_at) == (LATE, early)
    assert change.envelopes[-1].time == LATE


@pytest.mark.parametrize("name", ["on_site", "start"])
def test_where_and_when_somebody_says_he_was_is_in_the_history_and_in_no_event(name: str) -> None:
    case = in_state(State.CLAIMED)
    body = msgspec.convert(
        {"at": "2026-03-02T07:00:00+08:00", "location": {"lon": 120.263118, "lat": 33.771412, "crs": "gcj02"}},
        ThereBody,
    )
    change = CHANGES.of(case, decide(case, _there(name, body, case), WALKER, T0))
    line = answer(change.after, DESK, pack_of(SHEYANG)).history[-1]
    assert line.said_at is not None and line.said_at.isoformat() == "2026-03-01T23:00:00+00:00"
    assert line.location is not None
    lon, lat = line.location.lon, line.location.lat
    assert line.location.crs == "wgs84"
    assert 0 < abs(lon - 120.263118) < 0.01 and 0 < abs(lat - 33.771412) < 0.01, "not as it was sent: on another datum"
    for event in change.envelopes:
        assert str(lon) not in event.data and "2026-03-01T23" not in event.data
    assert to_state(change.after).lon == case.location.lon, "where the case is"
    assert history_view(change.after.history[-1], pack_of(SHEYANG), words=False).location is None


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_that_is_none_in_utc_is_422(at: str) -> None:
    with pytest.raises(Refusal) as refused:
        _there("on_site", msgspec.convert({"at": at}, ThereBody), in_state(State.CLAIMED))
    assert refused.value.status == 422


def test_the_ladder_tells_of_a_breach_that_a_command_brought_to_light() -> None:
    case = opened(clocks=(clock("resolve", 10, rungs=(rung(10, "tell", "county"),)),))
    change = CHANGES.of(case, decide(as_of(case, T0 + minutes(11)), full("claim"), SECOND, T0 + minutes(11)))
    assert [event.type for event in change.envelopes] == ["clock.breached.v1", "case.escalated.v1", "case.claimed.v1"]
    assert [decode(event, CaseEvent).tell for event in change.envelopes] == [["xingfu"], ["sheyang"], []]
    assert (change.fired, [c.kind for c in change.breached]) == (2, ["resolve"])
