"""The rider's page before services that are made up: who the browser is, what is asked, what is kept."""

import re

import httpx
import msgspec
import pytest
from pydantic import SecretStr

from shared.kernel.ids import plain_id
from shared.runtime.settings import Settings
from tests.kit.console_door import OWN_FORM, ConsoleDoor, Got
from tests.kit.made_riders import APP_KEY, LINK, RIDER, MadeRiders
from tests.kit.made_router import MadeRouter, refused

SESSION = ((b"cookie", f"whistle-rider={RIDER}".encode()),)
OF_APP = ((b"cookie", f"whistle-rider={RIDER}; whistle-rider-app=yes".encode()),)
REPORT = {"key": "k1", "words": "水管破裂", "address": "建华园", "category": "water_pipe"}


@pytest.fixture
def riders() -> MadeRiders:
    return MadeRiders(MadeRouter())


@pytest.fixture
def door(riders: MadeRiders) -> ConsoleDoor:
    return ConsoleDoor(riders, Settings(rider_key=SecretStr(APP_KEY)))


async def sent(door: ConsoleDoor, cookies: tuple[tuple[bytes, bytes], ...] = (), **fields: str) -> Got:
    body = httpx.QueryParams({**REPORT, **fields})
    return await door.request("POST", "/r", (*OWN_FORM, *cookies), str(body).encode())


async def test_looking_remembers_nobody(door: ConsoleDoor, riders: MadeRiders) -> None:
    for path in ("/r", "/r/place", "/r/kind", "/r/send", "/r/reports", "/r/data"):
        got = await door.get(path)
        assert (got.status, got.header("set-cookie")) == (200, None), path
    assert riders.refs == []


async def test_the_first_report_makes_the_browser_a_reporter_and_the_next_is_of_the_same(
    door: ConsoleDoor, riders: MadeRiders
) -> None:
    got = await sent(door)
    assert (got.status, got.header("location")) == (303, "/r/reports/r1?sent=1")
    cookies = {value.split("=")[0]: value for name, value in got.headers if name == "set-cookie"}
    assert set(cookies) == {"whistle-rider", "whistle-rider-device"}
    assert all("HttpOnly" in value and "SameSite=lax" in value for value in cookies.values())
    kept = cookies["whistle-rider-device"].split(";")[0].encode()
    await sent(door, ((b"cookie", kept),), key="k2")
    assert (len(riders.refs), len(set(riders.refs))) == (2, 1), "the browser is the same reporter"


async def test_who_came_from_an_app_is_never_taken_for_a_browser(door: ConsoleDoor, riders: MadeRiders) -> None:
    riders.over.add(RIDER)
    got = await sent(door, OF_APP)
    assert (got.status, riders.refs, riders.reports) == (401, [], {})
    assert "骑手端重新打开本页" in got.text
    assert {one.get("value") for one in got.attributes("input")} >= {"k1"} or "水管破裂" in got.text


async def test_an_address_is_spent_by_the_form_alone(door: ConsoleDoor, riders: MadeRiders) -> None:
    for _ in range(3):
        assert (await door.get(f"/r/s/{LINK}")).status == 200
    assert not door.asked
    got = await door.send_form(f"/r/s/{LINK}")
    assert (got.status, got.header("location")) == (303, "/r")
    assert (await door.send_form("/r/s/none")).status == 404


async def test_without_an_own_app_only_riders_of_apps_report(riders: MadeRiders) -> None:
    door = ConsoleDoor(riders, Settings())
    got = await sent(door)
    assert got.status == 403
    assert "须从骑手端进入" in got.text
    assert (await sent(door, SESSION)).status == 303


async def test_a_photo_and_a_position_go_only_where_they_may(door: ConsoleDoor, riders: MadeRiders) -> None:
    got = await sent(door, SESSION, photo_1_id="f1")
    assert (got.status, riders.reports) == (422, {})
    assert "请勾选同意使用照片" in got.text
    point = {"lon": "120.25", "lat": "33.76", "crs": "wgs84", "found": "phone"}
    await sent(door, SESSION, **point)
    await sent(door, SESSION, key="k2", may_place="yes", **point)
    assert [body["location"] for body in riders.reports.values()] == [
        {"address": "建华园"},
        {"address": "建华园", "lon": 120.25, "lat": 33.76, "crs": "wgs84"},
    ]


