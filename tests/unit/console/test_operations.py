"""Promise: ops find a lost report, see who kept it waiting, and deliver again what was parked."""

import httpx
import pytest

from tests.kit.console_door import ConsoleDoor, Headers
from tests.kit.made_operations import CASE, LETTER, REPORT, letter
from tests.kit.made_router import NOW, SESSION, MadeRouter, refused

SIGNED_IN: Headers = ((b"cookie", f"whistle={SESSION}".encode()),)
PAGES = ["/ops", f"/ops/find?q={REPORT}", "/ops/parked", f"/ops/parked/router/{LETTER}", "/ops/deliveries"]
ONE = f"/ops/parked/router/{LETTER}"


@pytest.mark.parametrize(
    ("offices", "opens"), [((), []), (("ops",), PAGES), (("auditor",), ["/audit"]), (("setup",), [])], ids=str
)
async def test_each_office_opens_its_own_pages(offices: tuple[str, ...], opens: list[str]) -> None:
    door = ConsoleDoor(MadeRouter(offices=offices))
    for page in (*PAGES, "/audit", "/audit/export"):
        got = await door.get(page, SIGNED_IN)
        may = page in opens or (page == "/audit/export" and "auditor" in offices)
        assert got.status == (200 if may else 403), page
        if page == "/audit/export" and may:
            continue  # a sheet
        links = {one.get("href") for one in got.attributes("a")}
        assert ("/ops" in links) is ("ops" in offices) and ("/audit" in links) is ("auditor" in offices)


@pytest.mark.parametrize("page", [*PAGES, "/audit"])
async def test_who_is_not_signed_in_is_led_to_sign_in_and_back(door: ConsoleDoor, page: str) -> None:
    got = await door.get(page)
    assert got.status == 303
    assert (got.header("location") or "").startswith("/signin?back=")


@pytest.mark.parametrize("asked", [REPORT, CASE, "5678"])
async def test_a_story_names_who_kept_it_waiting(door: ConsoleDoor, asked: str) -> None:
    text = (await door.get(f"/ops/find?q={asked}&lang=zh", SIGNED_IN)).text
    assert "等待路由 4.2秒" in text
    assert text.index("上报") < text.index("派单")
    assert CASE in text and "张三" in text


async def test_a_service_that_does_not_answer_is_named_and_the_rest_shown(
    door: ConsoleDoor, router: MadeRouter
) -> None:
    router.refuses["GET /v1/alerts"] = refused(503)
    text = (await door.get(f"/ops/find?q={REPORT}&lang=zh", SIGNED_IN)).text
    assert "通知没有回答" in text and "等待路由 4.2秒" in text


async def test_alerts_and_reports_are_asked_in_the_office(door: ConsoleDoor) -> None:
    await door.get(f"/ops/find?q={REPORT}", SIGNED_IN)
    of = {one.url.path: one.headers.get("whistle-office") for one in door.asked}
    assert of["/v1/alerts"] == of[f"/v1/reports/{REPORT}"] == "ops"


async def test_several_reports_of_a_telephone_are_offered(door: ConsoleDoor, router: MadeRouter) -> None:
    one = {"report": REPORT, "city": "harbour", "app": "rider-app-1", "received_at": NOW.isoformat()}
    found = {"items": [one, {**one, "report": "r" + "b" * 26}], "searched": 9}
    router.refuses["POST /v1/reporters:find"] = httpx.Response(200, json=found)
    got = await door.get("/ops/find?q=5678", SIGNED_IN)
    assert {one.get("href") for one in got.attributes("a")} >= {f"/ops/find?q={REPORT}", f"/ops/find?q=r{'b' * 26}"}


@pytest.mark.parametrize("asked", ["nonsense", "../../v1/keys", "0" * 32, "d" + "z" * 26, "<b>", "r1?x=1"])
async def test_what_nobody_knows_is_said(door: ConsoleDoor, asked: str) -> None:
    got = await door.get(f"/ops/find?q={asked}&lang=zh", SIGNED_IN)
    assert got.status == 200
    assert "没有" in got.text
    assert not any("keys" in one.url.path for one in door.asked)


async def test_a_code_is_asked_for_at_the_act_and_the_act_goes_on(door: ConsoleDoor, router: MadeRouter) -> None:
    router.refuses["GET /v1/dead-letters"] = refused(403, kind="second-factor")
    got = await door.get("/ops/parked", SIGNED_IN)
    assert got.status == 403
    assert any(one.get("name") == "totp" for one in got.attributes("input"))
    assert any(one.get("name") == "to" and one.get("value") == "/ops/parked" for one in got.attributes("input"))
    after = await door.send_signed("/confirm", to="/ops/parked", posts="", totp="123456")
    assert (after.status, after.header("location")) == (303, "/ops/parked")
    router.refuses[f"POST /v1/dead-letters/{LETTER}/replay"] = refused(403, kind="second-factor")
    pressed = await door.send_signed(ONE, act="replay", key="k1")
    kept = {one.get("name"): one.get("value") for one in pressed.attributes("input")}
    assert kept["act"] == "replay" and kept["posts"] == "yes"
    again = await door.send_signed("/confirm", to=ONE, posts="yes", act="replay", totp="123456")
    assert (again.status, again.header("location")) == (307, ONE), "the browser sends the same form once more"


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
async def test_after_a_code_nobody_is_led_elsewhere(door: ConsoleDoor, to: str) -> None:
    after = await door.send_signed("/confirm", to=to, posts="yes", totp="123456")
    assert after.header("location") == "/me"


