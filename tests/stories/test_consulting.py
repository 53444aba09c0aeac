"""Flows 4 and 10. Hai'an's charging posts: owners vote, the company pays, construction marks the ground, power builds.
And an end that is an agreement: fireworks at a set time and place."""

import pytest

from shared.kernel.errors import Refusal
from tests.kit.duty import Duty

BODIES = ["jingang-owners", "jingang-property", "construction", "power"]
PEOPLE = ["owners.chair", "property.desk", "construction.desk", "power.desk"]
WORKS = ["表决", "出资", "划线", "施工"]


def consulted() -> Duty:
    duty = Duty.reported("小区没有充电桩，没地方充电")
    duty.does("jingang.duty", "claim")
    with pytest.raises(Refusal) as too_low:
        duty.does("jingang.duty", "consult", parties=BODIES, question="谁出资？")
    assert "escalate" in too_low.value.detail
    duty.does("jingang.duty", "escalate", reason="需镇里会商")
    duty.does("town.duty", "consult", parties=BODIES, question="充电桩谁出资、谁划线、谁施工？")
    return duty


def planned() -> Duty:
    duty = consulted()
    duty.does("town.duty", "conclude", text="业委会表决，物业出资，建设局划线，供电公司施工")
    parts = [
        {"body": body, "work": work, "due": duty.after(3 * (n + 1)).isoformat()}
        for n, (body, work) in enumerate(zip(BODIES, WORKS, strict=True))
    ]
    duty.does("town.duty", "plan", parts=parts)
    return duty


def test_parties_outside_government_see_the_case_and_hear_the_question() -> None:
    duty = consulted()
    for person in PEOPLE:
        assert duty.told(person) == ["case.consulted"]
    assert "note" in duty.does("owners.chair", "note", text="业主希望尽快")["commands"]
    with pytest.raises(Refusal) as guest:
        duty.does("owners.chair", "resolve", how="agreement", text="x")
    assert guest.value.status == 403


def test_owners_vote_the_company_pays_construction_marks_the_ground_and_power_builds() -> None:
    duty = planned()
    for turn, (body, person) in enumerate(zip(BODIES, PEOPLE, strict=True)):
        assert [part.state for part in duty.case.parts] == ["finished"] * turn + ["called"] + ["waiting"] * (3 - turn)
        assert "case.part_started" in duty.told(person)
        assert [c.part for c in duty.case.clocks if c.part and c.waits] == [duty.part(body).id], "one clock at a time"
        if turn < 3:
            with pytest.raises(Refusal) as early:
                duty.does(PEOPLE[turn + 1], "finish_part", part=duty.part(BODIES[turn + 1]).id, text="x")
            assert early.value.status == 409
        duty.waits("P2D")
        duty.does(person, "finish_part", part=duty.part(body).id, text=f"{WORKS[turn]}完成")
    duty.waits("P7D")
    duty.does("jingang.duty", "resolve", how="repair", text="150辆电瓶车可同时充电")
    duty.does("jingang.second", "inspect", ok=True)
    ended = duty.does("jingang.second", "close")
    assert ended["state"] == "closed"
    assert ended["consultation"]["conclusion"]
    assert {c["state"] for part in ended["parts"] for c in part["clocks"]} == {"met"}


def test_a_late_body_is_late_and_those_after_it_keep_their_days() -> None:
    duty = planned()
    duty.waits("P5D")
    assert "clock.breached" in duty.told("owners.chair")
    assert "clock.breached" in duty.told("town.duty"), "who made the plan hears of it"
    duty.does("owners.chair", "finish_part", part=duty.part("jingang-owners").id, text="已表决")
    (clock,) = (c for c in duty.case.clocks if c.part == duty.part("jingang-property").id)
    assert clock.due_at == duty.after(3), "as many days as the plan gave it"
    assert "clock.breached" not in duty.told("property.desk")


def test_fireworks_end_by_agreement_and_the_desk_is_reminded_to_look_again() -> None:
    duty = Duty.reported("天天有人放鞭炮")
    duty.does("jingang.duty", "claim")
    ends = {"how": "agreement", "text": "约定除夕、元宵晚八点前在广场燃放", "look_again": duty.after(30).isoformat()}
    duty.does("jingang.duty", "resolve", **ends)
    duty.does("jingang.second", "inspect", ok=True)
    duty.does("jingang.second", "close")
    duty.waits("P29D")
    assert "case.follow_up" not in duty.told("jingang.duty")
    duty.waits("P2D")
    assert duty.told("jingang.duty").count("case.follow_up") == 1
    assert duty.case.state == "closed"
    assert not any(entry.what == "clock.breached" for entry in duty.case.history), "it tells and never breaches"
