"""What commands do beyond the state: who may, what must be said, what stays, what is undone."""

from datetime import timedelta
from typing import get_args

import pytest

from services.router.domain import events as e
from services.router.domain.apply import apply_all
from services.router.domain.case import Case, State
from services.router.domain.clock_events import Escalated
from services.router.domain.commands.command import Actor
from services.router.domain.commands.decide import decide
from services.router.domain.commands.registry import RULES
from shared.kernel.errors import Refusal
from shared.kernel.vocabulary import RefusalReason
from tests.kit.made_cases import (
    ACTORS,
    COMMUNITY,
    DESK,
    OTHER,
    OTHER_DESK,
    OTHER_PATH,
    POWER_DESK,
    SECOND,
    T0,
    TOWN,
    TOWN_DESK,
    WALKER,
    do,
    fresh,
    full,
    in_state,
    minutes,
    opened,
)
from tests.kit.refusals import refused


def test_who_resolved_cannot_inspect_and_another_can() -> None:
    case = in_state(State.RESOLVED)
    with refused(409) as refusal:
        decide(case, full("inspect"), DESK, T0)
    assert refusal.value.detail == "Who inspects neither resolved it nor granted how it ended."
    assert do(case, "inspect", SECOND).inspected_by == "second"


def test_nothing_closes_before_an_inspection_passed() -> None:
    case = in_state(State.RESOLVED)
    with refused(409):
        decide(case, full("close"), DESK, T0)
    assert do(do(case, "inspect", SECOND), "close").state is State.CLOSED


def test_an_inspection_that_fails_opens_the_case_again_with_a_fresh_clock() -> None:
    at = T0 + minutes(100)
    case = do(in_state(State.RESOLVED), "inspect", SECOND, at, ok=False, fresh_clock=fresh(at))
    assert case.state is State.REOPENED
    assert case.inspected_by is None
    assert [(c.kind, c.state, c.started_at) for c in case.clocks][-1] == ("resolve", "running", at)


def test_after_a_reopening_the_inspection_is_asked_for_again() -> None:
    case = do(do(in_state(State.RESOLVED), "inspect", SECOND), "reopen", fresh_clock=fresh(T0))
    case = do(do(case, "claim"), "resolve")
    with refused(409):
        decide(case, full("close"), SECOND, T0)


@pytest.mark.parametrize("seconds", [0, 9.999, 10])
def test_a_claim_is_taken_back_without_a_reason_for_ten_seconds(seconds: float) -> None:
    case = do(in_state(State.ACKNOWLEDGED), "claim", WALKER, T0 + minutes(1))
    at = T0 + minutes(1) + timedelta(seconds=seconds)
    released = do(case, "release", WALKER, at, reason=None)
    assert (released.state, released.claimed_by, released.assignee) == (State.ACKNOWLEDGED, None, None)


def test_later_a_release_says_why() -> None:
    case = do(in_state(State.ACKNOWLEDGED), "claim", WALKER, T0)
    at = T0 + timedelta(seconds=10, milliseconds=1)
    with refused(422) as refusal:
        decide(case, full("release", reason=None), WALKER, at)
    assert [error.pointer for error in refusal.value.errors] == ["/reason"]
    assert do(case, "release", WALKER, at, reason="wrong street").state is State.ACKNOWLEDGED


def test_somebody_elses_claim_is_released_by_a_desk_with_a_reason_only() -> None:
    case = do(in_state(State.ACKNOWLEDGED), "claim", WALKER, T0)
    with refused(422):
        decide(case, full("release", reason=None), DESK, T0)
    assert do(case, "release", DESK, T0, reason="off duty").claimed_by is None


def test_a_walker_releases_only_the_own_claim() -> None:
    case = do(in_state(State.ACKNOWLEDGED), "claim", DESK, T0)
    with refused(409) as refusal:
        decide(case, full("release"), WALKER, T0)
    assert "desk has claimed it" in refusal.value.detail


def test_a_claim_acknowledges_as_well() -> None:
    case = do(opened(), "claim", WALKER, T0 + minutes(3))
    assert case.clocks[0].met_at == T0 + minutes(3)
    assert (case.claimed_by, case.assignee, case.claimed_at) == ("walker", "walker", T0 + minutes(3))


def test_owner_and_clocks_stay_until_an_offer_is_accepted() -> None:
    before = in_state(State.CLAIMED)
    case = do(before, "transfer", DESK, T0 + minutes(5))
    assert (case.unit, case.offered_to, case.clocks, case.state) == (
        COMMUNITY,
        OTHER,
        before.clocks,
        State.CLAIMED,
    )


def test_what_is_offered_cannot_be_offered_again() -> None:
    case = do(in_state(State.CLAIMED), "transfer", DESK)
    for command in ("transfer", "return"):
        with refused(409) as refusal:
            decide(case, full(command), DESK, T0)
        assert OTHER in refusal.value.detail


def test_an_acceptance_moves_the_case_and_frees_it() -> None:
    case = do(in_state(State.CLAIMED), "transfer", DESK)
    moved = do(case, "accept", OTHER_DESK, T0 + minutes(5))
    assert moved.path == OTHER_PATH
    assert (moved.state, moved.offered_to, moved.claimed_by, moved.assignee, moved.refusals) == (
        State.ACKNOWLEDGED,
        None,
        None,
        None,
        0,
    )
    assert [c.due_at for c in moved.clocks] == [c.due_at for c in case.clocks]


