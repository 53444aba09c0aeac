"""The page reads what the router answers, and offers nothing that the router then refuses."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from services.router.cases.case_views import answer
from services.router.domain.case import Case, State
from services.router.domain.commands.command import Actor
from services.router.domain.commands.decide import decide
from shared.case_page.case_answer import CaseAnswer, seen
from shared.case_page.next_steps import WORK, Reader, Step, next_steps
from shared.case_page.rendering import case_page
from shared.case_page.view import case_view
from tests.kit.made_case_answers import look
from tests.kit.made_cases import (
    ACTORS,
    COUNTY_DESK,
    DESK,
    OTHER_DESK,
    POWER_DESK,
    POWER_PATH,
    SECOND,
    T0,
    TEAM_MEMBER,
    TEAM_PATH,
    TOWN_DESK,
    do,
    fresh,
    full,
    in_state,
    minutes,
    with_called_units,
)
from tests.packs import SHEYANG, pack_of

OFFERED_TO = Actor(OTHER_DESK.person, OTHER_DESK.unit, OTHER_DESK.role, "A", guest=True)


def cases() -> Iterator[tuple[str, Case]]:
    """Cases in every state, and with everything that the page can offer."""
    for state in State:
        yield state, in_state(state)
    yield "offered", do(in_state(State.CLAIMED), "transfer")
    yield "pause asked", do(in_state(State.CLAIMED), "pause")
    yield "extension asked", do(in_state(State.CLAIMED), "request_extension")
    called = with_called_units(POWER_PATH, TEAM_PATH)
    yield "called", called
    there = do(called, "report_in", POWER_DESK)
    yield "reported in", there
    of_part: dict[str, Any] = {"clock": "finish_part", "part": "p1"}
    yield "extension of a part", do(there, "request_extension", POWER_DESK, **of_part, until=T0 + minutes(600))
    yield "consulted", do(in_state(State.CLAIMED), "consult", COUNTY_DESK)
    yield "inspected", do(in_state(State.RESOLVED), "inspect", SECOND)


CASES = dict(cases())


def asked(case: Case, actor: Actor) -> CaseAnswer:
    """The router's answer, as it comes over the wire."""
    return seen(msgspec.json.encode(answer(case, actor, pack_of(SHEYANG))), '"3"').case


def reader(actor: Actor) -> Reader:
    return Reader(actor.person, frozenset({actor.unit}), frozenset({actor.unit, *actor.path}))


def fields_of(step: Step) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if step.part is not None:
        fields["part"] = step.part
    if step.clock is not None:
        fields["clock"] = step.clock
    if step.name.startswith("approve"):
        fields["until"] = None
    if step.name == "inspect_not_ok":
        fields |= {"ok": False, "fresh_clock": fresh(T0)}
    return fields


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("actor", [*ACTORS, OFFERED_TO], ids=lambda actor: f"{actor.person} {actor.guest}")
def test_each_step_that_is_offered_is_one_that_the_router_carries_out(name: str, actor: Actor) -> None:
    case = CASES[name]
    for step in next_steps(asked(case, actor), reader(actor)).all:
        assert decide(case, full(step.command, **fields_of(step)), actor, T0) is not None, step


@pytest.mark.parametrize("name", CASES)
def test_the_page_of_everybody_can_be_made_from_the_answer(name: str) -> None:
    for actor in ACTORS:
        assert "<h1>" in case_page(case_view(look(asked(CASES[name], actor), reader(actor))))


@pytest.mark.parametrize(
    ("name", "actor", "first"),
    [
        ("offered", OFFERED_TO, "accept"),
        ("pause asked", TOWN_DESK, "approve_pause@resolve"),
        ("extension asked", COUNTY_DESK, "approve_extension@resolve"),
        ("called", POWER_DESK, "report_in.p1"),
        ("called", TEAM_MEMBER, "report_in.p2"),
        ("reported in", POWER_DESK, "finish_part.p1"),
        ("extension of a part", DESK, "approve_extension.p1@finish_part"),
        ("consulted", POWER_DESK, "note"),
        (State.RESOLVED, SECOND, "inspect_ok"),
        ("inspected", DESK, "close"),
        (State.QUEUED, DESK, "claim"),
    ],
)
def test_each_is_offered_first_what_the_case_needs_from_him(name: str, actor: Actor, first: str) -> None:
    assert next_steps(asked(CASES[name], actor), reader(actor)).all[0].key == first


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("actor", [TOWN_DESK, COUNTY_DESK], ids=lambda actor: actor.person)
def test_nobody_above_is_offered_the_communitys_work(name: str, actor: Actor) -> None:
    assert not {step.name for step in next_steps(asked(CASES[name], actor), reader(actor)).all} & WORK
