"""What a case needs from one person now, over all states, and by whom it is read."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.case_page.case_answer import Ask, CallBack, Consultation
from shared.case_page.next_steps import PROMINENT_MAX, STEP_NAMES, WORK, Reader, Step, next_steps, step_of
from shared.case_page.view import need
from shared.kernel.vocabulary import StateName
from tests.kit.made_case_answers import ABOVE, DESK, NOW, STATES, WORKS, case, look, part

PAUSE = Ask("pause", "resolve", "desk", "weather")
EXTENSION = Ask("extension", "resolve", "desk", "等配件", NOW + timedelta(days=1))


def keys(answer: Any, reader: Reader = DESK) -> list[str]:
    return [step.key for step in next_steps(answer, reader).all]


OF_THE_DESK: dict[StateName, list[str]] = {
    "queued": ["claim", "acknowledge"],
    "acknowledged": ["claim", "on_site"],
    "claimed": ["on_site", "resolve"],
    "on_site": ["resolve"],
    "in_progress": ["resolve"],
    "waiting_reporter": [],
    "resolved": ["inspect_ok", "inspect_not_ok", "close"],
    "closed": [],
    "rejected": [],
    "merged": [],
    "reopened": ["claim", "acknowledge", "on_site"],
}


@pytest.mark.parametrize("state", STATES)
def test_the_owners_people_are_offered_the_next_step_of_the_work(state: StateName) -> None:
    assert keys(case(state)) == OF_THE_DESK[state]


SIGNED_IN = replace(ABOVE, signed_in=True)


def test_who_is_to_call_the_reporter_sees_the_number_by_a_press_of_its_own_and_not_by_a_link() -> None:
    waiting = case("closed", call_back=CallBack(report="r1"))
    assert keys(waiting, SIGNED_IN) == ["unmask.r1", "record_call"]
    assert keys(waiting, ABOVE) == ["record_call"]
    assert keys(case("closed", call_back=CallBack(report="r1"), commands=("note", "unmask")), SIGNED_IN) == []


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("reader", [DESK, ABOVE, WORKS], ids=["desk", "above", "called"])
def test_nothing_is_offered_that_is_not_open_and_at_most_three_choices_stand_out(
    state: StateName, reader: Reader
) -> None:
    everything = case(state, offered_to="works", asks=(PAUSE, EXTENSION), parts=(part(), part("reported_in", id_="p2")))
    steps = next_steps(everything, reader)
    assert len(steps.prominent) <= PROMINENT_MAX
    assert {step.command for step in steps.all} <= set(everything.commands)
    assert next_steps(case(state, commands=()), reader).all == ()


@pytest.mark.parametrize("state", STATES)
def test_whoever_supervises_is_offered_none_of_the_owners_work(state: StateName) -> None:
    assert not {step.name for step in next_steps(case(state), ABOVE).all} & WORK


@pytest.mark.parametrize("state", STATES)
def test_a_desk_above_that_covers_another_community_is_still_above_this_one(state: StateName) -> None:
    covers = Reader("boss", frozenset({"town", "mill"}), frozenset({"county", "town", "mill"}))
    assert not {step.name for step in next_steps(case(state), covers).all} & WORK


@pytest.mark.parametrize(
    ("supervised_by", "language", "said"),
    [
        (None, "zh", "由<quay>办理。"),
        ("town", "zh", "督办工单：由<quay>办理。"),
        (None, "en", "<quay> works on it."),
        ("town", "en", "Under supervision: <quay> works on it."),
    ],
)
def test_a_case_is_called_supervised_only_where_somebody_supervises_it(
    supervised_by: str | None, language: str, said: str
) -> None:
    assert need(look(case(supervised_by=supervised_by), ABOVE, language))[0] == said


def test_who_is_above_but_has_the_case_himself_works_on_it() -> None:
    assert "claim" in keys(case(path=PATH_OF_TOWN, unit="town"), ABOVE)
    assert "claim" in keys(case(assignee="boss"), ABOVE)
    stands_in = Reader("boss", frozenset({"town", "quay"}), frozenset({"county", "town", "quay"}))
    assert "claim" in keys(case(), stands_in)


PATH_OF_TOWN = ("county", "town")


def test_an_offer_comes_first_and_only_where_it_is_offered() -> None:
    offered = case("acknowledged", offered_to="works", commands=("accept", "refuse", "note"))
    assert keys(offered, WORKS) == ["accept", "refuse"]
    assert [len(choice) for choice in next_steps(offered, WORKS).prominent] == [2]
    assert not {"accept", "refuse"} & set(keys(case("acknowledged", offered_to="works")))


def test_a_request_is_answered_above_and_not_by_who_asked() -> None:
    asked = case("claimed", asks=(PAUSE, EXTENSION))
    assert keys(asked, ABOVE) == [
        "approve_pause@resolve",
        "refuse_pause@resolve",
        "approve_extension@resolve",
        "refuse_extension@resolve",
    ]
    assert keys(asked) == ["on_site", "resolve"]
    own = case("claimed", asks=(Ask("pause", "resolve", "other", "weather", approver="own"),))
    assert keys(own)[0] == "approve_pause@resolve"


def test_a_request_for_a_part_is_answered_by_who_called_it_and_above() -> None:
    of_part = Ask("extension", "finish_part", "works-desk", "等配件", part="p1")
    asked = case("claimed", parts=(part("reported_in"),), asks=(of_part,))
    assert keys(asked)[0] == "approve_extension.p1@finish_part"
    assert keys(asked, ABOVE)[0] == "approve_extension.p1@finish_part"
    guest = case("claimed", parts=asked.parts, asks=asked.asks, commands=("report_in", "finish_part", "note"))
    assert keys(guest, WORKS) == ["finish_part.p1"]


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        ("waiting", []),
        ("called", ["report_in.p1", "finish_part.p1"]),
        ("reported_in", ["finish_part.p1"]),
        ("finished", []),
        ("excused", []),
    ],
)
def test_a_called_unit_is_offered_its_own_part(state: str, offered: list[str]) -> None:
    called = case("claimed", parts=(part(state), part(unit="police", id_="p2")), commands=("report_in", "finish_part"))
    assert keys(called, WORKS) == offered
    team = Reader("hand", frozenset({"works-team"}), frozenset({"county", "works", "works-team"}))
    assert keys(called, team) == offered, "the unit below the called one too"


def test_a_consulted_party_answers_until_it_is_concluded() -> None:
    asked = case("claimed", consultation=Consultation("谁来拆？", ("works",)), commands=("note",))
    assert keys(asked, WORKS) == ["note"]
    assert keys(asked) == []
    concluded = case("claimed", consultation=Consultation("谁来拆？", ("works",), "我们"), commands=("note",))
    assert keys(concluded, WORKS) == []


def test_what_another_has_claimed_is_not_pushed_at_the_next() -> None:
    taken = next_steps(case("claimed", claimed_by="somebody"), DESK)
    assert [step.name for choice in taken.prominent for step in choice] == ["on_site"]
    assert [step.name for choice in taken.more for step in choice] == ["resolve"]


def test_what_is_inspected_is_closed_and_not_inspected_again() -> None:
    commands = tuple(name for name in case("resolved").commands if name != "inspect")
    assert keys(case("resolved", inspected_by="x", commands=commands)) == ["close"]


@pytest.mark.parametrize("name", STEP_NAMES)
def test_a_step_is_read_back_from_its_form(name: Any) -> None:
    for step in (Step(name), Step(name, "p1"), Step(name, None, "resolve"), Step(name, "p1", "report_in")):
        named = name != "unmask" or step.part is not None  # which report
        assert step_of(step.key) == (step if named else None)


@pytest.mark.parametrize("key", ["", "unmask", "claim ", "claim.", "claim@", "claim@now", "claim." + "x" * 65, "声明"])
def test_other_texts_are_no_steps(key: str) -> None:
    assert step_of(key) is None