def test_a_case_is_not_transferred_to_who_has_it() -> None:
    with refused(422):
        decide(in_state(State.CLAIMED), full("transfer", to=COMMUNITY), DESK, T0)


def refused_twice() -> Case:
    case = in_state(State.ACKNOWLEDGED)
    for _ in range(2):
        case = do(do(case, "transfer", DESK), "refuse", OTHER_DESK)
    return case


def test_a_first_refusal_goes_back_quietly() -> None:
    case = do(in_state(State.ACKNOWLEDGED), "transfer", DESK)
    happened = decide(case, full("refuse"), OTHER_DESK, T0)
    assert [event.TYPE for event in happened] == ["case.refused.v1"]
    after = apply_all(case, happened)
    assert (after.unit, after.offered_to, after.refusals) == (COMMUNITY, None, 1)


def test_refused_twice_the_level_above_is_told() -> None:
    case = do(do(in_state(State.ACKNOWLEDGED), "transfer", DESK), "refuse", OTHER_DESK)
    happened = decide(do(case, "transfer", DESK), full("refuse"), OTHER_DESK, T0)
    assert [event.TYPE for event in happened] == ["case.refused.v1", "case.escalated.v1"]
    told = happened[1]
    assert isinstance(told, Escalated)
    assert (told.act, told.to, told.rung) == ("tell", TOWN, None)


def test_refused_twice_the_level_above_rules_by_transfer() -> None:
    ruled = do(refused_twice(), "transfer", TOWN_DESK)
    assert (ruled.unit, ruled.offered_to, ruled.refusals) == (OTHER, None, 0)


def test_refused_twice_the_owner_still_only_offers() -> None:
    assert do(refused_twice(), "transfer", DESK).offered_to == OTHER


def test_before_two_refusals_the_level_above_only_offers() -> None:
    assert do(in_state(State.ACKNOWLEDGED), "transfer", TOWN_DESK).offered_to == OTHER


@pytest.mark.parametrize("said", [20, 90, -600])
def test_an_arrival_counts_from_the_press_and_what_was_said_of_it_stays_beside_it(said: int) -> None:
    case = do(in_state(State.CLAIMED), "on_site", WALKER, T0 + minutes(25), said_at=T0 + minutes(said))
    assert (case.clocks[1].state, case.clocks[1].met_at) == ("met", T0 + minutes(25))
    assert (case.history[-1].at, case.history[-1].said_at) == (T0 + minutes(25), T0 + minutes(said))
    late = do(in_state(State.CLAIMED), "on_site", WALKER, T0 + minutes(40), said_at=T0 + minutes(said))
    assert (late.clocks[1].state, late.clocks[1].met_at) == ("breached", T0 + minutes(40))


def test_a_rating_moves_the_version_and_not_the_etag() -> None:
    case = in_state(State.CLOSED)
    rated = apply_all(case, [e.Rated(at=T0, score=1, text="again dark")])
    assert rated.rating == 1
    assert (rated.version, rated.officer_moves) == (case.version + 1, case.officer_moves)


def test_every_other_change_moves_the_etag_once() -> None:
    case = opened()
    changed = apply_all(case, [e.Noted(at=T0, text="a"), e.Rated(at=T0, score=3), e.Noted(at=T0, text="b")])
    assert (changed.version, changed.officer_moves) == (case.version + 1, case.officer_moves + 1)


def test_who_did_it_and_why_is_a_line_of_the_history() -> None:
    case = do(in_state(State.CLAIMED), "escalate", DESK, T0 + minutes(7), reason="needs a crane")
    line = case.history[-1]
    assert (line.what, line.by, line.by_unit, line.unit, line.text, line.at, line.version) == (
        "case.escalated",
        "desk",
        COMMUNITY,
        TOWN,
        "needs a crane",
        T0 + minutes(7),
        case.version,
    )


def test_an_unknown_refusal_of_a_role_is_a_403_before_a_409() -> None:
    with pytest.raises(Refusal) as refusal:
        decide(in_state(State.CLOSED), full("reject"), WALKER, T0)
    assert refusal.value.status == 403


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("actor", ACTORS, ids=[actor.person for actor in ACTORS])
def test_every_403_and_409_names_its_reason_for_programs(state: State, actor: Actor) -> None:
    case = in_state(state)
    for name in RULES:
        try:
            decide(case, full(name), actor, T0)
        except Refusal as refusal:
            if refusal.status in (403, 409):
                assert refusal.extra["reason"] in get_args(RefusalReason), name


@pytest.mark.parametrize(
    ("state", "actor", "command", "reason"),
    [
        (State.CLAIMED, SECOND, "claim", "taken"),
        (State.CLOSED, DESK, "claim", "ended"),
        (State.RESOLVED, DESK, "inspect", "own_work"),
        (State.QUEUED, DESK, "accept", "nothing_offered"),
        (State.QUEUED, POWER_DESK, "claim", "guest"),
        (State.QUEUED, WALKER, "transfer", "role"),
        (State.QUEUED, DESK, "resolve", "claim_first"),
    ],
)
def test_the_reason_says_which_of_them_it_is(state: State, actor: Actor, command: str, reason: str) -> None:
    with pytest.raises(Refusal) as refusal:
        decide(in_state(state), full(command), actor, T0)
    assert refusal.value.extra["reason"] == reason
