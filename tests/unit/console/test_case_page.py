"""The console's page of a case: the officer's session asks and presses; what it shows is the links' page."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import msgspec
import pytest

from services.console.app import build
from services.console.frame.forms import csrf_token
from services.console.frame.service_names import of_case
from services.console.pages.case import SENT_MAX
from shared.case_page.case_answer import Ask, CaseAnswer, Clock, Line, Location, Ruling
from shared.runtime.settings import Settings
from tests.kit.made_case_answers import NOW, case

OWN = {"sec-fetch-site": "same-origin"}
TOKEN = "whk_session_" + "a1" * 32
CSRF = {"csrf": csrf_token(TOKEN)}
FORM = {"do": "claim", "version": "7", **CSRF}

NAMES = {
    "timezone": "Asia/Shanghai",
    "people": {
        "walker": {
            "name": "李四",
            "name_en": "Li Si",
            "unit": {"name": "码头社区", "name_en": "Quay"},
            "role": "grid_member",
        },
        "boss": {"name": "王五", "name_en": "Wang Wu", "unit": {"name": "合德镇", "name_en": ""}, "role": "supervisor"},
    },
    "units": {
        "quay": {"name": "码头社区", "name_en": "Quay"},
        "grid-1": {"name": "第一网格", "name_en": "", "level": "网格", "level_en": "Grid"},
    },
    "reasons": {"weather": {"name": "恶劣天气", "name_en": "Bad weather"}},
}


class Services:
    """Router and intake as the console finds them."""

    def __init__(self) -> None:
        self.case: CaseAnswer | None = case(offered_to=None)
        self.refuses: tuple[int, dict[str, Any]] | None = None
        self.away = False
        self.told = True
        self.gone_after = False
        self.commands: list[tuple[str, dict[str, Any], httpx.Headers]] = []
        self.photos: list[bytes] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if self.away:
            raise httpx.ConnectError("away")
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return problem(401, "unauthorized")
        if path == "/v1/me":
            return httpx.Response(200, json={"city": "c", "person": "desk", "unit": "quay", "now": NOW.isoformat()})
        if path.startswith("/v1/units/"):
            unit = path.rpartition("/")[2]
            return httpx.Response(
                200, json={"id": unit, "name": f"单位{unit}", "name_en": unit, "path": ["county", unit]}
            )
        if path == "/v1/names":
            return httpx.Response(200, json=NAMES)
        if path == "/v1/sessions:here":
            return httpx.Response(200, json={"locks_after": 0})
        if path == "/v1/alerts:told":
            return httpx.Response(200, json={"people": ["walker", "left"]}) if self.told else problem(503, "away")
        if path == "/v1/categories":
            lamp = {"code": "lamp", "name": "路灯", "name_en": "Lamp", "after_photo": "required"}
            return httpx.Response(200, json={"items": [lamp]})
        if path == "/v1/photos":
            self.photos.append(request.content)
            return httpx.Response(201, json={"id": "f2"})
        if path.startswith("/v1/photos/"):
            return httpx.Response(200, content=b"small" if request.url.params.get("size") == "thumb" else b"large")
        return self._of_case(request)

    def _of_case(self, request: httpx.Request) -> httpx.Response:
        if self.case is None:
            return problem(404, "not-found")
        if request.method == "POST":
            if self.refuses is not None:
                return problem(self.refuses[0], **self.refuses[1])
            self.commands.append((request.url.path, json.loads(request.content), request.headers))
            shown, self.case = self.case, None if self.gone_after else self.case
            return httpx.Response(200, content=msgspec.json.encode(shown), headers={"etag": '"7"'})
        return httpx.Response(200, content=msgspec.json.encode(self.case), headers={"etag": '"7"'})


def problem(status: int, kind: str, **more: Any) -> httpx.Response:
    return httpx.Response(status, json={"type": f"urn:x:{kind}", **more})


@pytest.fixture
def services() -> Services:
    return Services()


@pytest.fixture
async def browser(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    console = build(Settings(), transport=httpx.MockTransport(services.answer))
    headers = {"accept-language": "zh-CN", "cookie": f"whistle={TOKEN}"}
    transport = httpx.ASGITransport(console)
    async with httpx.AsyncClient(transport=transport, base_url="http://console", headers=headers) as client:
        yield client


async def test_the_case_is_shown_with_its_next_steps_and_with_names(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/cases/c1")
    page = unescape(answer.text)
    assert answer.status_code == 200
    for words in ("路灯", "码头社区", "第一网格", "建华园2号楼", "请接单。", 'value="claim"', "/cases/c1/pictures/f1"):
        assert words in page
    assert "<dt>网格</dt><dd>第一网格</dd>" in page
    english = await browser.get("/cases/c1?lang=en")
    assert "<dt>Grid</dt>" in unescape(english.text)
    assert "Please claim it." in unescape(english.text)
    assert '<html lang="en"' in english.text


@pytest.mark.parametrize(("language", "overdue"), [("zh", "已超时40分钟"), ("en", "40 min overdue")])
async def test_what_is_overdue_stands_at_the_top_as_it_does_in_the_queue(
    browser: httpx.AsyncClient, services: Services, language: str, overdue: str
) -> None:
    """Also where another clock runs still: what is owed longest counts, as in the queue's row."""
    late, met = NOW - timedelta(minutes=40), NOW - timedelta(hours=3)
    for clocks in (
        (Clock("resolve", late, "breached"),),
        (Clock("on_site", late, "breached"), Clock("resolve", NOW + timedelta(hours=2), "running")),
        (Clock("acknowledge", met, "breached", met_at=met), Clock("resolve", late, "breached")),
    ):
        services.case = case("claimed", clocks=clocks)
        page = unescape((await browser.get(f"/cases/c1?lang={language}")).text)
        standing = page.partition('<p class="standing">')[2].partition("</p>")[0]
        assert f'class="left late" data-due="{late.isoformat()}">{overdue}<' in standing


