"""A rider complains of those who would get the complaint (回避): it goes to the level above, and they never see it."""

import pytest

from services.router.domain.awaited import awaited
from shared.kernel.errors import Refusal
from tests.kit.duty import Duty, gardens

MONEY = "社区的人收钱不办事，路灯坏了半年"
HANDLED = {"jingang.duty", "jingang.second", "branch.member", "owners.chair", "property.desk"}
"""People of the community and of what lies below it: its members' team, its owners' committee, its property company."""


def unseen(duty: Duty, person: str) -> bool:
    with pytest.raises(Refusal) as refused:
        duty.does(person, "note", text="?")
    return refused.value.status == 404


def test_who_ticks_that_it_is_about_the_community_is_heard_by_the_town_and_the_community_never_knows() -> None:
    duty = Duty.reported(MONEY, about_us=True)
    assert (duty.case.unit, duty.case.recused) == ("town", ("jingang",))
    assert duty.told("town.duty") == ["case.opened"]

    duty.does("town.duty", "claim")
    duty.does("town.duty", "resolve", how="referral", text="已约谈")
    duty.does("county.duty", "inspect", ok=True)
    assert duty.does("town.duty", "close")["state"] == "closed"

    assert not HANDLED & {person for person, _ in duty.heard}
    assert all(unseen(duty, person) for person in HANDLED)


def test_what_nobody_deals_with_climbs_from_the_town_to_the_county_and_past_the_community() -> None:
    duty = Duty.reported(MONEY, about_us=True)
    duty.waits("P2D")
    assert "county.duty" in {person for person, _ in duty.heard}
    assert not HANDLED & {person for person, _ in duty.heard}


def test_words_alone_move_nothing_the_town_is_told_and_one_press_moves_it() -> None:
    duty = Duty.reported("网格员天天不见人，路灯坏了")
    assert (duty.case.unit, duty.case.recused, duty.case.suspected) == ("jingang", (), ("about_us",))
    assert duty.told("town.duty") == duty.told("jingang.duty") == ["case.opened"]
    with pytest.raises(Refusal) as own:
        duty.does("jingang.duty", "lift_recusal", reason="没有的事")
    assert (own.value.status, own.value.extra["reason"]) == (409, "not_above_recused")

    moved = duty.does("town.duty", "recuse", reason="反映的是网格员")
    assert (moved["unit"], moved["recused"], moved["suspected"]) == ("town", ["jingang"], [])
    assert all(unseen(duty, person) for person in HANDLED)
    duty.heard.clear()
    duty.does("town.duty", "claim")
    duty.does("town.duty", "escalate", reason="请县里研判")
    assert {person for person, _ in duty.heard} == {"county.duty"}


def test_a_company_to_which_the_desk_assigned_it_does_not_decide_that_it_is_not_about_the_desk() -> None:
    """B131: whoever was not the owner itself could."""
    duty = Duty.reported("网格员天天不见人，路灯坏了")
    duty.does("jingang.duty", "assign", to="jingang-property")
    with pytest.raises(Refusal) as refused:
        duty.does("property.desk", "lift_recusal", reason="没有的事")
    assert (refused.value.status, refused.value.extra["reason"]) == (409, "not_above_recused")
    assert duty.does("county.duty", "lift_recusal", reason="已核实")["suspected"] == []


def test_what_is_about_nobody_stays_and_the_suspicion_is_settled() -> None:
    duty = Duty.reported("网格员帮忙看过了，路灯还是坏的")
    settled = duty.does("town.duty", "lift_recusal", reason="只是提到网格员")
    assert (settled["unit"], settled["suspected"]) == ("jingang", [])
    assert duty.does("jingang.duty", "claim")["state"] == "claimed"


def test_a_desk_recuses_itself_and_what_was_ticked_by_mistake_comes_back() -> None:
    duty = Duty.reported("路灯坏了")
    duty.does("jingang.duty", "recuse", reason="报的人是我家邻居，说的是我")
    assert duty.case.unit == "town"
    with pytest.raises(Refusal) as refused:
        duty.does("town.duty", "transfer", to="jingang", reason="请社区办理")
    assert (refused.value.status, refused.value.errors[0].pointer) == (422, "/to")

    duty.does("town.duty", "lift_recusal", reason="与社区无关")
    duty.does("town.duty", "transfer", to="jingang", reason="请社区办理")
    assert duty.does("jingang.duty", "accept")["unit"] == "jingang"