async def test_a_wrong_code_keeps_what_was_typed(door: ConsoleDoor, router: MadeRouter) -> None:
    router.refuses["POST /v1/sessions:confirm"] = refused(401, kind="wrong-code")
    got = await door.send_signed("/confirm", to=ONE, posts="yes", act="drop", totp="000000")
    kept = {one.get("name"): one.get("value") for one in got.attributes("input")}
    assert got.status == 401 and kept["act"] == "drop" and kept["to"] == ONE


async def test_a_parked_message_is_tried_dry_replayed_and_its_outcome_told(
    door: ConsoleDoor, router: MadeRouter
) -> None:
    dry = {**letter(NOW), "unreadable": "the data does not fit"}
    router.refuses[f"POST /v1/dead-letters/{LETTER}/replay"] = httpx.Response(200, json=dry)
    tried = await door.send_signed(f"{ONE}?lang=zh", act="dry", key="k")
    assert "the data does not fit" in tried.text
    assert [one.content for one in door.asked if one.url.path.endswith("/replay")] == [b'{"dry_run":true}']
    router.refuses[f"GET /v1/dead-letters/{LETTER}"] = httpx.Response(
        200, json={**letter(NOW), "outcome": "parked", "again": "other"}
    )
    sent = await door.send_signed(ONE, act="replay", key="k")
    assert (sent.status, sent.header("location")) == (303, ONE)
    page = await door.get(ONE, SIGNED_IN)
    assert {one.get("href") for one in page.attributes("a")} >= {"/ops/parked/router/other"}


async def test_what_was_decided_already_is_not_decided_again(door: ConsoleDoor, router: MadeRouter) -> None:
    router.refuses[f"GET /v1/dead-letters/{LETTER}"] = httpx.Response(200, json={**letter(NOW), "state": "replayed"})
    got = await door.send_signed(ONE, act="drop", key="k")
    assert got.status == 409
    assert not [one for one in door.asked if one.method == "POST" and "/dead-letters/" in one.url.path]


async def test_a_delivery_is_sent_again_under_the_forms_key(door: ConsoleDoor) -> None:
    delivery = "d" + "c" * 26
    got = await door.send_signed(f"/ops/deliveries/{delivery}", key="k7")
    assert got.status == 303
    (retry,) = [one for one in door.asked if one.url.path == f"/v1/deliveries/{delivery}/retry"]
    assert retry.headers["idempotency-key"] == "k7"


async def test_health_says_what_the_doctor_says(door: ConsoleDoor) -> None:
    text = (await door.get("/ops?lang=zh", SIGNED_IN)).text
    assert "1条消息无法处理" in text
    assert "1,200" in text and "1分30秒" in text
    assert "港城" in text


async def test_with_the_router_away_the_page_says_so_and_which(door: ConsoleDoor, router: MadeRouter) -> None:
    for asked in ("GET /v1/me", "GET /readyz"):
        router.refuses[asked] = refused(503)
    got = await door.get("/ops?lang=zh", SIGNED_IN)
    assert got.status == 503
    assert "路由" in got.text and "未就绪" in got.text


async def test_an_auditor_filters_by_person_kind_and_whole_days_of_the_city(door: ConsoleDoor) -> None:
    got = await door.get("/audit?who=qs-desk&kind=personal_data&from=2026-03-04&to=2026-03-04&lang=zh", SIGNED_IN)
    assert "查看实名" in got.text and "成功" in got.text and "unmask" not in got.text
    (asked,) = [dict(one.url.params) for one in door.asked if one.url.path == "/v1/security-log"]
    assert (asked["who"], asked["kind"]) == ("qs-desk", "personal_data")
    assert (asked["since"], asked["until"]) == ("2026-03-04T00:00:00+08:00", "2026-03-05T00:00:00+08:00")
    links = {one.get("href") for one in got.attributes("a")}
    assert "/audit/export?who=qs-desk&kind=personal_data&from=2026-03-04&to=2026-03-04" in links


async def test_the_log_is_exported_as_the_service_has_it(door: ConsoleDoor) -> None:
    got = await door.get("/audit/export?kind=setup", SIGNED_IN)
    assert (got.header("content-type") or "").startswith("text/csv")
    assert got.body.startswith(b"\xef\xbb\xbfid,city")
