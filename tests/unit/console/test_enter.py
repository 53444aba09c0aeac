"""Entering a report for somebody, and a find of one's own."""

import re
from typing import Any

import httpx

from tests.kit.made_case import LON
from tests.kit.made_router import MadeRouter, refused

OWN = {"sec-fetch-site": "same-origin"}


async def sent(browser: httpx.AsyncClient, path: str = "/enter", files: Any = None, **fields: str) -> httpx.Response:
    """The form as it was shown, filled in."""
    page = (await browser.get(path)).text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)"(?: id="\w+")? value="([^"]*)"', page))
    return await browser.post("/enter", data={**hidden, **fields}, files=files, headers=OWN)


async def test_who_looks_around_sees_unit_category_and_open_cases_and_nothing_is_sent(
    browser: httpx.AsyncClient, router: MadeRouter
) -> None:
    answer = await sent(browser, step="look", text="水管破裂", address="建华园2号楼")
    assert answer.status_code == 200
    for words in ("交通路社区", "交通路第一网格", "同一问题", "建华园3号楼", "相距60米", "供水管网"):
        assert words in answer.text, words
    assert '<option value="water_pipe" selected>' in answer.text
    assert f'value="{LON}"' in answer.text
    assert router.sent == []


async def test_a_category_that_words_suggested_follows_them_and_a_chosen_one_stays(
    browser: httpx.AsyncClient, router: MadeRouter
) -> None:
    """Words that are typed further may mean something worse: a suggestion is nobody's choice."""
    router.answers["POST /v1/cases:suggest"] = {**router.answers["POST /v1/cases:suggest"], "category": "street_light"}
    looked = (await sent(browser, step="look", text="路灯")).text
    assert '<option value="street_light" selected>' in looked
    hidden = dict(re.findall(r'type="hidden" name="(\w+)"(?: id="\w+")? value="([^"]*)"', looked))
    router.answers["POST /v1/cases:suggest"] = {**router.answers["POST /v1/cases:suggest"], "category": "water_pipe"}
    typed = {**hidden, "step": "look", "text": "路灯旁水管破裂", "category": "street_light"}
    assert '<option value="water_pipe" selected>' in (await browser.post("/enter", data=typed, headers=OWN)).text
    chosen = {**typed, "offered": "water_pipe"}
    assert '<option value="street_light" selected>' in (await browser.post("/enter", data=chosen, headers=OWN)).text


async def test_a_report_is_sent_once_with_what_was_said(browser: httpx.AsyncClient, router: MadeRouter) -> None:
    given = {
        "text": "水管破裂",
        "address": "建华园2号楼",
        "channel": "phone",
        "category": "water_pipe",
        "name": "王小明",
        "phone": "13800000001",
        "consent": "yes",
        "outside_number": "12345-7",
        "same_as": "c2",
        "draft": "d1",
    }
    for _ in range(2):
        answer = await sent(browser, step="send", **given)
        assert answer.status_code == 303
        assert answer.headers["location"] == "/enter/r1"
    assert router.keys == ["entered-d1", "entered-d1"]
    assert router.sent[0] == (
        "report",
        {
            "kind": "hazard",
            "description": "水管破裂",
            "channel": "phone",
            "location": {"address": "建华园2号楼"},
            "category": "water_pipe",
            "same_as": "c2",
            "outside_number": "12345-7",
            "reporter": {"ref": "13800000001", "confidential": False, "name": "王小明", "phone": "13800000001"},
        },
    )
    page = (await browser.get("/enter/r1")).text
    assert "【交通路社区】已接单，11:40前到场。" in page
    assert "data-copy" in page


async def test_a_name_is_kept_only_where_its_owner_agreed(browser: httpx.AsyncClient, router: MadeRouter) -> None:
    answer = await sent(browser, step="send", text="水管破裂", address="建华园", phone="13800000001")
    assert answer.status_code == 422
    assert "请先征得同意" in answer.text
    assert "水管破裂</textarea>" in answer.text
    assert router.sent == []


async def test_every_draft_has_a_key_of_its_own_and_keeps_its_photos(
    browser: httpx.AsyncClient, router: MadeRouter
) -> None:
    files = [("photos", ("a.jpg", b"\xff\xd8a")), ("photos", ("b.jpg", b"\xff\xd8b"))]
    looked = await sent(browser, files=files, step="look", text="水管破裂")
    kept = re.findall(r'name="photo" value="(\w+)"', looked.text)
    assert kept == ["f9"]  # the made intake knows one photo
    for _ in range(2):
        await sent(browser, step="send", text="水管破裂", address="建华园", photo="f9")
    assert router.sent[0][1]["photos"] == ["f9"]
    assert len(set(router.keys)) == 2


async def test_a_press_on_the_map_is_a_place_in_the_units_ground(
    browser: httpx.AsyncClient, router: MadeRouter
) -> None:
    answer = await sent(browser, step="send", text="杂物堆放", pick="0.5,0.5")
    assert answer.status_code == 303
    location = router.sent[0][1]["location"]
    assert 120.11 < location["lon"] < 120.141
    assert 33.772 < location["lat"] < 33.7915


async def test_a_find_is_handed_in_or_was_handled_on_the_spot(browser: httpx.AsyncClient, router: MadeRouter) -> None:
    find = {"text": "楼道杂物", "address": "建华园2号楼", "category": "street_light"}
    await sent(browser, "/enter?as=patrol", step="send", **find, done="found", how_text="不该发出")
    files = [("after_photos", ("a.jpg", b"\xff\xd8a"))]
    await sent(browser, "/enter?as=patrol", files, step="send", **find, done="handled", how="repair", how_text="已清理")
    (_, handed_in), (_, handled) = router.sent
    assert "handled" not in handed_in
    assert handed_in["channel"] == handled["channel"] == "patrol"
    assert handled["handled"] == {
        "how": "repair",
        "text": "已清理",
        "at": "2026-03-04T02:30:00+00:00",
        "photos": ["f9"],
    }
    assert "reporter" not in handled


async def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    browser: httpx.AsyncClient, router: MadeRouter
) -> None:
    router.refuses["POST /v1/reports"] = refused(422, "/location", "invalid")
    answer = await sent(browser, step="send", text="水管破裂")
    assert answer.status_code == 422
    assert "请写明地点，或点地图。" in answer.text
    assert re.search(r'id="address"[^>]*aria-invalid="true"', answer.text)
    router.refuses["POST /v1/reports"] = refused(503)
    answer = await sent(browser, step="send", text="水管破裂")
    assert answer.status_code == 503
    assert "水管破裂" in answer.text