@pytest.mark.parametrize(("language", "nothing"), [("zh", "未写明地点"), ("en", "No place was given")])
async def test_a_place_without_a_point_is_said_in_words_and_leads_to_no_map(
    browser: httpx.AsyncClient, services: Services, language: str, nothing: str
) -> None:
    for location, said in ((Location(address="后门小花园"), "后门小花园"), (Location(), nothing)):
        services.case = case(location=location)
        page = unescape((await browser.get(f"/cases/c1?lang={language}")).text)
        assert f'<p class="lead">{said}</p>' in page
        for link in ("geo:", "amap", 'class="map-links', 'class="here"'):
            assert link not in page


async def test_who_is_not_signed_in_is_led_to_sign_in(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/cases/c1", headers={"cookie": f"whistle=whk_session_{'0' * 64}"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/signin?ended")


async def test_a_case_of_others_is_404_and_says_nothing(browser: httpx.AsyncClient, services: Services) -> None:
    services.case = None
    for answer in (await browser.get("/cases/c1"), await browser.post("/cases/c1", data=FORM, headers=OWN)):
        assert answer.status_code == 404
        assert "不属您所在单位" in answer.text
    assert services.commands == []


async def test_a_press_is_sent_once_with_the_session(browser: httpx.AsyncClient, services: Services) -> None:
    for _ in range(2):
        answer = await browser.post("/cases/c1", data=FORM, headers=OWN)
        assert answer.status_code == 200
        assert "已接单，工单在您名下。" in answer.text
    (path, body, headers), (_, _, again) = services.commands
    assert (path, body) == ("/v1/cases/c1/claim", {})
    assert headers["idempotency-key"] == again["idempotency-key"]


async def test_what_was_recorded_is_said_also_where_the_case_is_gone_meanwhile(
    browser: httpx.AsyncClient, services: Services
) -> None:
    """As an offer that is declined: its unit does not see the case any more."""
    services.gone_after = True
    answer = await browser.post("/cases/c1", data={"do": "refuse", "version": "7", "reason": "x", **CSRF}, headers=OWN)
    assert answer.status_code == 200
    assert "已退回，未接收。" in answer.text


