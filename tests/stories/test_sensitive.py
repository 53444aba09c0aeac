"""A rider sees somebody on a roof (敏感件): the county knows at once; no word of it stands where others read along."""

import pytest

from shared.kernel.errors import Refusal
from tests.kit.duty import Duty

ROOF = "有人站在楼顶要跳楼"


def test_words_bring_it_to_the_county_at_once_and_the_county_decides() -> None:
    duty = Duty.reported(ROOF)
    assert (duty.case.unit, duty.case.suspected) == ("jingang", ("self_harm",))
    assert duty.told("county.duty") == ["case.opened"]
    seen = duty.does("county.duty", "mark_sensitive", kind="self_harm")
    assert (seen["sensitive"], seen["suspected"]) == ("self_harm", [])
    assert seen["description"] == ROOF, "the words stay on the case"
    with pytest.raises(Refusal) as below:
        duty.does("jingang.duty", "unmark_sensitive", reason="没事了")
    assert (below.value.status, below.value.extra["reason"]) == (409, "sensitive_above")
    assert duty.does("county.duty", "unmark_sensitive", reason="是在修水箱")["sensitive"] is None


def test_whoever_handles_it_marks_it_also_a_unit_that_is_only_called_in() -> None:
    duty = Duty.reported("路灯坏了")
    duty.does("jingang.duty", "claim")
    duty.does("jingang.duty", "call_in", units=["power"], reason="电线")
    marked = duty.does("power.desk", "mark_sensitive", kind="media", text="有记者在拍")
    assert marked["sensitive"] == "media"
    assert duty.told("county.duty")[-1] == "case.marked_sensitive"


def test_what_only_sounded_so_is_settled_by_the_desk() -> None:
    duty = Duty.reported("跳楼机坏了，记者也来拍")
    assert set(duty.case.suspected) == {"self_harm", "media"}
    assert duty.does("jingang.duty", "unmark_sensitive", reason="游乐设施")["suspected"] == []


def test_what_is_about_the_community_and_sensitive_is_both() -> None:
    duty = Duty.reported("社区的人打人，好多人围着要拉横幅", about_us=True)
    assert (duty.case.unit, duty.case.recused, duty.case.suspected) == ("town", ("jingang",), ("mass_incident",))
    duty.does("town.duty", "mark_sensitive", kind="mass_incident")
    assert "jingang.duty" not in {person for person, _ in duty.heard}


def test_a_mark_on_what_is_about_the_county_is_taken_back_by_who_has_it_instead() -> None:
    duty = Duty.reported("县里值班员骂人", location={"unit": "county"}, about_us=True)
    duty.does("discipline.desk", "mark_sensitive", kind="media")
    assert duty.told("discipline.desk")[-1] == "case.marked_sensitive"
    assert duty.does("discipline.desk", "unmark_sensitive", reason="没有记者")["sensitive"] is None
