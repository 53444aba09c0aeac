"""Flow 4. Wires hang from the windows of Jingang Huayuan (金港花园); the property company may not enforce anything."""

from datetime import timedelta

import pytest

from shared.kernel.errors import Refusal
from tests.kit.duty import MORNING, Duty

WIRES = "3号楼好几家从窗户拉线给电瓶车充电，飞线"
THREE = ["jingang-branch", "jingang-property", "urban-management"]


def with_called_units() -> Duty:
    duty = Duty.reported(WIRES)
    duty.does("jingang.duty", "claim")
    duty.does("jingang.duty", "call_in", units=THREE, reason="物业无执法权，请城管一同处置")
    return duty


def test_branch_company_and_urban_management_act_together_and_the_case_ends_when_all_have_done_their_part() -> None:
    duty = Duty.reported(WIRES)
    assert (duty.case.unit, duty.case.category) == ("jingang", "flying_wire_charging")
    with pytest.raises(Refusal) as unseen:
        duty.does("urban.desk", "note", text="?")
    assert unseen.value.status == 404

    duty.does("jingang.duty", "claim")
    seen = duty.does("jingang.duty", "call_in", units=THREE, reason="物业无执法权，请城管一同处置")
    assert [(part["unit"], part["state"]) for part in seen["parts"]] == [(unit, "called") for unit in THREE]
    assert all([c["kind"] for c in part["clocks"]] == ["report_in", "finish_part"] for part in seen["parts"])
    for person in ("branch.member", "property.desk", "urban.desk", "urban.field"):
        assert duty.told(person) == ["case.called_in"]

    duty.waits("PT20M")
    duty.does("urban.field", "report_in", part=duty.part("urban-management").id)
    duty.does("branch.member", "report_in", part=duty.part("jingang-branch").id)
    assert "case.reported_in" in duty.told("jingang.duty")

    duty.waits("PT1H")
    duty.does("branch.member", "finish_part", part=duty.part("jingang-branch").id, text="逐户上门劝导")
    duty.does("property.desk", "finish_part", part=duty.part("jingang-property").id, text="收线，腾出充电棚")
    with pytest.raises(Refusal) as early:
        duty.does("jingang.duty", "resolve", how="enforcement", text="已清理")
    assert early.value.status == 409
    assert "urban-management (reported_in)" in early.value.detail

    duty.does("urban.field", "finish_part", part=duty.part("urban-management").id, text="责令拆除，已拆")
    duty.does("jingang.duty", "resolve", how="enforcement", text="飞线已清理")
    duty.does("jingang.second", "inspect", ok=True)
    ended = duty.does("jingang.second", "close")
    assert ended["state"] == "closed"
    assert {part["state"] for part in ended["parts"]} == {"finished"}
    assert [c["state"] for part in ended["parts"] for c in part["clocks"]] == ["met"] * 6


def test_who_does_not_come_is_late_on_record_and_it_climbs_the_departments_own_way() -> None:
    duty = with_called_units()
    for unit, person in (("jingang-branch", "branch.member"), ("jingang-property", "property.desk")):
        duty.does(person, "finish_part", part=duty.part(unit).id, text="办完")
    duty.waits("PT2H")
    assert duty.told("urban.desk")[-1] == duty.told("jingang.duty")[-1] == "clock.breached"
    duty.waits("PT10M")
    assert duty.told("county.duty")[-1] == "case.escalated", "the county stands above the department"
    duty.waits("PT50M")
    assert duty.told("jingang.duty")[-1] == "case.escalated", "and the caller is told that nobody came"
    assert duty.case.unit == "jingang"

    late = duty.does("urban.field", "report_in", part=duty.part("urban-management").id)
    (clock,) = (c for c in late["clocks"] if c.get("part") == "p3" and c["kind"] == "report_in")
    assert (clock["state"], clock["met_at"]) == ("breached", duty.now)


def test_a_called_unit_has_its_own_promise_where_the_pack_says_so() -> None:
    duty = Duty.reported(WIRES)
    called = duty.does("jingang.duty", "call_in", units=["power", "urban-management"], reason="断电后拆线")
    targets = {part["unit"]: [c["target"] for c in part["clocks"]] for part in called["parts"]}
    assert targets == {"power": ["PT30M", "P2D"], "urban-management": ["PT2H", "P1D"]}


