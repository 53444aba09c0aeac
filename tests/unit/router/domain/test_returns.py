"""Returning a case 退单: who may ask, who reviews it, what each ruling leaves, and that no case goes round for ever."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.case import Case, State
from services.router.domain.case_parts.owner_path import UnitOnPath
from services.router.domain.commands.command import Actor
from services.router.domain.commands.decide import decide, open_commands
from services.router.domain.values import replace
from shared.kernel.errors import Refusal
from tests.kit.made_cases import (
    COMMUNITY,
    COUNTY,
    COUNTY_DESK,
    DESK,
    OTHER,
    OTHER_DESK,
    OTHER_PATH,
    PATH,
    SECOND,
    T0,
    TOWN,
    TOWN_DESK,
    do,
    fired,
    full,
    in_state,
    minutes,
    opened,
    review_by,
)
from tests.kit.refusals import refused

TOWN_SECOND = Actor("town-second", TOWN, "duty_officer", "A")


def returned(case: Case | None = None, actor: Actor = DESK, **fields: Any) -> Case:
    return do(opened() if case is None else case, "return", actor, T0 + minutes(3), **fields)


def why(case: Case, name: str, actor: Actor, **fields: Any) -> object:
    with refused(409) as refusal:
        decide(case, full(name, **fields), actor, T0 + minutes(4))
    return refusal.value.extra["reason"]


def test_who_returns_a_case_keeps_it_until_another_has_it() -> None:
    case = returned()
    assert (case.unit, case.state, case.offered_to) == (COMMUNITY, State.ACKNOWLEDGED, None)
    assert case.ruling is not None
    assert (case.ruling.what, case.ruling.to, case.ruling.suggests) == ("return", TOWN, OTHER)
    assert {c.kind: c.state for c in case.clocks} == {
        "acknowledge": "met",
        "on_site": "running",
        "resolve": "running",
        "review": "running",
    }
    assert {"claim", "resolve"} & set(open_commands(do(case, "claim", DESK), DESK)) == {"resolve"}


def test_a_granted_return_sends_it_to_the_suggested_unit_and_no_clock_starts_anew() -> None:
    case = returned()
    sent = do(case, "approve_return", TOWN_DESK, T0 + minutes(20), promise=None)
    assert (sent.path, sent.state, sent.claimed_by) == (OTHER_PATH, State.QUEUED, None)
    before = {c.kind: (c.started_at, c.due_at) for c in case.clocks}
    assert {c.kind: (c.started_at, c.due_at) for c in sent.clocks} == before
    assert {c.kind: c.state for c in sent.clocks}["review"] == "met"
    assert sent.ruling is None


def test_a_refused_return_binds_the_unit_and_leaves_a_consultation_alone() -> None:
    case = do(returned(), "refuse_return", TOWN_DESK, T0 + minutes(20))
    assert (case.unit, case.ruling) == (COMMUNITY, None)
    assert why(case, "return", SECOND) == "must_handle"
    assert why(case, "transfer", DESK) == "must_handle"
    assert "consult" in open_commands(case, TOWN_DESK)
    assert "claim" in open_commands(case, DESK)
    assert "transfer" in open_commands(case, TOWN_DESK), "a level above still disposes of it"


def test_a_unit_asks_once_also_when_it_gets_the_case_back() -> None:
    there = do(returned(), "approve_return", TOWN_DESK, promise=None)
    back = do(returned(there, OTHER_DESK, suggest=COMMUNITY), "approve_return", TOWN_DESK, path=PATH, to=COMMUNITY)
    assert back.unit == COMMUNITY
    assert why(back, "return", DESK) == "returned_already"


def test_after_the_signing_time_it_is_too_late() -> None:
    assert why(opened(), "return", DESK, in_time=False) == "too_late_to_return"


def test_the_owner_asks_and_not_the_level_that_would_review_it() -> None:
    assert why(opened(), "return", TOWN_DESK) == "owner_asks"
    assert "return" not in open_commands(opened(), TOWN_DESK)


def test_nobody_rules_on_his_own_request_and_no_unit_on_that_of_its_own_desk() -> None:
    case = returned()
    for actor in (DESK, SECOND, OTHER_DESK):
        assert "approve_return" not in open_commands(case, actor)
    for actor in (TOWN_DESK, TOWN_SECOND, COUNTY_DESK):
        assert {"approve_return", "refuse_return"} <= set(open_commands(case, actor))
    assert why(case, "approve_return", SECOND) == "not_yours_to_grant"


def test_at_the_top_another_superior_of_the_same_desk_rules() -> None:
    chief, clerk = Actor("chief", COUNTY, "supervisor"), Actor("clerk", COUNTY, "duty_officer", "A")
    case = returned(opened(path=PATH[:1]), COUNTY_DESK)
    assert case.ruling is not None
    assert case.ruling.to == COUNTY
    assert "approve_return" in open_commands(case, chief)
    for actor in (COUNTY_DESK, clerk):
        assert "approve_return" not in open_commands(case, actor)


def test_a_granted_return_needs_a_unit_and_another_than_the_owner() -> None:
    for to in (None, COMMUNITY):
        with refused(422) as refusal:
            decide(returned(), full("approve_return", to=to), TOWN_DESK, T0)
        assert [error.pointer for error in refusal.value.errors] == ["/to"]


def test_while_it_waits_nothing_takes_the_case_away_from_the_ruling() -> None:
    case = returned()
    for name in ("transfer", "request_info", "return"):
        assert why(case, name, DESK) == "ruling_pending"


def test_the_time_to_rule_is_neither_paused_nor_put_off() -> None:
    for name in ("pause", "request_extension"):
        with refused(422) as refusal:
            decide(returned(), full(name, clock="review"), DESK, T0 + minutes(5))
        assert [error.pointer for error in refusal.value.errors] == ["/clock"]


def test_who_does_not_rule_in_time_is_told_and_then_the_level_above_him() -> None:
    case = fired(returned(review_clock=review_by(T0)), T0 + minutes(121))
    lines = [(line.what, line.unit) for line in case.history if line.clock == "review"]
    assert lines == [
        ("case.return_requested", COMMUNITY),
        ("clock.warned", TOWN),
        ("clock.breached", TOWN),
        ("case.escalated", COUNTY),
    ]
    assert case.unit == COMMUNITY
    late = do(case, "refuse_return", TOWN_DESK, T0 + minutes(130))
    (clock,) = (c for c in late.clocks if c.kind == "review")
    assert (clock.state, clock.met_at) == ("breached", T0 + minutes(130))


def test_a_request_lapses_with_the_work_or_with_another_owner() -> None:
    done = do(do(returned(), "claim", DESK), "resolve", DESK, T0 + minutes(10))
    assert done.ruling is None
    assert {c.kind: c.state for c in done.clocks}["review"] == "void"
    gone = replace(returned(), bound=None)
    assert why(do(gone, "claim", DESK), "approve_return", DESK) == "not_yours_to_grant"


def test_passed_on_three_times_the_command_centre_rules_and_nobody_passes_it_on_after_that() -> None:
    case = replace(opened(), passes=3)
    asked = returned(case)
    assert asked.ruling is not None
    assert asked.ruling.to == COUNTY
    assert "approve_return" not in open_commands(asked, TOWN_DESK)
    assert why(case, "transfer", DESK) == "command_centre_rules"
    assert why(case, "transfer", TOWN_DESK) == "command_centre_rules"
    ruled = do(asked, "approve_return", COUNTY_DESK, promise=None)
    assert ruled.unit == OTHER
    assert why(ruled, "return", OTHER_DESK) == "must_handle"
    assert why(ruled, "transfer", OTHER_DESK) == "command_centre_rules"
    assert do(case, "transfer", COUNTY_DESK, promise=None).unit == OTHER, "at once, without an offer"


UNITS = {f"u{n}": (*PATH[:2], UnitOnPath(f"u{n}", "community")) for n in range(6)}
DESKS = [*(Actor(f"desk-{unit}", unit, "duty_officer", "A") for unit in UNITS), TOWN_DESK]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["return", "approve_return", "refuse_return", "transfer", "accept", "refuse"]),
            st.sampled_from(DESKS),
            st.sampled_from(sorted(UNITS)),
        ),
        max_size=60,
    )
)
def test_no_case_is_passed_from_unit_to_unit_more_than_three_times_without_the_command_centre(
    steps: list[tuple[str, Actor, str]],
) -> None:
    case, owners = opened(path=UNITS["u0"]), ["u0"]
    for name, actor, to in steps:
        path = UNITS[case.offered_to or to] if name == "accept" else UNITS[to]
        guest = dataclasses.replace(actor, guest=actor.unit not in [unit.id for unit in case.path])
        try:
            case = do(case, name, guest, to=to, path=path, suggest=None, promise=None)
        except Refusal:
            continue
        if case.unit != owners[-1]:
            owners.append(case.unit)
    assert len(owners) <= 4, owners


@pytest.mark.parametrize("granted", [True, False])
def test_who_asked_and_who_is_concerned_hear_the_ruling(granted: bool) -> None:
    case = returned()
    name = "approve_return" if granted else "refuse_return"
    (event,) = decide(case, full(name, promise=None), TOWN_DESK, T0 + minutes(9))
    assert event.tells(case) == [COMMUNITY]
    assert event.asked_by_meant == DESK.person
    assert event.told(case) == "because"


def test_a_returned_case_is_watched_in_the_new_unit_from_when_it_got_it() -> None:
    case = do(returned(opened(forgotten_after=3600)), "approve_return", TOWN_DESK, T0 + minutes(30), promise=None)
    assert case.held_since == T0 + minutes(30)
    assert case.wakes_at == T0 + minutes(90)
    assert in_state(State.CLAIMED).held_since is None
