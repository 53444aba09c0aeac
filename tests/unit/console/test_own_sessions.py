"""Shared computers, one's own sessions and password, and the list of people on a stack for development."""

import re

import pytest
from pydantic import SecretStr

from services.console.frame.forms import csrf_token
from shared.runtime.settings import Settings
from tests.kit.console_door import OWN_FORM, ConsoleDoor
from tests.kit.made_router import SESSION, MadeRouter, refused
from tests.kit.made_sign_in import COMPUTER

SIGNED_IN = ((b"cookie", f"whistle={SESSION}; whistle-computer={COMPUTER}".encode()),)
NEW = "seven ropes under the new pier"
NOT_FOR_SECRETS = "本系统为非涉密系统，严禁上传国家秘密、工作秘密。"
DEVELOPMENT = Settings(dev_tokens=True, secret=SecretStr("x" * 32))


@pytest.mark.parametrize(
    "path", ["/signin", "/signin/pin", "/signin/pin?other", "/i/abc", "/me/sessions", "/me/password"]
)
async def test_every_page_says_once_that_it_is_not_for_secrets(door: ConsoleDoor, path: str) -> None:
    assert (await door.get(path, SIGNED_IN)).text.count(NOT_FOR_SECRETS) == 1


@pytest.mark.parametrize("demonstration", [True, False])
@pytest.mark.parametrize("path", ["/signin", "/signin/pin"])
async def test_the_sign_in_page_of_a_demonstration_says_that_it_is_one(path: str, demonstration: bool) -> None:
    page = (await ConsoleDoor(MadeRouter(demonstration=demonstration)).get(path)).text
    assert ('class="banner"' in page) is demonstration


async def test_the_sign_in_page_opens_though_the_router_does_not_answer(door: ConsoleDoor, router: MadeRouter) -> None:
    router.refuses["GET /v1/sign-in"] = refused(503)
    assert (await door.get("/signin")).status == 200


async def test_my_sessions_are_listed_the_one_here_first_and_each_other_can_be_ended(door: ConsoleDoor) -> None:
    page = await door.get("/me/sessions", SIGNED_IN)
    assert re.findall(r'data-session="(\w+)"', page.text) == [
        "0123456789abcdef",
        "fedcba9876543210",
        "00112233445566aa",
    ]
    assert "Windows · Chrome" in page.text
    assert "Android · 微信" in page.text
    assert page.text.count('name="session"') == 2
    ended = await door.send_signed("/me/sessions", session="fedcba9876543210")
    assert (ended.status, ended.header("location")) == (303, "/me/sessions")
    assert (door.asked[-1].method, door.asked[-1].url.path) == ("DELETE", "/v1/sessions/fedcba9876543210")


async def test_all_but_this_session_end_in_one_press(door: ConsoleDoor) -> None:
    await door.send_signed("/me/sessions")
    ended = [one.url.path.rpartition("/")[2] for one in door.asked if one.method == "DELETE"]
    assert ended == ["fedcba9876543210", "00112233445566aa"]


async def test_a_password_is_changed_and_a_wrong_one_is_said(door: ConsoleDoor, router: MadeRouter) -> None:
    fields = {"password": "old", "new": NEW, "again": NEW}
    assert (await door.send_signed("/me/password", **fields)).header("location") == "/me/sessions"
    differ = await door.send_signed("/me/password", **{**fields, "again": "x"})
    assert (differ.status, "两次输入的密码不一致" in differ.text) == (422, True)
    router.refuses["POST /v1/sessions:set-password"] = refused(422, "/new")
    weak = await door.send_signed("/me/password", **fields)
    assert (weak.status, "密码太容易被猜到" in weak.text, NEW in weak.text) == (422, True, False)
    router.refuses["POST /v1/sessions:set-password"] = refused(401, kind="wrong-credentials")
    assert (await door.send_signed("/me/password", **fields)).status == 401


async def test_change_of_person_is_one_press_that_ends_the_session(door: ConsoleDoor) -> None:
    got = await door.request("POST", "/signout", (*OWN_FORM, *SIGNED_IN), b"to=%2Fsignin%2Fpin")
    assert got.header("location") == "/signin/pin"
    assert [one.method for one in door.asked][-1] == "DELETE"
    assert "Max-Age=0" in (got.header("set-cookie") or "")
    elsewhere = await door.request("POST", "/signout", (*OWN_FORM, *SIGNED_IN), b"to=https%3A%2F%2Fevil.example")
    assert elsewhere.header("location") == "/signin"


