"""A demonstration says so on every page, in every message and in every answer, and ends only when asked twice."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer

from deploy.cli import installing
from deploy.cli.api import Api, Failed
from deploy.local.ops_token import OpsToken
from services.intake.http.report_view import report_view
from services.intake.reports.progress_record import ReportStatus
from services.notifier.channels.texts import Item, Texts
from services.notifier.delivery.webhook_payload import payload
from services.router.cases.published_events import to_envelopes
from services.router.cases.routing import assign
from shared.case_page.rendering import message_page
from shared.case_page.words import Words
from shared.city.pack import Pack
from shared.city.reading import read_folder, read_pack
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.contracts.reports import ReportSubmitted
from shared.runtime.http_server.signed_page import Page
from tests.kit.console_door import ConsoleDoor
from tests.kit.made_reports import NOW, TRACE, record, submitted
from tests.kit.made_router import SESSION, MadeRouter
from tests.packs import GARDENS, HARBOUR, SHEYANG

ZH = "演示系统，上报不会送达任何部门；紧急请拨119/110/120"
EN = "A demonstration: no report reaches any authority; in an emergency call 119, 110 or 120"
COOKIE = ((b"cookie", f"whistle={SESSION}".encode()),)


@cache
def sheyang(*, demonstration: bool) -> Pack:
    files = read_folder(SHEYANG)
    if not demonstration:
        files["city.yaml"] = files["city.yaml"].replace("demonstration: true", "demonstration: false")
    return read_pack(files)


@pytest.mark.parametrize("folder", [SHEYANG, HARBOUR, GARDENS])
def test_every_pack_that_the_project_ships_is_a_demonstration(folder: Path) -> None:
    pack = read_pack(read_folder(folder))
    assert (pack.notice("zh-CN"), pack.notice("en"), pack.notice("nl")) == (ZH, EN, EN)


@pytest.mark.parametrize(("demonstration", "notice"), [(True, ZH), (False, None)])
def test_what_a_reporter_and_his_app_read_has_the_notice_beside_the_message(
    demonstration: bool, notice: str | None
) -> None:
    pack = sheyang(demonstration=demonstration)
    assert report_view(ReportStatus(record()), pack, NOW).notice == notice
    case, happened = assign(decode(submitted("k1", description="路灯不亮"), ReportSubmitted), "sheyang", pack)
    (event, *_) = to_envelopes(case, [happened], TRACE)
    data = decode(event, CaseEvent)
    sent = json.loads(payload(event, data, data.case.reports[0].app, pack))["data"]["report_details"]
    assert [detail.get("notice") for detail in sent] == [notice]
    assert all(detail["message"] for detail in sent)


def test_every_message_to_officers_ends_with_the_notice() -> None:
    texts = Texts("zh", "Asia/Shanghai", "https://city.example/me", ZH)
    items = [Item(title="催办", words="井盖", due_at=NOW, state="sent", danger=False, recipients=("甲",))] * 3
    listed, _ = texts.several(items, lambda _: True)
    for text in (texts.one(items[0], lambda _: True), texts.bare(items[0]), listed):
        assert text.splitlines()[-1] == ZH
        assert text.count(ZH) == 1
    digests = (texts.digest(items, count, lambda _: True) for count in (3, 9))
    assert [digest.splitlines()[-1] for digest in digests] == [ZH, ZH]
    short = texts.several(items, lambda text: len(text) < 110)[0]
    assert short.endswith(ZH), "of what does not fit, the notice is not what is left out"


def test_pages_behind_links_say_it_above_all() -> None:
    page = message_page(Words("zh", ZH), title="t", text="x")
    assert page.index(ZH) < page.index("<h1>")
    assert ZH not in message_page(Words("zh"), title="t", text="x")
    asked = bytes(Page(language="en", title="t", notice=EN).answer(200).body).decode()
    assert asked.index(EN) < asked.index("<h1>")
    assert EN not in bytes(Page(language="en", title="t").answer(200).body).decode()


@pytest.mark.parametrize(("lang", "said"), [("zh", ZH), ("en", EN)])
async def test_the_consoles_pages_say_it_in_the_readers_language(lang: str, said: str) -> None:
    for demonstration in (True, False):
        door = ConsoleDoor(MadeRouter(demonstration=demonstration))
        pages = [await door.get(f"/me?lang={lang}", COOKIE), await door.get(f"/i/abc?lang={lang}")]
        assert [page.status for page in pages] == [200, 200]
        assert [said in page.text for page in pages] == [demonstration, demonstration]


def ended(sent: list[dict[str, Any]]) -> Callable[[httpx.Request], httpx.Response]:
    """A router on which Sheyang is a demonstration; ``sent``: what came."""

    def answer(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        sent.append(body)
        if body.get("ends_demonstration") == "sheyang":
            return httpx.Response(200, json={"city": "sheyang", "version": "v2", "units": 1, "warnings": []})
        problem = {"type": "urn:whistle:problem:demonstration-ends", "detail": "is a demonstration", "city": "sheyang"}
        return httpx.Response(409, json=problem)

    return answer


@pytest.mark.parametrize(
    ("terminal", "confirmed", "typed", "times"),
    [(True, True, "sheyang", 2), (True, True, "sheyan", 1), (True, False, "sheyang", 1), (False, True, "sheyang", 1)],
)
def test_a_demonstration_comes_into_use_only_when_somebody_said_so_twice(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, confirmed: bool, typed: str, times: int
) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: terminal, raising=False)
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: confirmed)
    monkeypatch.setattr(typer, "prompt", lambda *_, **__: typed)
    with httpx.Client(transport=httpx.MockTransport(ended(sent))) as http:
        api = Api(http, {"router": "http://router"}, OpsToken("t"))
        if times == 2:
            installing.load(api, SHEYANG, as_json=True)
        else:
            with pytest.raises(Failed):
                installing.load(api, SHEYANG, as_json=True)
        assert len(sent) == times
        installing.load(api, SHEYANG, as_json=True, ends_demonstration="sheyang")