async def test_a_photo_goes_with_the_result(browser: httpx.AsyncClient, services: Services) -> None:
    services.case = case("in_progress")
    fields = {"do": "resolve", "version": "7", "how": "repair", "text": "换好了", **CSRF}
    answer = await browser.post("/cases/c1", data=fields, files={"photos": b"\xff\xd8"}, headers=OWN)
    assert answer.status_code == 200
    assert services.photos == [b"\xff\xd8"]
    assert services.commands[0][1] == {"how": "repair", "text": "换好了", "photos": ["f2"]}


@pytest.mark.parametrize("headers", [{}, {"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}])
async def test_no_other_site_presses(browser: httpx.AsyncClient, services: Services, headers: dict[str, str]) -> None:
    answer = await browser.post("/cases/c1", data=FORM, headers=headers)
    assert answer.status_code == 403
    assert services.commands == []


async def test_a_refusal_says_its_reason_and_keeps_what_was_written(
    browser: httpx.AsyncClient, services: Services
) -> None:
    services.case = case("in_progress")
    services.refuses = 422, {"kind": "invalid", "errors": [{"pointer": "/photos", "detail": "is required"}]}
    fields = {"do": "resolve", "version": "7", "how": "agreement", "text": "谈好了", **CSRF}
    answer = await browser.post("/cases/c1", data=fields, headers=OWN)
    assert answer.status_code == 422
    page = unescape(answer.text)
    assert "该类工单须附一张处置后照片。" in page
    assert "谈好了</textarea>" in page
    services.refuses = 409, {"kind": "not-open", "reason": "taken"}
    services.case = case("claimed", claimed_by="walker")
    answer = await browser.post("/cases/c1", data=FORM, headers=OWN)
    assert answer.status_code == 409
    assert "已由李四接单。" in unescape(answer.text)


async def test_when_a_service_is_away_the_page_says_so(browser: httpx.AsyncClient, services: Services) -> None:
    services.away = True
    assert (await browser.get("/cases/c1")).status_code == 503


async def test_photos_come_small_with_the_session(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/cases/c1/photos/f1")
    assert (answer.status_code, answer.content) == (200, b"small")
    assert answer.headers["content-type"] == "image/jpeg"
    assert (await browser.get("/cases/c1/pictures/f1")).content == b"large"
    assert (await browser.get("/cases/c1/photos/f1", headers={"cookie": ""})).status_code == 404


async def test_a_picture_that_is_too_large_is_said_on_a_page(browser: httpx.AsyncClient) -> None:
    picture = b"x" * SENT_MAX
    answer = await browser.post("/cases/c1", data=FORM, files={"photos": picture}, headers=OWN)
    assert answer.status_code == 413
    assert "照片或文件太大" in answer.text


async def test_the_page_names_people_units_reasons_and_who_else_is_told_and_times_are_the_citys(
    browser: httpx.AsyncClient, services: Services
) -> None:
    until = NOW + timedelta(hours=20)
    asked = Ask(what="pause", clock="resolve", asked_by="walker", reason="weather", until=until)
    services.case = case("claimed", claimed_by="walker", asks=(asked,), commands=("approve_pause",))
    page = unescape((await browser.get("/cases/c1")).text)
    for words in (
        "已由李四接单。",
        "李四（码头社区专职网格员）",
        "恶劣天气",
        "李四申请",
        "至明天13:00",
        "截止今天19:15",
    ):
        assert words in page, words
    assert "walker" not in page
    assert "left（" not in page, "who left the pack is not named"
    english = unescape((await browser.get("/cases/c1?lang=en")).text)
    for words in ("Li Si has it now.", "Li Si (Quay, grid member)", "Bad weather", "until tomorrow 13:00"):
        assert words in english, words


async def test_where_it_cannot_be_asked_who_was_told_the_case_is_shown_without(
    browser: httpx.AsyncClient, services: Services
) -> None:
    services.told = False
    page = unescape((await browser.get("/cases/c1")).text)
    assert "请接单。" in page
    assert "已告知" not in page


def test_who_asks_for_a_ruling_and_who_wrote_a_line_are_named() -> None:
    asked = Ruling("return", asked_by="walker", unit="grid-1", text="在路东", suggests="next-door")
    people, units, _ = of_case(case(ruling=asked, history=(Line("case.noted", NOW, "boss", "请今日办结"),)), ())
    assert {"walker", "boss"} <= set(people)
    assert {"grid-1", "next-door"} <= set(units)