async def test_those_whose_pins_are_taken_here_are_there_to_choose(door: ConsoleDoor) -> None:
    page = (await door.get("/signin/pin", SIGNED_IN)).text
    assert [
        one["value"]
        for one in (await door.get("/signin/pin", SIGNED_IN)).attributes("input")
        if one.get("type") == "radio"
    ] == [
        "harbour/qs-desk",
        "harbour/qs-walk",
    ]
    assert 'name="person"' not in page
    assert 'name="person"' in (await door.get("/signin/pin?other", SIGNED_IN)).text
    assert 'name="person"' in (await door.get("/signin/pin")).text, "a browser that is not known"
    got = await door.request("POST", "/signin/pin", (*OWN_FORM, *SIGNED_IN), b"who=harbour%2Fqs-walk&pin=905172")
    assert got.status == 303
    body = next(one for one in door.asked if one.url.path == "/v1/sessions:pin").content
    assert b'"person":"qs-walk"' in body.replace(b": ", b":")


async def test_whose_session_is_over_at_a_known_computer_is_asked_for_the_pin_and_comes_back(
    door: ConsoleDoor, router: MadeRouter
) -> None:
    router.refuses["GET /v1/me"] = refused(401)
    got = await door.get("/cases/c1", SIGNED_IN)
    assert got.header("location") == "/signin/pin?idle=&back=%2Fcases%2Fc1"
    page = await door.get("/signin/pin?idle=&back=%2Fcases%2Fc1", SIGNED_IN)
    assert "长时间未操作" in page.text
    entered = await door.request(
        "POST", "/signin/pin", (*OWN_FORM, *SIGNED_IN), b"who=harbour%2Fqs-desk&pin=274913&back=%2Fcases%2Fc1"
    )
    assert entered.header("location") == "/cases/c1"
    away = await door.request(
        "POST", "/signin/pin", (*OWN_FORM, *SIGNED_IN), b"who=harbour%2Fqs-desk&pin=274913&back=%2F%2Fevil.example"
    )
    assert away.header("location") == "/me"


async def test_only_what_a_person_does_keeps_a_session_from_being_locked(door: ConsoleDoor, router: MadeRouter) -> None:
    def told() -> int:
        return router.asked.count("POST /v1/sessions:here")

    await door.get("/me", (*SIGNED_IN, (b"hx-request", b"true")))
    await door.get("/live", SIGNED_IN)
    assert told() == 0
    page = await door.get("/me", SIGNED_IN)
    assert told() == 1
    assert 'data-after="1800"' in page.text
    assert '<noscript><meta http-equiv="refresh" content="1860; url=/signin/pin?idle"></noscript>' in page.text
    await door.get("/me", SIGNED_IN)
    assert told() == 1, "once a minute"
    assert (await door.request("POST", "/signin/here", (*OWN_FORM, *SIGNED_IN))).status == 204
    assert told() == 2


async def test_a_covered_page_goes_on_with_the_right_pin_alone(door: ConsoleDoor, router: MadeRouter) -> None:
    body = b"who=harbour%2Fqs-desk&pin=274913"
    opened = await door.request("POST", "/signin/unlock", (*OWN_FORM, *SIGNED_IN), body)
    assert (opened.status, opened.text) == (200, f'{{"csrf":"{csrf_token(SESSION)}"}}')
    assert "HttpOnly" in (opened.header("set-cookie") or "")
    router.refuses["POST /v1/sessions:pin"] = refused(401)
    assert (await door.request("POST", "/signin/unlock", (*OWN_FORM, *SIGNED_IN), body)).status == 401
    from_elsewhere = ((b"sec-fetch-site", b"cross-site"), *OWN_FORM[1:], *SIGNED_IN)
    assert (await door.request("POST", "/signin/unlock", from_elsewhere, body)).status == 403


async def test_a_sign_in_is_for_a_shared_computer_unless_somebody_says_that_he_alone_uses_it(door: ConsoleDoor) -> None:
    for fields, shared in (({}, b"true"), ({"alone": "1"}, b"false")):
        await door.send_form("/signin", person="qs-desk", password="x", **fields)
        asked = [one for one in door.asked if one.url.path == "/v1/sessions"][-1]
        assert b'"shared":' + shared in asked.content.replace(b": ", b":")


async def test_on_a_stack_for_development_one_signs_in_as_anybody_and_it_says_so(router: MadeRouter) -> None:
    door = ConsoleDoor(router, DEVELOPMENT)
    assert "/signin/development" in (await door.get("/signin")).text
    page = (await door.get("/signin/development")).text
    assert "仅供开发使用" in page
    assert '<option value="harbour/qs-walk">李四 · 值班员</option>' in page
    got = await door.send_form("/signin/development", who="harbour/qs-walk")
    assert (got.status, got.header("location")) == (303, "/me")


async def test_without_development_tokens_nobody_signs_in_as_anybody(door: ConsoleDoor, router: MadeRouter) -> None:
    assert "/signin/development" not in (await door.get("/signin")).text
    assert (await door.get("/signin/development")).status == 404
    assert (await door.send_form("/signin/development", who="harbour/qs-walk")).status == 404
    assert not [one for one in router.asked if "/v1/dev/" in one]
