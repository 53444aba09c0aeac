"""Signing in at the organisation by the pages: for the browser that began, to a page of ours; said where it fails."""

import json
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from tests.kit.console_door import OWN_FORM, ConsoleDoor, Got
from tests.kit.made_router import SESSION, MadeRouter, refused
from tests.kit.made_sign_in import SSO

STATE = SSO["state"]
LED_BACK = f"/signin/sso/back?code=c-1&state={STATE}&iss={quote('https://idp.example', safe='')}"
NAME = f"whistle-sso-{STATE[:16]}"


@pytest.fixture
def router() -> MadeRouter:
    made = MadeRouter()
    made.answers["GET /v1/sign-in"]["sso"] = True
    return made


@pytest.fixture
def door(router: MadeRouter) -> ConsoleDoor:
    return ConsoleDoor(router)


def cookies(got: Got) -> dict[str, str]:
    """What the browser is told to keep: name → value and attributes."""
    told = [value for name, value in got.headers if name == "set-cookie"]
    return {one.partition("=")[0]: one.partition("=")[2] for one in told}


async def begun(door: ConsoleDoor, *, scheme: str = "http", **fields: str) -> Got:
    got = await door.send_form("/signin/sso", scheme=scheme, **fields)
    assert got.status == 200
    return got


async def came_back(door: ConsoleDoor, kept: Got, address: str = LED_BACK) -> Got:
    cookie = "; ".join(f"{name}={value.partition(';')[0]}" for name, value in cookies(kept).items())
    return await door.get(address, ((b"cookie", cookie.encode()),))


def told(door: ConsoleDoor, path: str) -> dict[str, object]:
    """The body of the last call to a path."""
    found: dict[str, object] = json.loads(next(one for one in reversed(door.asked) if one.url.path == path).content)
    return found


async def test_the_button_is_there_where_a_provider_is_configured(door: ConsoleDoor, router: MadeRouter) -> None:
    page = (await door.get("/signin")).text
    assert 'formaction="/signin/sso"' in page and "统一身份认证登录" in page
    router.answers["GET /v1/sign-in"]["sso"] = False
    assert "/signin/sso" not in (await door.get("/signin")).text


@pytest.mark.parametrize(
    ("scheme", "name", "secure"), [("https", f"__Host-whistle-sso-{STATE[:16]}", True), ("http", NAME, False)]
)
async def test_the_browser_that_begins_keeps_the_attempt_out_of_reach_and_is_led_away(
    door: ConsoleDoor, scheme: str, name: str, secure: bool
) -> None:
    got = await begun(door, scheme=scheme, password="typed in vain")
    kept = cookies(got)[name]
    assert kept.startswith(SSO["asked"])
    for said in ("HttpOnly", "Path=/", "SameSite=lax", "Max-Age=600"):
        assert said in kept
    assert ("Secure" in kept) is secure and "Domain" not in kept
    assert f'<meta http-equiv="refresh" content="0; url={SSO["url"]}">' in got.text
    assert {"href": SSO["url"], "rel": "noreferrer"}.items() <= next(
        one for one in got.attributes("a") if one.get("href") == SSO["url"]
    ).items()
    assert SSO["asked"] not in got.text
    assert told(door, "/v1/sign-in/sso") == {"shared": True}


async def test_one_who_alone_uses_the_device_says_so(door: ConsoleDoor) -> None:
    await begun(door, alone="1")
    assert told(door, "/v1/sign-in/sso") == {"shared": False}


@pytest.mark.parametrize(
    "headers", [(), ((b"sec-fetch-site", b"cross-site"),), ((b"origin", b"https://evil.example"),)]
)
async def test_no_other_site_begins_it(door: ConsoleDoor, headers: tuple[tuple[bytes, bytes], ...]) -> None:
    assert (await door.request("POST", "/signin/sso", headers, b"")).status == 403
    assert (await door.get("/signin/sso")).status == 405
    assert "/v1/sign-in/sso" not in [one.url.path for one in door.asked]


async def test_who_comes_back_is_signed_in_at_the_page_where_he_wanted_to_be(door: ConsoleDoor) -> None:
    kept = await begun(door, back="/queues/quayside?sort=newest")
    got = await came_back(door, kept)
    assert (got.status, got.header("location")) == (303, "/queues/quayside?sort=newest")
    assert cookies(got)["whistle"].startswith(SESSION)
    assert "Max-Age=0" in cookies(got)[NAME], "the attempt is over"
    assert cookies(got)["whistle-sso"].startswith("yes")
    expected = {"asked": SSO["asked"], "state": STATE, "code": "c-1", "issuer": "https://idp.example"}
    assert told(door, "/v1/sessions:sso") == expected


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\x00b", "javascript:x"]
)
async def test_it_leads_to_no_other_site(door: ConsoleDoor, back: str) -> None:
    got = await came_back(door, await begun(door, back=back))
    assert (got.status, got.header("location")) == (303, "/me")