@pytest.mark.parametrize(
    ("fields", "at"),
    [({"words": "", "category": ""}, "category"), ({"address": ""}, "address")],
)
async def test_what_is_missing_is_said_at_its_field_and_the_rest_stays(
    door: ConsoleDoor, fields: dict[str, str], at: str
) -> None:
    got = await sent(door, SESSION, **fields)
    assert got.status == 422
    assert f'<a href="#{at}">' in got.text
    json = await door.request(
        "POST",
        "/r",
        (*OWN_FORM, *SESSION, (b"accept", b"application/json")),
        str(httpx.QueryParams({**REPORT, **fields})).encode(),
    )
    assert msgspec.json.decode(json.body)["at"] == at


async def test_where_the_service_is_away_what_was_typed_stays_under_its_key(
    door: ConsoleDoor, riders: MadeRiders
) -> None:
    riders.refuses["POST /v1/reports"] = refused(503)
    got = await sent(door, SESSION)
    assert got.status == 503
    assert "水管破裂" in got.text
    assert [one["value"] for one in got.attributes("input") if one.get("name") == "key"] == ["k1"]


async def test_no_other_site_presses_for_a_rider(door: ConsoleDoor, riders: MadeRiders) -> None:
    for path in ("/r", "/r/photos", "/r/data", "/r/device", "/r/reports/r1", f"/r/s/{LINK}"):
        headers = ((b"sec-fetch-site", b"cross-site"), (b"content-type", b"application/x-www-form-urlencoded"))
        assert (await door.request("POST", path, (*headers, *SESSION), b"words=x")).status == 403, path
    assert (riders.reports, riders.said) == ({}, [])


async def test_the_worker_is_for_the_riders_pages_alone(door: ConsoleDoor) -> None:
    got = await door.get("/r/worker.js")
    assert (got.header("service-worker-allowed"), got.header("cache-control")) == ("/r", "no-cache")
    assert (got.header("content-type") or "").startswith("text/javascript")


def field_named(name: str) -> str:
    """The field of a question of the water pipes."""
    return plain_id("q", "water_pipe", name)


async def test_answers_go_with_the_report_and_a_wrong_one_is_said_at_its_question(
    door: ConsoleDoor, riders: MadeRiders
) -> None:
    answers = {field_named("flow"): '"喷水"', field_named("floors"): "2"}
    await sent(door, SESSION, **answers)
    (body,) = riders.reports.values()
    assert body["answers"] == {"flow": "喷水", "floors": 2}
    refusal = {"type": "urn:whistle:problem:invalid", "errors": [{"pointer": "/answers/floors", "detail": "x"}]}
    riders.refuses["POST /v1/reports"] = httpx.Response(422, json=refusal)
    got = await sent(door, SESSION, **answers)
    assert f'<a href="#{field_named("floors")}">' in got.text
    assert [one["value"] for one in got.attributes("input") if one.get("name") == field_named("floors")] == ["2"]


async def test_his_answers_stand_on_his_reports_page_in_the_words_of_the_questions(
    door: ConsoleDoor, riders: MadeRiders
) -> None:
    riders.report = {**riders.report, "answers": {"flow": "喷水", "road": False}}
    text = (await door.get("/r/reports/r1", SESSION)).text
    assert '<dt>水有多大</dt><dd class="words">喷水</dd><dt>是否影响通行</dt><dd class="words">否</dd>' in text


async def test_what_was_not_taken_on_was_worked_on_by_nobody_and_has_no_deadline_left(
    door: ConsoleDoor, riders: MadeRiders
) -> None:
    clock = {"kind": "resolve", "due_at": "2026-03-04T11:15:00Z", "state": "void"}
    case = {**riders.report["case"], "state": "rejected", "clocks": [clock]}
    riders.report = {**riders.report, "status": "rejected", "case": case}
    text = (await door.get("/r/reports/r1", SESSION)).text
    steps = re.findall(r'<li class="(\w*)"[^>]*>([^<]+)', text.partition('<ol class="five"')[2].partition("</ol>")[0])
    assert steps == [("done", "已上报"), ("done", "已派单"), ("done", "不予受理")]
    assert "剩余" not in text
    assert "承诺时限" not in text


@pytest.mark.parametrize(
    ("state", "steps"),
    [
        ("queued", ["已上报", "已派单*", "已接单", "处置中", "已办结"]),
        ("acknowledged", ["已上报", "已派单", "已签收*", "处置中", "已办结"]),
        ("claimed", ["已上报", "已派单", "已接单*", "处置中", "已办结"]),
        ("resolved", ["已上报", "已派单", "已接单", "已处置*", "已办结"]),
    ],
)
async def test_where_a_report_stands_is_what_somebody_did_and_no_more(
    door: ConsoleDoor, riders: MadeRiders, state: str, steps: list[str]
) -> None:
    """``*``: where it stands. Who only acknowledged has not claimed."""
    riders.report = {**riders.report, "status": state, "case": {**riders.report["case"], "state": state}}
    text = (await door.get("/r/reports/r1", SESSION)).text
    five = text.partition('<ol class="five"')[2].partition("</ol>")[0]
    found = re.findall(r'<li class="(\w*)"[^>]*>([^<]+)', five)
    assert [name.strip() + ("*" if look == "now" else "") for look, name in found] == steps


