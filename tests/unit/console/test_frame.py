"""What every page has from the frame: who is on, links, language, light or dark, words for failures."""

import httpx
import pytest

from services.console.frame.forms import csrf_token
from services.console.frame.navigation import NavLink, shown
from services.console.frame.security_headers import CONTENT_SECURITY_POLICY
from services.console.router_client import Me
from tests.kit.console_door import OWN_FORM, ConsoleDoor
from tests.kit.made_router import NOW, SESSION, MadeRouter, refused

SIGNED_IN = ((b"cookie", f"whistle={SESSION}".encode()),)
ASKED_BY_HTMX = (*SIGNED_IN, (b"hx-request", b"true"))


async def test_who_is_on_stands_large_and_another_takes_over_in_one_press(door: ConsoleDoor) -> None:
    page = (await door.get("/me", SIGNED_IN)).text
    assert "<strong><bdi>张三</bdi></strong><span><bdi>交通路社区</bdi> · 值班员</span>" in page
    assert '<input type="hidden" name="to" value="/signin/pin">' in page
    assert '<button type="submit">换人登录</button>' in page


async def test_every_page_leads_to_feedback_and_says_which_it_was(door: ConsoleDoor) -> None:
    for target in ("/me", "/signin", "/nowhere"):
        page = (await door.get(target, (*SIGNED_IN, (b"accept", b"text/html")))).text
        assert f'href="/feedback?of=%2F{target[1:]}">意见建议</a>' in page, target
    assert "<code>/me</code>" in (await door.get("/feedback?of=/me")).text
    assert (
        "evil" not in (await door.get("/feedback?of=https://evil.example")).text.split("<main", 1)[1].split("</main")[0]
    )


async def test_language_and_appearance_are_kept_by_the_browser(door: ConsoleDoor) -> None:
    got = await door.get("/signin?lang=en&theme=dark")
    kept = {value.split(";")[0] for key, value in got.headers if key == "set-cookie"}
    assert kept == {"whistle-lang=en", "whistle-theme=dark"}
    again = (await door.get("/signin", ((b"cookie", b"whistle-lang=en; whistle-theme=dark"),))).text
    assert '<html lang="en" data-theme="dark">' in again
    wrong = (await door.get("/signin", ((b"cookie", b'whistle-lang=xx; whistle-theme="><b>'),))).text
    assert '<html lang="zh-CN" data-theme="auto">' in wrong


async def test_the_policy_allows_only_our_own_files(door: ConsoleDoor) -> None:
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    for target in ("/me", "/signin", "/feedback", "/cases/c1"):
        got = await door.get(target, SIGNED_IN)
        assert got.header("content-security-policy") == CONTENT_SECURITY_POLICY, target
        assert all(
            one.get("src", "").startswith("/built/") or one["type"] == "application/json"
            for one in got.attributes("script")
        )


async def test_an_address_that_is_none_is_a_page_for_people_and_a_problem_for_programs(door: ConsoleDoor) -> None:
    page = await door.get("/nowhere", ((b"accept", b"text/html"),))
    assert (page.status, "未找到" in page.text) == (404, True)
    assert (await door.get("/nowhere")).header("content-type") == "application/problem+json"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refused(503), "服务暂无响应"),
        (refused(404), "不属您所在单位"),
        (refused(403), "无此权限"),
        (refused(409), "他人已先操作"),
    ],
)
async def test_a_refusal_is_said_on_a_page_of_its_own(
    door: ConsoleDoor, router: MadeRouter, answer: httpx.Response, words: str
) -> None:
    router.refuses["GET /v1/cases/c1"] = answer
    got = await door.get("/cases/c1", SIGNED_IN)
    assert (got.status, words in got.text) == (answer.status_code, True)


async def test_what_was_typed_is_kept_where_the_service_is_away_and_secrets_are_not(
    door: ConsoleDoor, router: MadeRouter
) -> None:
    router.refuses["GET /v1/me"] = refused(503)
    got = await door.send_signed("/cases/c1", do="resolve", text="换好了", key="k1", pin="274913")
    assert got.status == 503
    kept = {one["name"]: one.get("value") for one in got.attributes("input") if one["name"] != "csrf"}
    assert kept == {"do": "resolve", "text": "换好了", "key": "k1"}
    assert "重新提交" in got.text


async def test_where_the_session_has_ended_a_form_is_not_lost(door: ConsoleDoor, router: MadeRouter) -> None:
    router.refuses["GET /v1/me"] = refused(401)
    assert (await door.get("/me?x=1", SIGNED_IN)).header("location") == "/signin?ended=&back=%2Fme%3Fx%3D1"
    got = await door.send_signed("/cases/c1", do="resolve", text="换好了")
    assert got.status == 401
    assert 'value="换好了"' in got.text
    assert 'target="_blank"' in got.text


async def test_a_form_that_was_shown_to_the_person_before_asks_first(door: ConsoleDoor, router: MadeRouter) -> None:
    body = f"do=claim&version=7&csrf={csrf_token('whk_session_' + 'b' * 64)}".encode()
    got = await door.request("POST", "/cases/c1", (*OWN_FORM, *SIGNED_IN), body)
    assert got.status == 403
    assert "是否以您的名义提交" in got.text
    assert [asked.url.path for asked in door.asked if asked.method == "POST"] == ["/v1/sessions:here"]
    again = next(one["value"] for one in got.attributes("input") if one["name"] == "csrf")
    assert again == csrf_token(SESSION)


async def test_htmx_is_answered_with_a_part_a_toast_or_where_to_go(door: ConsoleDoor, router: MadeRouter) -> None:
    router.refuses["GET /v1/cases/c1"] = refused(409)
    got = await door.get("/cases/c1", ASKED_BY_HTMX)
    assert (got.status, got.header("hx-retarget"), got.header("hx-reswap")) == (409, "#toasts", "beforeend")
    assert got.text.startswith('<div class="toast wrong"')
    led = await door.get("/me", ((b"hx-request", b"true"),))
    assert (led.status, led.header("hx-redirect")) == (204, "/signin?back=%2Fme")


async def test_a_form_has_a_key_of_its_own(door: ConsoleDoor) -> None:
    keys = set()
    for _ in range(2):
        got = await door.get("/pin", SIGNED_IN)
        keys |= {one["value"] for one in got.attributes("input") if one["name"] == "key"}
    assert len(keys) == 2


def test_links_are_shown_to_those_that_they_are_for() -> None:
    links = (NavLink("/ops", "Ops", 90, frozenset({"ops"})), NavLink("/me", "Mine", 20), NavLink("/queue", "Queue", 10))
    officer, ops = (Me("c", "p", "u", NOW, offices=offices) for offices in ((), ("ops",)))
    assert [link.path for link in shown(links, officer)] == ["/queue", "/me"]
    assert [link.path for link in shown(links, ops)] == ["/queue", "/me", "/ops"]
    assert links[2].leads_to("/queue/c1")
    assert not links[2].leads_to("/queues")


async def test_htmx_is_led_back_to_an_address_of_any_script(door: ConsoleDoor) -> None:
    """B123: a header of Chinese characters was a fault, after the session had been opened."""
    body = b"person=qs-desk&password=x&back=%2Fcases%2Fc1%3Fx%3D%E4%B8%AD"
    got = await door.request("POST", "/signin", [*OWN_FORM, (b"hx-request", b"true")], body)
    assert (got.status, got.header("hx-redirect")) == (204, "/cases/c1?x=%E4%B8%AD")