async def test_an_address_that_this_browser_did_not_ask_for_asks_nobody(door: ConsoleDoor) -> None:
    kept = await begun(door)
    other = LED_BACK.replace(STATE, "f" * 32)
    for got in (await door.get(LED_BACK), await came_back(door, kept, other), await door.get("/signin/sso/back")):
        assert (got.status, "本次登录已失效" in got.text) == (410, True)
        assert not cookies(got)
    forged = ((b"cookie", f"{NAME}=whk_session_{'a' * 64}.".encode()),)
    assert (await door.get(LED_BACK, forged)).status == 410
    assert "/v1/sessions:sso" not in [one.url.path for one in door.asked]


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (refused(410, kind="sso-over"), 410, "本次登录已失效"),
        (refused(401, kind="not-proved"), 403, "未能确认您的身份"),
        (refused(422, "/code"), 403, "未能确认您的身份"),
        (refused(503, kind="unavailable"), 503, "暂时无法连接"),
    ],
)
async def test_why_nobody_was_signed_in_is_said_and_the_attempt_is_forgotten(
    door: ConsoleDoor, router: MadeRouter, answer: object, status: int, words: str
) -> None:
    kept = await begun(door, back="/queues/quayside")
    router.refuses["POST /v1/sessions:sso"] = answer  # type: ignore[assignment]
    got = await came_back(door, kept)
    assert (got.status, words in got.text) == (status, True)
    assert "whistle" not in cookies(got) and "Max-Age=0" in cookies(got)[NAME]
    assert {"name": "back", "value": "/queues/quayside"}.items() <= next(
        one for one in got.attributes("input") if one.get("name") == "back"
    ).items(), "with his password he gets where he wanted to be"


async def test_somebody_who_is_nobody_here_reads_what_the_organisation_calls_him(
    door: ConsoleDoor, router: MadeRouter
) -> None:
    kept = await begun(door)
    answer = refused(403, kind="unknown-person")
    router.refuses["POST /v1/sessions:sso"] = type(answer)(403, json={**answer.json(), "name": "<b>zhang</b>"})
    got = await came_back(door, kept)
    assert got.status == 403
    assert b"&lt;b&gt;zhang&lt;/b&gt;" in got.body and b"<b>zhang" not in got.body
    assert "人员名单中没有此人" in got.text


@pytest.mark.parametrize(
    "query", ["error=access_denied", "code=", f"code={'x' * 4001}", "error=x&error_description=<b>"]
)
async def test_who_came_back_without_a_code_is_not_signed_in_and_words_of_others_are_not_shown(
    door: ConsoleDoor, query: str
) -> None:
    got = await came_back(door, await begun(door), f"/signin/sso/back?{query}&state={STATE}")
    assert (got.status, "未能确认您的身份" in got.text, "<b>" in got.text) == (403, True, False)
    assert "/v1/sessions:sso" not in [one.url.path for one in door.asked]


async def test_a_provider_that_is_away_is_said_at_once(door: ConsoleDoor, router: MadeRouter) -> None:
    router.refuses["POST /v1/sign-in/sso"] = refused(503)
    got = await door.send_form("/signin/sso", back="/me")
    assert (got.status, "暂时无法连接" in got.text, cookies(got).keys() & {NAME}) == (503, True, set())
    router.refuses["POST /v1/sign-in/sso"] = refused(429, **{"retry-after": "4"})
    waits = await door.send_form("/signin/sso")
    assert (waits.status, "4" in waits.text) == (429, True)


async def test_a_browser_that_begins_again_and_again_keeps_few_attempts(door: ConsoleDoor) -> None:
    begun_before = "; ".join(f"whistle-sso-{number:016x}=x" for number in range(5))
    headers = (*OWN_FORM, (b"cookie", begun_before.encode()))
    got = await door.request("POST", "/signin/sso", headers, b"x=1")
    assert sorted(name for name, value in cookies(got).items() if "Max-Age=0" in value) == [
        f"whistle-sso-{number:016x}" for number in range(5)
    ]
    assert cookies(got)[NAME].startswith(SSO["asked"])


async def test_who_signed_in_there_is_led_to_the_way_out_there_and_nobody_else_is(
    door: ConsoleDoor, router: MadeRouter
) -> None:
    there = (b"cookie", f"whistle={SESSION}; whistle-sso=yes".encode())
    got = await door.request("POST", "/signout", (*OWN_FORM, there), b"x=1")
    assert got.header("location") == "/signin/sso/out"
    assert {"whistle", "whistle-sso"} <= {name for name, value in cookies(got).items() if "Max-Age=0" in value}
    page = await door.get("/signin/sso/out")
    (link,) = [one for one in page.attributes("a") if "idp.example" in one.get("href", "")]
    assert parse_qs(urlsplit(link["href"]).query) == {"client_id": ["whistle"]}
    taken_over = await door.request("POST", "/signout", (*OWN_FORM, there), b"to=%2Fsignin%2Fpin")
    assert taken_over.header("location") == "/signin/pin"
    assert "whistle-sso" not in cookies(taken_over), "whoever signs out next is told: he is still signed in there"
    by_password = (b"cookie", f"whistle={SESSION}".encode())
    assert (await door.request("POST", "/signout", (*OWN_FORM, by_password), b"x=1")).header("location") == "/signin"


@pytest.mark.parametrize("answer", ["nothing", "away"])
async def test_without_a_way_out_there_the_sign_in_page_follows(
    door: ConsoleDoor, router: MadeRouter, answer: str
) -> None:
    router.answers["GET /v1/sign-in/sso"] = {"url": ""}
    if answer == "away":
        router.refuses["GET /v1/sign-in/sso"] = refused(503)
    got = await door.get("/signin/sso/out")
    assert (got.status, got.header("location")) == (303, "/signin")


async def test_cookies_that_no_attempt_made_hinder_none(door: ConsoleDoor) -> None:
    """B134: a browser may hold anything under such names; of an address too long for a cookie nothing is kept."""
    planted = (b"cookie", "; ".join(f"whistle-sso-({n})=x" for n in range(9)).encode())
    got = await door.request("POST", "/signin/sso", (*OWN_FORM, planted), f"back=/{quote('路' * 900)}".encode())
    assert got.status == 200
    assert list(cookies(got)) == [NAME]
    assert cookies(got)[NAME].partition(";")[0] == f"{SSO['asked']}."
