"""A morning on patrol (巡查): most of what the ground finds it mends at once; some is handed in, some is looked at."""

from datetime import timedelta
from typing import Any

import pytest

from services.router.cases import judgement
from services.router.domain.case_parts.marks import Found
from services.router.domain.patrol import found
from shared.kernel.errors import Refusal
from tests.kit.duty import MORNING, Duty


def handled(words: str = "已劝离并收起飞线", how: str = "agreement", **more: Any) -> dict[str, Any]:
    return {"how": how, "text": words, "at": MORNING - timedelta(hours=1), **more}


def on_patrol(person: str, words: str, category: str = "flying_wire_charging", **said: Any) -> Duty:
    given = {"channel": "patrol", "category": category, "observed_at": MORNING - timedelta(hours=2), **said}
    return Duty.reported(words, by=Duty.officer(person), **given)


@pytest.fixture
def every_find_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn(case: str, priority: Any, share: float, by: str, by_unit: str, at: Any) -> Found:
        return found(case, priority, 1.0, by, by_unit, at)

    monkeypatch.setattr(judgement, "found", drawn)


def refusal(duty: Duty, person: str, command: str, **body: Any) -> str:
    with pytest.raises(Refusal) as refused:
        duty.does(person, command, **body)
    return str(refused.value.extra["reason"])


def test_a_member_of_the_branch_takes_the_wire_down_and_nobody_is_called_out() -> None:
    duty = on_patrol("branch.member", "3号楼飞线充电", handled=handled(photos=["after1"]), photos=["before1"])
    case = duty.case
    assert (case.state, case.unit, case.resolved_by, case.resolved_how) == (
        "closed", "jingang", "branch.member", "agreement",
    )  # fmt: skip
    (line,) = case.history
    assert (case.photos, line.photos, line.text, line.remark) == (
        ("before1",), ("after1",), "已劝离并收起飞线", "found_not_drawn",
    )  # fmt: skip
    assert line.said_at == MORNING - timedelta(hours=1)
    assert (duty.heard, case.clocks, case.next_due) == ([], (), None)
    duty.waits("P40D")
    assert (duty.heard, duty.case.version) == ([], 1), "no clock of it ever breaches"


@pytest.mark.usefixtures("every_find_is_drawn")
def test_a_drawn_find_waits_for_the_town_and_not_for_a_colleague() -> None:
    duty = on_patrol("jingang.duty", "3号楼飞线充电", handled=handled())
    assert (duty.case.state, duty.heard) == ("resolved", [("town.duty", "case.opened")])
    assert refusal(duty, "jingang.second", "inspect", ok=True) == "inspected_above"
    assert refusal(duty, "jingang.duty", "inspect", ok=True) == "own_work"
    seen = duty.does("town.duty", "inspect", ok=True, text="现场看过，确已收起")
    assert (seen["state"], seen["inspected_by"]) == ("closed", "town.duty"), "nobody else waits for it"


@pytest.mark.usefixtures("every_find_is_drawn")
def test_the_town_finds_the_wire_still_hanging_and_the_work_begins_with_a_clock() -> None:
    duty = on_patrol("branch.member", "3号楼飞线充电", handled=handled())
    seen = duty.does("town.duty", "inspect", ok=False, text="飞线还在")
    assert (seen["state"], seen["resolved_by"], seen["sample"]) == ("reopened", None, "drawn")
    assert [clock["kind"] for clock in seen["clocks"]] == ["resolve"]
    assert ("jingang.duty", "case.reopened") in duty.heard
    duty.does("jingang.duty", "claim")
    duty.does("jingang.duty", "resolve", how="agreement", text="与车主一起收起")
    again = duty.does("jingang.second", "inspect", ok=True)
    assert again["state"] == "resolved", "what the desk resolved is inspected and closed as usual"
    assert duty.does("jingang.duty", "close")["state"] == "closed"


def test_what_he_hands_in_is_an_ordinary_case_counted_as_patrol() -> None:
    duty = on_patrol("branch.member", "3号楼飞线充电")
    assert (duty.case.state, duty.case.channel, duty.case.found) == ("queued", "patrol", None)
    assert {clock.kind for clock in duty.case.clocks} == {"acknowledge", "resolve"}
    assert ("jingang.duty", "case.opened") in duty.heard


def test_a_power_man_who_mends_on_the_communitys_ground_is_believed_by_its_desk_not_by_the_machine() -> None:
    duty = on_patrol("power.desk", "3号楼飞线充电", handled=handled(how="repair", photos=["after1"]))
    assert (duty.case.state, duty.case.unit) == ("queued", "jingang")
    (line,) = duty.case.history
    assert (line.remark, line.text, line.photos) == ("found_elsewhere", "已劝离并收起飞线", ("after1",))
    assert ("jingang.duty", "case.opened") in duty.heard


@pytest.mark.parametrize("words", ["社区收钱没装充电桩", "有人拉横幅"])
def test_what_is_about_his_own_unit_or_may_be_sensitive_he_cannot_end(words: str) -> None:
    category = "about_us" if "收钱" in words else "other"
    duty = on_patrol("jingang.duty", words, category, handled=handled(how="repair"))
    assert (duty.case.state, duty.case.found) == ("queued", None)
    if category == "about_us":
        assert (duty.case.unit, duty.case.recused) == ("town", ("jingang",))
        assert ("jingang.duty", "case.opened") not in duty.heard


def test_the_same_draft_makes_the_same_case_word_for_word() -> None:
    one, again = (on_patrol("branch.member", "3号楼飞线充电", handled=handled()) for _ in range(2))
    assert one.case == again.case
