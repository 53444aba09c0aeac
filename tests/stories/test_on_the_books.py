"""A wall that nobody can mend before the quarter is pulled down (挂账): it is kept on the books, and not forgotten."""

from datetime import timedelta

import pytest

from shared.kernel.errors import Refusal
from tests.kit.duty import Duty

WALL = "围墙裂了一道大缝"


def kept(days: int = 30) -> Duty:
    """The community asks, the town agrees, and the case is closed."""
    duty = Duty.reported(WALL)
    duty.does("jingang.duty", "claim")
    duty.does("jingang.duty", "resolve", how="long_term", text="等待片区拆迁", follow_up=duty.after(days))
    duty.does("town.duty", "approve_outcome")
    duty.does("jingang.second", "inspect", ok=True)
    duty.does("jingang.duty", "close")
    duty.heard.clear()
    return duty


def test_on_its_day_the_community_and_the_town_are_told_and_a_day_later_the_county() -> None:
    duty = kept()
    duty.waits("P29D")
    assert duty.heard == []
    duty.waits("P1D")
    told = {person for person, what in duty.heard if what == "case.follow_up"}
    assert told == {"jingang.duty", "jingang.second", "town.duty"}
    duty.heard.clear()
    duty.waits("P1D")
    assert duty.heard == [("county.duty", "case.follow_up")]
    duty.heard.clear()
    duty.waits("P30D")
    assert duty.heard == [], "the top was told"


def test_the_community_keeps_it_on_the_books_once_more_and_the_town_has_to_agree_again() -> None:
    duty = kept()
    duty.waits("P30D")
    duty.does("jingang.duty", "reopen", reason="拆迁推迟")
    duty.does("jingang.duty", "claim")
    asked = duty.does("jingang.duty", "resolve", how="long_term", text="拆迁推迟到明年", follow_up=duty.after(60))
    assert asked["ruling"]["reason"] == "long_term"
    with pytest.raises(Refusal) as own:
        duty.does("jingang.second", "approve_outcome")
    assert own.value.extra["reason"] == "not_yours_to_grant"
    again = duty.does("town.duty", "approve_outcome")
    assert again["follow_up"] == duty.now + timedelta(days=60)
    duty.heard.clear()
    duty.waits("P3D")
    assert "county.duty" not in {person for person, _ in duty.heard}


def test_what_can_be_mended_after_all_is_resolved_and_nobody_is_reminded_any_more() -> None:
    duty = kept()
    duty.does("town.duty", "reopen", reason="有修缮资金了")
    duty.does("jingang.duty", "claim")
    duty.does("jingang.duty", "resolve", how="repair", text="已加固")
    duty.does("jingang.second", "inspect", ok=True)
    duty.does("jingang.duty", "close")
    duty.heard.clear()
    duty.waits("P90D")
    assert duty.heard == []
