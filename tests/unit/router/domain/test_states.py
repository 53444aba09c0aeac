"""The state table: every command in every state is a rule or a refusal that names what is open instead."""

import pytest

from services.router.domain.case import ENDED, State
from services.router.domain.commands.command import Actor
from services.router.domain.commands.decide import decide, open_commands
from services.router.domain.commands.registry import RULES, why_not
from shared.kernel.errors import Refusal
from tests.kit.made_cases import (
    ACTORS,
    DESK,
    INSPECTOR,
    OTHER,
    OTHER_DESK,
    SECOND,
    T0,
    TOWN,
    TOWN_DESK,
    WALKER,
    do,
    fresh,
    full,
    in_state,
)
from tests.kit.refusals import refused

EVERY = [(state, command) for state in State for command in RULES]


@pytest.mark.parametrize(("state", "command"), EVERY)
def test_every_command_in_every_state_is_carried_out_or_refused_naming_the_open_ones(
    state: State, command: str
) -> None:
    case = in_state(state)
    for actor in ACTORS:
        try:
            happened = decide(case, full(command), actor, T0)
        except Refusal as refusal:
            assert refusal.status in (403, 409)
            if refusal.status == 409:
                assert refusal.detail
                assert refusal.extra["state"] == state
                assert refusal.extra["commands"] == open_commands(case, actor)
        else:
            assert happened or command == "acknowledge"


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("actor", ACTORS, ids=lambda actor: actor.person)
@pytest.mark.parametrize("offered", [None, OTHER, TOWN])
def test_the_open_commands_are_exactly_those_that_decide_takes(state: State, actor: Actor, offered: str | None) -> None:
    case = in_state(state)
    if offered is not None and "transfer" in open_commands(case, DESK):
        case = do(case, "transfer", DESK, to=offered)
    taken = []
    for command in RULES:
        try:
            decide(case, full(command), actor, T0)
        except Refusal:
            continue
        taken.append(command)
    assert taken == open_commands(case, actor)


@pytest.mark.parametrize("state", sorted(ENDED))
def test_an_ended_case_takes_notes_and_at_most_a_reopening(state: State) -> None:
    assert set(open_commands(in_state(state), None)) <= {"note", "reopen", "unmask"}


def test_every_state_has_a_way_on_except_the_ends_of_the_line() -> None:
    stuck = {
        state
        for state in State
        if set(open_commands(in_state(state), None)) <= {"note", "acknowledge", "merge", "split", "unmask"}
    }
    assert stuck == {State.REJECTED, State.MERGED}


@pytest.mark.parametrize(("state", "command"), [(s, c) for s, c in EVERY if s not in RULES[c].open_in])
def test_every_refusal_by_state_has_words(state: State, command: str) -> None:
    assert why_not(command, state)


@pytest.mark.parametrize(
    ("before", "command", "actor", "after"),
    [
        (State.QUEUED, "acknowledge", DESK, State.ACKNOWLEDGED),
        (State.REOPENED, "acknowledge", DESK, State.ACKNOWLEDGED),
        (State.QUEUED, "claim", WALKER, State.CLAIMED),
        (State.ACKNOWLEDGED, "claim", WALKER, State.CLAIMED),
        (State.REOPENED, "claim", DESK, State.CLAIMED),
        (State.CLAIMED, "release", DESK, State.ACKNOWLEDGED),
        (State.ACKNOWLEDGED, "on_site", WALKER, State.ON_SITE),
        (State.CLAIMED, "on_site", DESK, State.ON_SITE),
        (State.ACKNOWLEDGED, "start", DESK, State.IN_PROGRESS),
        (State.CLAIMED, "start", DESK, State.IN_PROGRESS),
        (State.ON_SITE, "start", DESK, State.IN_PROGRESS),
        (State.CLAIMED, "resolve", DESK, State.RESOLVED),
        (State.ON_SITE, "resolve", DESK, State.RESOLVED),
        (State.IN_PROGRESS, "resolve", DESK, State.RESOLVED),
        (State.RESOLVED, "inspect", SECOND, State.RESOLVED),
        (State.RESOLVED, "reopen", DESK, State.REOPENED),
        (State.CLOSED, "reopen", INSPECTOR, State.REOPENED),
        (State.QUEUED, "reject", DESK, State.ACKNOWLEDGED),
        (State.QUEUED, "note", WALKER, State.QUEUED),
        (State.CLOSED, "note", DESK, State.CLOSED),
        (State.QUEUED, "assign", DESK, State.QUEUED),
        (State.CLAIMED, "transfer", DESK, State.CLAIMED),
        (State.CLAIMED, "return", DESK, State.CLAIMED),
        (State.QUEUED, "return", DESK, State.ACKNOWLEDGED),
        (State.IN_PROGRESS, "escalate", DESK, State.IN_PROGRESS),
    ],
)
def test_a_command_leads_where_the_interface_says(before: State, command: str, actor: Actor, after: State) -> None:
    case = do(in_state(before), command, actor, fresh_clock=fresh(T0))
    assert case.state is after


def test_an_acknowledgement_repeated_changes_nothing() -> None:
    case = in_state(State.ACKNOWLEDGED)
    assert decide(case, full("acknowledge"), SECOND, T0) == []


def test_a_claim_of_what_somebody_has_is_refused_in_those_words() -> None:
    with refused(409) as refusal:
        decide(in_state(State.CLAIMED), full("claim"), SECOND, T0)
    assert "Somebody has it" in refusal.value.detail


@pytest.mark.parametrize(
    ("command", "actor"), [("reject", WALKER), ("claim", INSPECTOR), ("transfer", WALKER), ("close", WALKER)]
)
def test_a_role_without_the_right_is_forbidden_whatever_the_state(command: str, actor: Actor) -> None:
    for state in State:
        with refused(403):
            decide(in_state(state), full(command), actor, T0)


@pytest.mark.parametrize(
    ("state", "command", "blank", "pointer"),
    [
        (State.CLAIMED, "transfer", "reason", "/reason"),
        (State.CLAIMED, "return", "basis", "/basis"),
        (State.CLAIMED, "resolve", "text", "/text"),
        (State.CLAIMED, "escalate", "reason", "/reason"),
        (State.RESOLVED, "reopen", "reason", "/reason"),
        (State.QUEUED, "note", "text", "/text"),
    ],
)
def test_a_blank_text_is_named(state: State, command: str, blank: str, pointer: str) -> None:
    with refused(422) as refusal:
        decide(in_state(state), full(command, **{blank: "  "}), DESK, T0)
    assert [error.pointer for error in refusal.value.errors] == [pointer]


def test_the_offered_unit_accepts_and_nobody_else() -> None:
    case = do(in_state(State.CLAIMED), "transfer", DESK, to=OTHER)
    assert "accept" in open_commands(case, OTHER_DESK)
    assert "accept" not in open_commands(case, TOWN_DESK)
    assert "accept" not in open_commands(case, DESK)
