"""What alerts of a case say: which clock and by how much, what is next, the place once, and who decides what."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.notifier.alerts.alert_plan import case_subject, plan_alerts
from services.notifier.alerts.case_words import group_text
from services.notifier.alerts.clock_words import time_span
from services.notifier.documents.alert import Alert
from services.notifier.http.alert_views import command_of
from services.router.cases.published_events import to_envelopes
from services.router.domain import events as e
from services.router.domain.apply import apply_all
from services.router.domain.case import Case, State
from services.router.domain.case_parts.owner_path import UnitOnPath
from services.router.domain.case_parts.report import Location
from services.router.domain.commands.command import Actor
from services.router.domain.commands.decide import decide
from services.router.domain.domain_event import DomainEvent
from services.router.domain.timer_rules import due
from services.router.domain.values import replace
from shared.city.people.on_duty import NO_CHANGES
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from tests.kit.made_cases import PATH, T0, clock, do, full, minutes, opened, rung
from tests.kit.made_reports import TRACE
from tests.packs import HARBOUR, SHEYANG, pack_of

COMMUNITY = (*PATH[:2], UnitOnPath("jiaotonglu", "community"))
DESK = Actor("jiaotonglu.duty1", "jiaotonglu", "duty_officer", "A")
TOWN_DESK = Actor("hede.duty1", "hede", "duty_officer", "A", consults=True)
CLOCKS = (
    clock("on_site", 30, warn_in=24, rungs=(rung(42, "tell", "parent"), rung(50, "supervise", "parent"))),
    clock("resolve", 1530),
)


def case_of(**fields: Any) -> Case:
    """A claimed case of 交通路社区, opened at 16:00 in Shanghai: on site by 16:30, resolved by 17:30 the next day."""
    return replace(do(opened(path=COMMUNITY, clocks=CLOCKS), "claim", DESK), within=None, **fields)


def told(case: Case, events: list[DomainEvent]) -> list[tuple[Envelope, CaseEvent]]:
    envelopes = to_envelopes(apply_all(case, events), events, TRACE, case)
    return [(event, decode(event, CaseEvent)) for event in envelopes]


def alerts(case: Case, events: list[DomainEvent]) -> list[Alert]:
    pack = pack_of(SHEYANG)
    planned = [plan_alerts(event, data, pack, NO_CHANGES, (), event.time) for event, data in told(case, events)]
    return [alert for each in planned for alert in each]


def heads(case: Case, events: list[DomainEvent]) -> list[tuple[str, str]]:
    """Title of each alert, and what its text begins with; each once."""
    return list(dict.fromkeys((a.title, a.text.split(" · ")[0]) for a in alerts(case, events)))


def by_hand(case: Case, name: str, actor: Actor = DESK, after: float = 1, **fields: Any) -> list[DomainEvent]:
    return decide(case, full(name, **fields), actor, T0 + minutes(after))


def test_an_overdue_clock_is_named_with_how_long_and_the_next_deadline_as_such() -> None:
    case = case_of()
    assert heads(case, due(case, T0 + minutes(24))) == [("紧急·催办", "到场剩余6分钟")]
    assert heads(case, due(case, T0 + minutes(30)))[-1] == ("紧急·已超时", "到场已超时")
    late = apply_all(case, due(case, T0 + minutes(30)))
    rungs = due(late, T0 + minutes(42))
    assert heads(late, rungs) == [("紧急·已超时", "到场超时12分钟")]
    assert {(a.due_name, a.due_at) for a in alerts(late, rungs)} == {("下一时限：办结", T0 + minutes(1530))}


def test_before_anything_is_late_the_deadline_is_that_of_its_clock() -> None:
    case = case_of()
    assert {a.due_name for a in alerts(case, due(case, T0 + minutes(24)))} == {"时限：到场"}


def test_brought_up_by_hand_nothing_is_said_to_be_overdue() -> None:
    case = case_of()
    (event,) = by_hand(case, "escalate", reason="阀门在街道手里")
    found = alerts(case, [event])
    assert {a.title for a in found} == {"紧急·上报上级"}
    assert all("超时" not in a.text for a in found)
    assert all("“阀门在街道手里”" in a.text for a in found)


def test_after_two_refusals_the_level_above_reads_that_it_decides() -> None:
    case = replace(case_of(), refusals=1, offered_to="chaoyang")
    other = Actor("chaoyang.duty1", "chaoyang", "duty_officer", "A")
    titles = heads(case, by_hand(case, "refuse", other, reason="不在我辖区"))
    assert titles == [("紧急·对方不接收", "交通路社区"), ("紧急·上报上级", "已两次不接收，请裁定")]


def test_decisions_about_clocks_are_said_in_words() -> None:
    case = case_of()
    asked = apply_all(case, by_hand(case, "request_extension", until=T0 + minutes(2970), reason="配件未到"))
    assert heads(case, by_hand(case, "request_extension", until=T0 + minutes(2970), reason="配件未到")) == [
        ("紧急·待审批", "申请办结延期至3月4日17:30")
    ]
    granted = by_hand(asked, "approve_extension", TOWN_DESK, after=2, until=None)
    assert heads(asked, granted) == [("紧急·已批准", "办结延期至3月4日17:30")]
    assert "jiaotonglu.duty1" in {a.recipient for a in alerts(asked, granted)}
    refused = by_hand(asked, "refuse_extension", TOWN_DESK, after=2, reason="抓紧办")
    assert heads(asked, refused) == [("紧急·未批准", "不同意办结延期")]
    assert all("“抓紧办”" in a.text for a in alerts(asked, refused))


def placed(place: str | None, summary: str, **fields: Any) -> str:
    location = Location("c", 120.2485, 33.7623, None, place)
    (event, data), *_ = told(case_of(location=location, description=summary, **fields), [e.Noted(at=T0, word="added")])
    return case_subject(event, data, pack_of(SHEYANG)).text


@pytest.mark.parametrize(
    ("place", "summary", "said"),
    [
        ("建华园2号楼", "建华园2号楼水管爆了", "建华园2号楼 · 水管爆了"),
        ("建华园2号楼", "快来，建华园2幢水管爆了", "快来，建华园2幢水管爆了"),
        ("第1网格，建华园东门以北约60米", "水管爆了", "第1网格，建华园东门以北约60米 · 水管爆了"),
        (None, "水管爆了", "水管爆了"),
        ("建华园2号楼", "建华园2号楼", "建华园2号楼"),
        ("建华园2号楼", "建华园2号楼道灯不亮", "建华园2号楼道灯不亮"),
        ("建华园2号楼", "建华园2号楼顶漏水", "建华园2号楼顶漏水"),
        ("幸福路2", "幸福路23号门口积水", "幸福路23号门口积水"),
        ("建华园2号楼", "建华园12号楼水管爆了", "建华园2号楼 · 建华园12号楼水管爆了"),
    ],
)
def test_the_place_is_said_once(place: str | None, summary: str, said: str) -> None:
    assert placed(place, summary) == f"交通路社区 · 井盖 · {said}"


def test_of_a_confidential_case_neither_place_nor_words_are_said() -> None:
    assert placed("建华园2号楼", "水管爆了", confidential=True) == "交通路社区 · 隐名上报"


def test_the_consulted_read_the_question() -> None:
    case = case_of()
    found = alerts(case, by_hand(case, "consult", TOWN_DESK, parties=("power",), question="谁出资？"))
    assert found
    assert all("“谁出资？”" in alert.text for alert in found)


def test_who_resolved_is_not_told_to_inspect_and_where_nobody_else_is_the_desk_is() -> None:
    case = case_of()
    found = alerts(case, by_hand(case, "resolve"))
    assert {(a.kind, a.recipient) for a in found} == {("inspect", "hede.inspector")}
    harbour = pack_of(HARBOUR)  # it has no inspectors
    path = (UnitOnPath("oosterhaven", "city"), UnitOnPath("quayside", "district"))
    quay = replace(opened(path=path, clocks=CLOCKS), within=None)
    for by, inspects in (("qs-desk", "oh-desk"), ("qs-walk", "qs-desk")):
        events: list[DomainEvent] = [e.Resolved(at=T0 + minutes(60), by=by, by_unit="quayside", how="repair")]
        ((event, data),) = told(quay, events)
        planned = plan_alerts(event, data, harbour, NO_CHANGES, (), event.time)
        assert [(a.kind, a.recipient) for a in planned] == [("inspect", inspects)]


@pytest.mark.parametrize(
    ("category", "kind", "said"),
    [
        ("elder_help", "hazard", "某网格求助，请登录查看"),
        ("rider_need", "need", "某网格求助，请登录查看"),
        ("water_pipe", "need", "某网格求助，请登录查看"),
        ("dispute", "hazard", "某网格有工单，请登录查看"),
        ("fraud_clue", "clue", "某网格有工单，请登录查看"),
        ("water_pipe", "hazard", None),
    ],
)
def test_of_categories_about_people_a_group_reads_that_there_is_a_case(
    category: str, kind: Any, said: str | None
) -> None:
    case = case_of(category=category, kind=kind, description="三楼王奶奶摔倒了")
    (_, data), *_ = told(case, [e.Noted(at=T0, word="added")])
    assert group_text(data.case, pack_of(SHEYANG)) == said
    assert {a.group_text for a in alerts(case, [e.Noted(at=T0, word="added")])} == {said}


def test_a_supervisors_alert_offers_nothing_that_is_the_communitys() -> None:
    case = case_of()
    late = apply_all(case, due(case, T0 + minutes(42)))
    found = alerts(late, due(late, T0 + minutes(50)))
    assert {(a.kind, a.unit, a.owner) for a in found} == {("supervise", "hede", "jiaotonglu")}
    assert [command_of(a) for a in found] == [None] * len(found)
    own = alerts(case, by_hand(case, "supervise", TOWN_DESK))
    assert {(a.kind, a.unit, command_of(a)) for a in own} == {("supervise", "jiaotonglu", "claim")}
    assert command_of(msgspec.structs.replace(found[0], owner=None)) is None, "an alert of before"


@pytest.mark.parametrize(
    ("span", "chinese", "english"),
    [
        (timedelta(seconds=59), "0分钟", "0 min"),
        (timedelta(minutes=12), "12分钟", "12 min"),
        (timedelta(hours=2), "2小时", "2 h"),
        (timedelta(hours=2, minutes=15), "2小时15分", "2 h 15 min"),
        (timedelta(days=3, hours=4, minutes=5), "3天4小时", "3 d 4 h"),
        (timedelta(days=-1), "1天", "1 d"),
    ],
)
def test_a_span_of_time_is_said_in_words(span: timedelta, chinese: str, english: str) -> None:
    assert (time_span(span, chinese=True), time_span(span, chinese=False)) == (chinese, english)


def test_of_history_nobody_inspects() -> None:
    historic = case_of(historic=True, state=State.CLAIMED)
    assert alerts(historic, by_hand(historic, "resolve")) == []


def test_what_is_kept_on_the_books_says_that_its_day_came_and_how_long_nobody_decided() -> None:
    day = T0 + timedelta(days=30)
    fields: dict[str, Any] = {"how": "long_term", "text": "等待拆迁", "follow_up": day, "climbs_after": 3 * 24 * 3600}
    claimed = do(opened(path=COMMUNITY, clocks=()), "claim", DESK)
    case = do(do(claimed, "resolve", DESK, **fields), "approve_outcome", TOWN_DESK)
    first = due(case, day)
    assert heads(case, first) == [("紧急·复查提醒", "挂账到期，请重新办理或再次申请挂账")]
    case = apply_all(case, first)
    assert heads(case, due(case, day + timedelta(days=3))) == [("紧急·复查提醒", "挂账到期已3天，尚无新决定")]
