"""Templates of text messages: eight, with short variables without a reporter's words and anybody's name or number."""

import re
from datetime import timedelta
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.channels.templates import (
    OF_KIND,
    TEMPLATES,
    VARIABLES,
    call_message,
    text_message,
    text_template,
)
from services.notifier.documents.alert import Alert
from services.notifier.domain.recipients import Kind
from services.notifier.http.short_links import LENGTH
from shared.city.model.channels import CallTemplate, TextTemplate
from shared.city.pack import Pack
from shared.city.reading import read_pack
from tests.kit.made_alerts import ALERT
from tests.kit.made_reports import NOW
from tests.kit.stack import ROOT
from tests.packs import HARBOUR, SHEYANG, harbour_with_channels, pack_of

PACKS = (pack_of(HARBOUR), pack_of(SHEYANG))
KINDS = st.sampled_from((*get_args(Kind), "of a newer version"))
WORDS = st.text(max_size=60)
CODE = "Ab3dEf6hIj9l"
OURS = {"待办事项", "测试提醒", "值班调整", "任职通知", "待分流上报", "岗位空缺"}
OURS |= {"matter", "test alert", "duty change", "appointment", "report", "vacant post"}
"""What an alert may be about in our own words, where a category is missing."""


def alert(pack: Pack, **fields: Any) -> Alert:
    of_pack = msgspec.structs.replace(
        ALERT,
        city=pack.city.id,
        recipient=next(iter(pack.people)),
        unit=next(iter(pack.units)),
        title="",
        text="",
    )
    return msgspec.structs.replace(of_pack, **fields)


@st.composite
def alerts(draw: st.DrawFn, pack: Pack) -> Alert:
    """Any alert, with a reporter's words wherever words may be."""
    return alert(
        pack,
        unit=draw(st.one_of(st.sampled_from(list(pack.units)), WORDS)),
        recipient=draw(st.sampled_from(list(pack.people))),
        kind=draw(KINDS),
        priority=draw(st.sampled_from(("danger", "urgent", "normal", "low"))),
        state=draw(st.sampled_from(("sent", "acked", "over", "test"))),
        category=draw(st.one_of(st.none(), st.sampled_from(list(pack.categories)), WORDS)),
        title=draw(WORDS),
        text=draw(WORDS),
        due_at=draw(st.one_of(st.none(), st.just(NOW), st.just(NOW + timedelta(days=240)))),
    )


def test_there_are_eight_templates_of_texts_and_one_of_calls() -> None:
    assert len(get_args(TextTemplate)) == 8
    assert set(TEMPLATES) == {*get_args(TextTemplate), *get_args(CallTemplate)}


def test_every_kind_of_alert_has_one_of_the_templates() -> None:
    assert set(get_args(Kind)) <= set(OF_KIND)
    assert set(OF_KIND.values()) | {"danger", "several"} == set(get_args(TextTemplate))


def test_a_templates_variables_are_those_in_its_words_in_their_order_each_once_and_short() -> None:
    for registered in TEMPLATES.values():
        found = re.findall(r"\$\{(\w+)\}", registered.words)
        assert tuple(found) == registered.variables
        assert set(re.findall(r"\$\{(\w+)\}", registered.meaning)) == set(found), "the English says the same"
        assert len(found) == len(set(found))
        longest = len(registered.words) + sum(VARIABLES[name] - len(name) - 3 for name in found)
        assert longest <= 200, "three parts at most"
    assert max(VARIABLES.values()) <= 12
    assert VARIABLES["code"] == LENGTH


@given(data=st.data(), count=st.integers(1, 3))
def test_no_value_is_longer_than_its_variable_and_none_is_empty(data: st.DataObject, count: int) -> None:
    pack = data.draw(st.sampled_from(PACKS))
    about = [data.draw(alerts(pack)) for _ in range(count)]
    for message in (text_message(about, pack, CODE), call_message(about[0], pack)):
        assert tuple(name for name, _ in message.values) == TEMPLATES[message.template].variables
        for name, value in message.values:
            assert len(value) <= VARIABLES[name]
            assert "\n" not in value
    assert text_message(about, pack, CODE).template in get_args(TextTemplate)