def test_a_desk_that_sorts_a_complaint_of_itself_is_told_to_recuse_first_and_the_level_above_sorts_it() -> None:
    duty = Duty.reported("没人管，路灯坏了半年")
    with pytest.raises(Refusal) as refused:
        duty.does("jingang.duty", "categorize", category="about_us", reason="反映的是我们")
    assert (refused.value.status, refused.value.extra["reason"]) == (409, "recuse_first")
    duty.does("jingang.duty", "recuse", reason="反映的是我们")
    sorted_ = duty.does("town.duty", "categorize", category="about_us", reason="反映社区")
    assert (sorted_["unit"], sorted_["category"]) == ("town", "about_us")


def test_whoever_was_called_in_and_is_recused_has_no_part_any_more() -> None:
    duty = Duty.reported("路灯坏了")
    duty.does("jingang.duty", "claim")
    duty.does("jingang.duty", "call_in", units=["jingang-property", "power"], reason="电线")
    duty.does("town.duty", "recuse", reason="反映的是物业", about="jingang-property")
    assert (duty.case.unit, duty.case.called) == ("jingang", ["power"])
    assert unseen(duty, "property.desk")
    assert duty.does("power.desk", "report_in", part=duty.part("power").id)["state"]


@pytest.mark.parametrize("words", ["县中心的人态度恶劣", "县里值班员骂人"])
def test_what_is_about_the_county_is_the_disciplinary_units_alone(words: str) -> None:
    duty = Duty.reported(words, place="花园县", about_us=True, location={"unit": "county"})
    assert (duty.case.unit, duty.case.recused) == ("discipline", ("county",))
    duty.waits("P5D")
    assert {person for person, _ in duty.heard} == {"discipline.desk", "discipline.head"}
    assert duty.case.unit == "discipline", "its ladder moves it to nobody whom it is about"
    for person in set(gardens().people) - {"discipline.desk", "discipline.head"}:
        assert unseen(duty, person)


def test_what_is_about_the_county_comes_to_its_end_in_the_unit_that_has_it() -> None:
    duty = Duty.reported("县里值班员骂人", location={"unit": "county"}, about_us=True)
    duty.does("discipline.desk", "claim")
    duty.does("discipline.desk", "resolve", how="unfounded", text="当日无此人值班")
    duty.does("discipline.head", "refuse_outcome", reason="请再核实")
    duty.does("discipline.desk", "resolve", how="referral", text="已约谈")
    duty.does("discipline.head", "inspect", ok=True)
    assert duty.does("discipline.desk", "close")["state"] == "closed"


def test_a_desk_cannot_make_an_end_of_what_may_be_about_itself_before_the_level_above_has_decided() -> None:
    """B125: one press sent the complaint elsewhere, or hid it in an older case of the desk's own."""
    duty = Duty.reported("网格员天天不见人，路灯坏了，我要上访")
    assert "about_us" in duty.case.suspected
    for person in ("jingang.duty", "town.duty"):
        with pytest.raises(Refusal) as refused:
            duty.does(person, "redirect", elsewhere="petition")
        assert (refused.value.status, refused.value.extra["reason"]) == (409, "undecided")
    duty.does("town.duty", "lift_recusal", reason="只是提到网格员")
    assert duty.does("jingang.duty", "redirect", elsewhere="petition")["state"] == "closed"


def test_a_desk_does_not_inspect_its_own_work_on_what_may_be_about_itself() -> None:
    duty = Duty.reported("网格员天天不见人，路灯坏了")
    duty.does("jingang.duty", "claim")
    duty.heard.clear()
    duty.does("jingang.duty", "resolve", how="answered", text="没有的事")
    assert duty.told("town.duty") == ["case.resolved"]
    with pytest.raises(Refusal) as refused:
        duty.does("jingang.second", "inspect", ok=True)
    assert (refused.value.status, refused.value.extra["reason"]) == (409, "inspected_above")
    assert [one.units for one in awaited(duty.case)] == [("town",)]
    duty.does("town.duty", "inspect", ok=True)
    assert duty.does("jingang.duty", "close")["state"] == "closed"
