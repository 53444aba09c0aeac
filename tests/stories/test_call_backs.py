"""A lamp is mended and nobody rates it (回访): three days later the town calls and asks whether it burns."""

from typing import Any

import pytest

from shared.kernel.errors import Refusal
from tests.kit.duty import Duty


def mended(words: str = "金港花园3号楼路灯不亮", **said: Any) -> Duty:
    """The community has mended and closed it."""
    duty = Duty.reported(words, **said)
    duty.does("jingang.duty", "claim")
    duty.does("jingang.duty", "resolve", how="repair", text="换了灯泡")
    duty.does("jingang.second", "inspect", ok=True)
    duty.does("jingang.second", "close")
    return duty


def test_three_days_later_it_is_the_towns_to_call_and_nobody_is_woken_for_it() -> None:
    duty = mended()
    before = len(duty.heard)
    duty.waits("P2D")
    assert duty.case.call_back is not None and duty.case.call_back.since is None
    duty.waits("P1D")
    assert duty.case.call_back.by == "town"
    assert duty.case.history[-1].what == "case.call_due"
    assert len(duty.heard) == before, "it is on the list; nothing rings"


def test_the_lamp_burns_and_aunt_wang_is_satisfied() -> None:
    duty = mended()
    duty.waits("P3D")
    seen = duty.does("town.duty", "record_call", reached=True, satisfied=3, text="灯亮了，谢谢")
    assert (seen["state"], seen["call_back"]) == ("closed", None)
    assert seen["history"][-1]["text"] == "满意：灯亮了，谢谢"


def test_it_went_dark_again_so_the_town_has_it_now_and_both_desks_know() -> None:
    duty = mended()
    duty.waits("P3D")
    before = len(duty.heard)
    seen = duty.does("town.duty", "record_call", reached=True, satisfied=1, text="第二天又灭了")
    assert (seen["state"], seen["unit"]) == ("reopened", "town")
    told = {person for person, what in duty.heard[before:] if what == "case.reopened"}
    assert {"town.duty", "jingang.duty"} <= told
    (resolve,) = (c for c in seen["clocks"] if c["kind"] == "resolve" and c["state"] == "running")
    assert resolve["started_at"] == duty.now


def test_the_community_cannot_ask_how_its_own_work_was() -> None:
    duty = mended()
    duty.waits("P3D")
    for person in ("jingang.duty", "jingang.second"):
        with pytest.raises(Refusal) as refused:
            duty.does(person, "record_call", reached=True, satisfied=3)
        assert refused.value.extra["reason"] == "called_above"
    assert duty.does("county.duty", "record_call", reached=True, satisfied=2)["call_back"] is None


def test_nobody_picks_up_three_times_and_then_it_is_left() -> None:
    duty = mended()
    duty.waits("P3D")
    for _ in range(3):
        duty.waits("PT4H")
        seen = duty.does("town.duty", "record_call", reached=False)
    assert seen["call_back"] is None
    assert seen["history"][-1]["text"] == "未接通（第3次），不再回访"


def test_what_is_about_the_community_itself_is_asked_about_by_the_county_and_never_seen_below() -> None:
    duty = Duty.reported("社区干部态度恶劣", about_us=True)
    assert duty.case.unit == "town"
    duty.does("town.duty", "claim")
    duty.does("town.duty", "resolve", how="answered", text="已批评教育")
    duty.does("county.duty", "inspect", ok=True)
    duty.does("town.duty", "close")
    duty.waits("P3D")
    assert duty.case.call_back is not None and duty.case.call_back.by == "county"
    with pytest.raises(Refusal) as refused:
        duty.does("jingang.duty", "record_call", reached=True, satisfied=3)
    assert refused.value.status == 404
    with pytest.raises(Refusal) as inspector:
        duty.does("county.duty", "record_call", reached=True, satisfied=3)
    assert inspector.value.extra["reason"] == "handled_it", "who inspected it does not call either"