async def test_a_city_whose_pack_names_no_number_shows_the_countrys(door: ConsoleDoor, riders: MadeRiders) -> None:
    items = [{**one, "emergency": "", "emergency_en": ""} for one in riders.categories["items"]]
    riders.categories = {**riders.categories, "items": items}
    text = (await door.get("/r")).text
    for number in ("119", "120", "110"):
        assert f'href="tel:{number}"' in text


async def test_what_is_not_dealt_with_here_leads_to_where_it_is(door: ConsoleDoor, riders: MadeRiders) -> None:
    got = await sent(door, SESSION, category="lawsuit")
    assert (got.status, got.header("location")) == (303, "/r/elsewhere/court")
    shown = await door.get("/r/elsewhere/court")
    assert "tel:12368" in shown.text
    assert (await door.get("/r/elsewhere/none")).status == 404


async def test_what_may_be_a_matter_for_others_is_asked_and_taken_back_only_if_he_agrees(
    door: ConsoleDoor, riders: MadeRiders
) -> None:
    riders.elsewhere = "court"
    got = await sent(door, SESSION)
    assert got.header("location") == "/r/reports/r1?sent=1&to=court"
    asked = await door.get("/r/reports/r1?sent=1&to=court", SESSION)
    assert "撤回，我向人民法院反映" in asked.text
    assert riders.said == []
    body = str(httpx.QueryParams({"do": "elsewhere", "to": "court", "key": "k9"})).encode()
    agreed = await door.request("POST", "/r/reports/r1", (*OWN_FORM, *SESSION), body)
    assert agreed.header("location") == "/r/elsewhere/court"
    assert riders.said == [("/v1/reports/r1/withdraw", {"reason": "人民法院"})]


async def test_a_confidential_report_says_so_and_who_it_is_about_too(door: ConsoleDoor, riders: MadeRiders) -> None:
    await sent(door, SESSION, kind="clue", confidential="yes", about_us="yes")
    (body,) = riders.reports.values()
    assert (body["reporter"], body["about_us"]) == ({"ref": "self", "confidential": True}, True)


async def test_who_is_forgotten_is_nobody_in_this_browser_either(door: ConsoleDoor, riders: MadeRiders) -> None:
    cookies = ((b"cookie", f"whistle-rider={RIDER}; whistle-rider-device={'d' * 32}".encode()),)
    body = str(httpx.QueryParams({"sure": "yes", "key": "k8"})).encode()
    got = await door.request("POST", "/r/data", (*OWN_FORM, *cookies), body)
    gone = [value for name, value in got.headers if name == "set-cookie" and "Max-Age=0" in value]
    assert (got.status, {value.split("=")[0] for value in gone}) == (303, {"whistle-rider", "whistle-rider-device"})


async def test_the_sketch_is_a_page_without_script_and_leads_back_with_the_place(door: ConsoleDoor) -> None:
    got = await door.get("/r/map?at=120.25,33.76")
    assert "示意图，不作为行政区域界线依据" in got.text
    (take,) = (one for one in got.attributes("a") if "data-take" in one)
    back = await door.get(take["href"])
    values = {one["name"]: one.get("value") for one in back.attributes("input") if one.get("type") == "hidden"}
    assert (values["lon"], values["lat"], values["found"]) == ("120.250000", "33.760000", "map")
    assert "十字处的位置" in back.text
    part = await door.get("/r/map?at=120.25,33.76&span=0", ((b"hx-request", b"true"),))
    assert part.text.lstrip().startswith('<div class="sketch"')


async def test_nobody_puts_words_on_a_page_by_a_cookie(door: ConsoleDoor) -> None:
    for cookie in ("%E5%81%87%E7%9A%84", "0" * 32 + ".%E5%81%87%E7%9A%84", "."):
        got = await door.get("/r/reports", ((b"cookie", f"whistle-said={cookie}".encode()),))
        assert (got.status, "假的" in got.text) == (200, False)
    body = str(httpx.QueryParams({"do": "withdraw", "text": "x", "key": "k7"})).encode()
    said = await door.request("POST", "/r/reports/r1", (*OWN_FORM, *SESSION), body)
    kept = next(value for name, value in said.headers if name == "set-cookie" and value.startswith("whistle-said"))
    assert "已收到，谢谢！" in (await door.get("/r/reports", ((b"cookie", kept.split(";")[0].encode()),))).text
