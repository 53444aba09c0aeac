"""Every command of the router has a form on a case's page, and what the form sends is a body that the router takes."""

import re
from zoneinfo import ZoneInfo

import httpx
import msgspec
import pytest

from services.console.case.command_press import pressed
from services.console.case.command_table import COMMANDS, GROUPS
from services.console.case.timeline import WHAT
from services.console.frame.forms import Form
from services.router.command_handling.commands_from_bodies import BODIES
from shared.contracts.cases import TYPES
from tests.kit.made_router import NOW, MadeRouter

ZONE = ZoneInfo("Asia/Shanghai")
FILLED = {
    "text": "看过了",
    "reason": "确有困难",
    "basis": "不在辖区",
    "question": "谁来办？",
    "to": "works",
    "suggest": "works",
    "how": "repair",
    "ok": "yes",
    "kind": "media",
    "category": "lamp",
    "clock": "resolve",
    "part": "p1",
    "report": "r1",
    "into": "c2",
    "elsewhere": "court",
    "about": "works",
    "call": "satisfied",
    "until": "2026-03-09T10:30",
    "look_again": "2026-03-09",
    "body1": "works",
    "work1": "抢修",
    "due1": "2026-03-09T10:30",
}
LISTS = {"units": ["works"], "parties": ["works", "power"], "reports": ["r1"]}


def form(do: str, **more: str) -> Form:
    fields = {"do": do, "version": "7", **FILLED, **more}
    return Form(fields, {**{name: [value] for name, value in fields.items()}, **LISTS})


def test_every_command_has_a_form_and_stands_once_on_the_page() -> None:
    assert COMMANDS.keys() == BODIES.keys()
    assert sorted(name for _, names in GROUPS for name in names) == sorted(BODIES)


def test_every_event_of_a_case_has_words_in_its_history() -> None:
    assert WHAT.keys() == {name.removesuffix(".v1") for name in TYPES}


@pytest.mark.parametrize("name", BODIES)
def test_what_a_form_sends_the_router_takes(name: str) -> None:
    coded = {"reason": "weather"} if any(field.kind == "reason" for field in COMMANDS[name].fields) else {}
    press = pressed(form(name, **coded), ZONE)
    assert press is not None
    body = msgspec.json.decode(msgspec.json.encode(press.body), type=BODIES[name])
    required = {field.name for field in COMMANDS[name].fields if field.required and field.kind != "call"}
    assert required <= set(msgspec.structs.asdict(body))


def test_times_are_the_citys() -> None:
    press = pressed(form("request_extension"), ZONE)
    assert press is not None
    assert press.body["until"] == "2026-03-09T10:30:00+08:00"
    asked = pressed(form("request_extension", clock="report_in:p2"), ZONE)
    assert asked is not None
    assert (asked.body["clock"], asked.body["part"]) == ("report_in", "p2")
    far = pressed(form("resolve"), ZoneInfo("America/New_York"))
    assert far is not None
    assert far.body["look_again"] == "2026-03-09T08:00:00-04:00", "the day that was chosen, not the one before"


def test_a_next_step_says_part_clock_and_verdict_itself() -> None:
    bodies = {
        key: pressed(form(key), ZONE) for key in ("inspect_not_ok", "finish_part.p3", "approve_pause.p1@report_in")
    }
    assert bodies["inspect_not_ok"] is not None
    assert bodies["inspect_not_ok"].body["ok"] is False
    assert bodies["finish_part.p3"] is not None
    assert bodies["finish_part.p3"].body["part"] == "p3"
    granted = bodies["approve_pause.p1@report_in"]
    assert granted is not None
    assert (granted.body["part"], granted.body["clock"]) == ("p1", "report_in")


@pytest.mark.parametrize("do", ["", "drop_table", "claim; x", "unknown.p1"])
def test_what_is_no_command_presses_nothing(do: str) -> None:
    assert pressed(form(do), ZONE) is None
    assert pressed(form("claim", version="x"), ZONE) is None


@pytest.mark.parametrize(
    ("language", "person", "supervised"),
    [
        ("zh", "李四（专职网格员）", "射阳县督办（今天10:30起）：今晚前答复"),
        ("en", "Qs-walk (grid member)", "Sheyang county supervises since today 10:30: 今晚前答复"),
    ],
)
async def test_names_and_reasons_stand_in_the_signs_of_the_pages_language(
    browser: httpx.AsyncClient, router: MadeRouter, language: str, person: str, supervised: str
) -> None:
    router.case["supervision"] = {"at": NOW.isoformat(), "by_unit": "county", "reason": "今晚前答复"}
    page = (await browser.get(f"/cases/c1?lang={language}")).text
    assert f">{person}</option>" in page
    assert f"<dd>{supervised}</dd>" in page


async def test_the_page_says_who_hears_of_a_clock_next_and_draws_the_place(browser: httpx.AsyncClient) -> None:
    page = (await browser.get("/cases/c1")).text
    for words in (
        "下一步：明天6:30 合德镇督办",
        "明天10:30 移交射阳县",
        "告知住房和城乡建设局",
        "剩余20小时",
        "待报到",
    ):
        assert words in page, words
    for words in ("交通路第一网格", "138****0001", "一楼两户进水", "另有1条", "【交通路社区】已接单，11:40前到场。"):
        assert words in page, words
    assert page.count('class="grid here"') == 1
    assert '<g class="here">' in page


async def test_where_the_services_tell_less_the_case_is_shown_all_the_same(
    browser: httpx.AsyncClient, router: MadeRouter
) -> None:
    for path in ("explain", "history", "reports", "choices"):
        router.refuses[f"GET /v1/cases/c1/{path}"] = httpx.Response(503)
    router.refuses["GET /v1/units/quayside/geometry"] = httpx.Response(503)
    router.refuses["GET /v1/reports/r1"] = httpx.Response(404)
    page = (await browser.get("/cases/c1")).text
    assert "建华园2号楼" in page
    assert 'data-command="resolve"' in page


async def test_a_confidential_look_is_shown_once_and_asks_for_a_code(
    browser: httpx.AsyncClient, router: MadeRouter
) -> None:
    who = {"case": router.case, "report": "r1", "reporter": {"app": "a", "name": "王小明", "phone": "13800000001"}}
    router.refuses["POST /v1/cases/c1/unmask"] = httpx.Response(200, json=who)
    page = (await browser.get("/cases/c1")).text
    token = re.findall(r'name="csrf" value="(\w+)"', page)[0]
    fields = {"csrf": token, "do": "unmask", "version": "7", "report": "r1", "reason": "回访", "totp": "123456"}
    sent = await browser.post("/cases/c1", data=fields, headers={"sec-fetch-site": "same-origin"})
    assert "王小明" in sent.text
    assert "13800000001" in sent.text
    assert "王小明" not in (await browser.get("/cases/c1")).text
    router.refuses["POST /v1/cases/c1/unmask"] = httpx.Response(403, json={"type": "urn:x:second-factor"})
    refused = await browser.post("/cases/c1", data=fields, headers={"sec-fetch-site": "same-origin"})
    assert refused.status_code == 403
    assert "动态验证码" in refused.text