@given(data=st.data())
def test_a_value_is_a_name_of_the_pack_a_time_a_number_or_a_code_and_nothing_else(data: st.DataObject) -> None:
    """Neither the alert's words nor anybody's name or number reach a message."""
    pack = data.draw(st.sampled_from(PACKS))
    about = data.draw(alerts(pack))
    units = {unit.name[:12] for unit in pack.units.values()}
    categories = {name[:12] for c in pack.categories.values() for name in (c.name, c.name_en or c.name)}
    cut = {name[:10] for name in categories}
    for message in (text_message([about], pack, CODE), call_message(about, pack)):
        values = dict(message.values)
        assert values.pop("code", CODE) == CODE
        assert re.fullmatch(r"\d{1,2}月\d{1,2}日\d\d:\d\d", values.pop("time", "1月1日00:00"))
        assert re.fullmatch(r"\d{1,3}", values.pop("count", "1"))
        assert values.pop("unit", pack.root.name[:12]) in units
        matter = values.pop("category", "matter")
        assert {matter, matter.removeprefix("危急"), matter.removeprefix("紧急")} & {*categories, *cut, *OURS}
        assert values == {}


def test_a_danger_that_waits_for_a_signature_says_so_and_a_signed_one_does_not() -> None:
    pack = PACKS[1]
    assert text_template(alert(pack, priority="danger")) == "danger"
    assert text_template(alert(pack, priority="danger", state="acked")) == "news"
    assert text_template(alert(pack, priority="danger", kind="reminder")) == "deadline"
    accepted = alert(pack, priority="danger", kind="moved", event_type="case.moved.v1")
    assert text_template(accepted) == "task", "who accepts a case signs for it"
    assert text_template(alert(pack, due_at=None)) == "request", "no time to name"
    assert text_template(alert(pack, kind="of a newer version")) == "request"


def test_several_alerts_are_their_number_and_a_test_is_said_to_be_one() -> None:
    pack = PACKS[1]
    assert text_message([alert(pack), alert(pack, id="a2")], pack, "").values == (("count", "2"),)
    tried = text_message([alert(pack, kind="test", state="test")], pack, CODE)
    assert (tried.template, dict(tried.values)["category"]) == ("news", "测试提醒")


@pytest.mark.parametrize(
    ("kind", "priority", "said"),
    [
        ("new", "danger", "供水管网"),
        ("new", "urgent", "紧急供水管网"),
        ("reminder", "danger", "危急供水管网"),
        ("breach", "danger", "危急供水管网"),
        ("supervise", "urgent", "紧急供水管网"),
        ("asked", "urgent", "紧急供水管网"),
        ("breach", "normal", "供水管网"),
        ("unattended", "danger", "供水管网"),
    ],
)
def test_danger_and_urgency_stay_in_every_text_message_of_a_case(kind: str, priority: str, said: str) -> None:
    """The words of the template of a danger to sign for, and of a call, say it themselves."""
    pack = PACKS[1]
    told = alert(pack, kind=kind, priority=priority, category="water_pipe")
    assert dict(text_message([told], pack, CODE).values)["category"] == said
    assert dict(call_message(told, pack).values)["category"] == "供水管网"


def test_a_confidential_case_is_named_by_no_category() -> None:
    pack = PACKS[1]
    assert dict(text_message([alert(pack, category=None)], pack, CODE).values)["category"] == "待办事项"
    code = next(iter(pack.categories))
    assert dict(text_message([alert(pack, category=code)], pack, CODE).values)["category"] == pack.categories[code].name


def test_a_household_that_is_called_after_somebody_is_not_named() -> None:
    files = harbour_with_channels()
    quay, walker = '"name": "Quayside"', '"name": "Household of Quayside walker one"'
    assert quay in files["units.yaml"]
    pack = read_pack({**files, "units.yaml": files["units.yaml"].replace(quay, walker, 1)})
    assert "Quayside walker one" in pack.units["quayside"].name
    named = dict(call_message(alert(pack, unit="quayside"), pack).values)["unit"]
    assert named == pack.units[pack.units["quayside"].path[0]].name[:12]


def test_the_page_of_registration_has_every_template_and_variable() -> None:
    page = (ROOT / "docs" / "how-to" / "register-sms-templates.md").read_text()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line[:3] == "| `"]
    assert {row[0].strip("`"): row[1] for row in rows if len(row) == 2} == {
        name: registered.words for name, registered in TEMPLATES.items()
    }
    assert {row[0].strip("`"): int(row[1]) for row in rows if len(row) == 3} == dict(VARIABLES)


def test_a_visit_is_told_with_its_time_and_has_no_deadline() -> None:
    visited = alert(PACKS[1], kind="patrol", event_type="visit.planned.v1", due_at=None, happens_at=NOW)
    told = text_message([visited], PACKS[1], CODE)
    assert told.template == "visit"
    assert dict(told.values)["time"]
