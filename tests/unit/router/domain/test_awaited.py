"""Whatever waits for a decision stands on the list of who may take it, and on nobody else's."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from services.router.cases.stored.case_document import to_doc
from services.router.domain.awaited import awaited, is_for
from services.router.domain.case import Case, State
from services.router.domain.commands.command import Actor
from services.router.domain.commands.pause import Pausable
from tests.kit.made_cases import (
    ACTORS,
    COMMUNITY,
    COUNTY,
    DESK,
    OTHER,
    OTHER_DESK,
    POWER_DESK,
    SECOND,
    T0,
    TOWN,
    TOWN_DESK,
    WALKER,
    do,
    in_state,
    minutes,
    opened,
    rejected,
    review_by,
    with_called_units,
)

LEADER = Actor("leader", COMMUNITY, "grid_leader", "A")
TOWN_SECOND = Actor("town-second", TOWN, "duty_officer", "A")


def on_lists(case: Case, actors: Sequence[Actor] = (*ACTORS, LEADER, TOWN_SECOND)) -> dict[str, list[str]]:
    """What waits → the people on whose lists it stands."""
    return {one.what: [actor.person for actor in actors if is_for(case, one, actor)] for one in awaited(case)}


def test_a_return_waits_at_the_level_above_until_it_is_ruled_on() -> None:
    case = do(opened(), "return", DESK, T0 + minutes(3))
    assert on_lists(case) == {"return": ["town-desk", "town-second"]}
    (one,) = awaited(case)
    assert (one.asker, one.by, one.due_at) == (COMMUNITY, "desk", T0 + minutes(120))
    assert to_doc(case, [])["awaits"] == [TOWN]
    granted = do(case, "approve_return", TOWN_DESK, T0 + minutes(9))
    assert awaited(granted) == ()
    assert "awaits" not in to_doc(granted, [])


def test_a_rejection_waits_at_the_level_above_and_its_time_is_the_rulings() -> None:
    assert on_lists(do(opened(), "reject", DESK, T0, review_clock=review_by(T0))) == {
        "rejection": ["town-desk", "town-second"]
    }
    assert awaited(rejected(opened())) == ()


@pytest.mark.parametrize("how", ["unfounded", "long_term"])
def test_an_ending_that_is_granted_above_waits_there(how: str) -> None:
    case = do(in_state(State.CLAIMED), "resolve", how=how, follow_up=T0 + minutes(1440))
    assert on_lists(case) == {"outcome": ["town-desk", "town-second"]}


def test_an_extension_waits_above_and_says_until_when() -> None:
    case = do(in_state(State.CLAIMED), "request_extension", DESK, T0, until=T0 + minutes(300))
    assert on_lists(case) == {"extension": ["town-desk", "town-second"]}
    (one,) = awaited(case)
    assert (one.clock, one.until, one.due_at) == ("resolve", T0 + minutes(300), T0 + minutes(240))


def test_a_pause_waits_at_the_own_desk_where_the_pack_says_so_and_never_with_who_asked() -> None:
    own = Pausable("weather", frozenset({"resolve"}), "P1D", "own")
    case = do(in_state(State.CLAIMED), "pause", LEADER, T0, pausable=own, until=None)
    second = replace(LEADER, person="second-leader")
    assert on_lists(case, (DESK, LEADER, second, TOWN_DESK)) == {"pause": ["second-leader"]}
    assert on_lists(do(in_state(State.CLAIMED), "pause", DESK, T0, until=None)) == {
        "pause": ["town-desk", "town-second"]
    }


def test_a_called_units_request_waits_with_who_called_it() -> None:
    case = do(with_called_units(), "request_extension", POWER_DESK, T0, clock="finish_part", part="p1")
    (one,) = awaited(case)
    assert (one.units, one.asker, one.part) == ((COMMUNITY,), "power", "p1")
    assert "desk" in on_lists(case)["extension"]
    assert "power-desk" not in on_lists(case)["extension"]


def test_an_offer_waits_with_the_unit_that_it_is_offered_to() -> None:
    case = do(opened(), "transfer", DESK)
    guest = replace(OTHER_DESK, guest=True)
    assert on_lists(case, (DESK, TOWN_DESK, guest)) == {"offer": ["other-desk"]}
    assert to_doc(case, [])["awaits"] == [OTHER]


def test_what_is_resolved_waits_for_an_inspection_by_another_then_for_its_closing() -> None:
    case = in_state(State.RESOLVED)
    assert on_lists(case, (DESK, SECOND, WALKER, TOWN_DESK)) == {"inspection": ["second", "walker"]}
    inspected = do(case, "inspect", SECOND)
    assert on_lists(inspected, (DESK, SECOND, WALKER, TOWN_DESK)) == {"closing": ["desk", "second"]}
    assert awaited(do(inspected, "close")) == ()


def test_who_stands_higher_still_is_not_troubled_with_what_another_desk_is_asked() -> None:
    case = do(opened(), "return", DESK, T0 + minutes(3))
    county = [actor for actor in ACTORS if actor.unit == COUNTY]
    assert county
    assert on_lists(case, county) == {"return": []}