def test_a_called_unit_touches_nothing_but_its_own_part_although_it_lies_below_the_owner() -> None:
    duty = with_called_units()
    seen = duty.does("property.desk", "note", text="物业已到")
    assert seen["commands"] == ["note", "pause", "request_extension", "mark_sensitive", "report_in", "finish_part"]
    for command, body in (
        ("claim", {}),
        ("resolve", {"how": "repair", "text": "x"}),
        ("report_in", {"part": duty.part("urban-management").id}),
    ):
        with pytest.raises(Refusal) as refused:
            duty.does("property.desk", command, **body)
        assert refused.value.status == 403


def test_a_called_unit_asks_for_time_and_who_called_it_grants_it() -> None:
    duty = with_called_units()
    part = {"part": duty.part("urban-management").id, "clock": "finish_part"}
    duty.does("urban.field", "pause", **part, reason="weather")
    assert duty.told("jingang.duty")[-1] == "clock.pause_requested"
    with pytest.raises(Refusal) as own:
        duty.does("urban.desk", "approve_pause", **part)
    assert own.value.status == 403, "a guest grants nothing"
    duty.does("jingang.second", "approve_pause", **part)
    assert duty.told("urban.desk")[-1] == "clock.paused"
    duty.waits("P1D")
    back = duty.does("urban.field", "resume", **part)
    (clock,) = (c for c in back["clocks"] if (c.get("part"), c["kind"]) == (part["part"], "finish_part"))
    assert (clock["state"], clock["due_at"]) == ("running", MORNING + timedelta(days=2))
    later = duty.after(2)
    duty.does("urban.desk", "request_extension", **part, until=later, reason="住户出门未归")
    put_off = duty.does("jingang.second", "approve_extension", **part)
    (clock,) = (c for c in put_off["clocks"] if (c.get("part"), c["kind"]) == (part["part"], "finish_part"))
    assert (clock["due_at"], clock["extensions"][0]["approved_by"]) == (later, "jingang.second")


def test_a_part_is_excused_by_a_named_person_with_a_reason_and_the_unit_hears_of_it() -> None:
    duty = with_called_units()
    duty.does("jingang.second", "excuse_part", part=duty.part("urban-management").id, reason="住户已自行拆除")
    part = duty.part("urban-management")
    assert (part.state, part.ended_by, part.said) == ("excused", "jingang.second", "住户已自行拆除")
    assert duty.told("urban.desk") == ["case.called_in", "case.part_excused"]


def test_what_stands_on_the_ladder_is_not_called_in() -> None:
    duty = Duty.reported(WIRES)
    with pytest.raises(Refusal) as refused:
        duty.does("jingang.duty", "call_in", units=["town"], reason="x")
    assert refused.value.errors[0].pointer == "/units/0"


@pytest.mark.parametrize(("words", "admitted"), [("楼顶违建", False), ("遛狗不牵绳", True), ("楼下有人放鞭炮", True)])
def test_a_department_loads_on_a_community_only_what_the_entry_list_admits(words: str, admitted: bool) -> None:
    duty = Duty.reported(words)
    duty.does("jingang.duty", "transfer", to="urban-management", reason="需执法")
    duty.does("urban.desk", "accept")
    if admitted:
        assert duty.does("urban.desk", "transfer", to="jingang", reason="属地处理")["offered_to"] == "jingang"
        return
    for command, body in (
        ("transfer", {"to": "jingang", "reason": "属地处理"}),
        ("call_in", {"units": ["jingang-branch"], "reason": "劝导"}),
    ):
        with pytest.raises(Refusal) as refused:
            duty.does("urban.desk", command, **body)
        assert refused.value.status == 422
        assert "准入" in refused.value.errors[0].detail


def test_another_department_than_the_list_names_may_not_load_it() -> None:
    duty = Duty.reported("遛狗不牵绳")
    duty.does("jingang.duty", "transfer", to="power", reason="x")
    duty.does("power.desk", "accept")
    with pytest.raises(Refusal):
        duty.does("power.desk", "transfer", to="jingang", reason="x")
