"""The pages of login links: looking changes nothing, pressing signs in once, and only the browser that asked."""

from urllib.parse import quote

import pytest

from tests.kit.console_door import OWN_FORM, ConsoleDoor, Got, Headers
from tests.kit.made_links import ASKED, LINK, NUMBER
from tests.kit.made_router import SESSION, MadeRouter, refused

KEPT = f"{ASKED}.{NUMBER}."
ADDRESS = f"/l/{LINK}"
AWAY = ("https://evil.example/", "//evil.example", "/\\evil.example", "/\nevil", "javascript:alert(1)")


@pytest.fixture
def router() -> MadeRouter:
    return MadeRouter()


@pytest.fixture
def door(router: MadeRouter) -> ConsoleDoor:
    return ConsoleDoor(router)


def cookie(value: str = KEPT) -> Headers:
    """Of the browser that asked."""
    return ((b"cookie", f"whistle-link={value}".encode()),)


async def ask(door: ConsoleDoor, **fields: str) -> Got:
    return await door.send_form("/signin/link", person="qs-desk", **fields)


async def press(door: ConsoleDoor, number: int, headers: Headers = ()) -> Got:
    return await door.request("POST", ADDRESS, (*OWN_FORM, *headers), f"number={number}".encode())


async def wait(door: ConsoleDoor, headers: Headers) -> Got:
    return await door.request("POST", "/signin/link/wait", (*OWN_FORM, *headers))


def cookies(got: Got) -> dict[str, str]:
    """Name → value of what the browser is to keep."""
    set_ = [value for name, value in got.headers if name.lower() == "set-cookie"]
    return dict(one.partition(";")[0].split("=", 1) for one in set_)


def session_of(got: Got) -> str:
    return cookies(got).get("whistle", "")


async def test_asking_shows_two_digits_and_keeps_the_token_out_of_reach_of_scripts(
    door: ConsoleDoor, router: MadeRouter
) -> None:
    got = await ask(door)
    assert (got.status, got.header("location")) == (303, "/signin/link/wait")
    kept = got.header("set-cookie") or ""
    assert kept.startswith(f"whistle-link={KEPT};")
    for said in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=600"):
        assert said in kept, said
    page = await door.get("/signin/link/wait", cookie())
    assert f'<p class="number">{NUMBER}</p>' in page.text
    assert ASKED not in page.text
    assert router.links.sent == [("POST /v1/login-links", {"person": "qs-desk", "shared": True})]
    await ask(door, alone="1", city="harbour")
    assert router.links.sent[-1][1] == {"person": "qs-desk", "city": "harbour", "shared": False}


async def test_over_https_the_cookie_is_bound_to_this_host(door: ConsoleDoor) -> None:
    got = await door.request("POST", "/signin/link", OWN_FORM, b"person=qs-desk", scheme="https")
    kept = got.header("set-cookie") or ""
    assert kept.startswith("__Host-whistle-link=")
    assert "Secure" in kept


async def test_looking_at_a_link_any_number_of_times_changes_nothing(door: ConsoleDoor, router: MadeRouter) -> None:
    await ask(door)
    for method, headers in (
        ("GET", ()),
        ("HEAD", ()),
        ("GET", ((b"sec-purpose", b"prefetch"),)),
        ("GET", ((b"purpose", b"prefetch"),)),
        ("GET", cookie()),
        ("HEAD", cookie()),
    ):
        got = await door.request(method, ADDRESS, headers)
        assert (got.status, session_of(got)) == (200, ""), (method, headers)
        assert got.header("cache-control") == "no-store"
    waiting = await door.request("HEAD", "/signin/link/wait", cookie())
    assert (waiting.status, session_of(waiting)) == (200, "")
    assert router.links.state == "sent"
    assert {sent for sent, _ in router.links.sent[1:]} == {f"GET /v1/login-links/{LINK}"}


async def test_elsewhere_one_of_three_numbers_is_chosen_and_the_browser_that_asked_is_signed_in(
    door: ConsoleDoor, router: MadeRouter
) -> None:
    await ask(door)
    page = await door.get(ADDRESS)
    assert [one["value"] for one in page.attributes("button") if one.get("name") == "number"] == ["17", "42", "88"]
    assert "Desk <one>" in page.text
    pressed = await press(door, NUMBER)
    assert (pressed.status, session_of(pressed)) == (200, ""), "the telephone is not signed in"
    assert "本页可关闭" in pressed.text
    entered = await wait(door, cookie())
    assert (entered.status, entered.header("location"), session_of(entered)) == (303, "/me", SESSION)
    assert cookies(entered)["whistle-link"] == '""', "it is forgotten"
    again = await wait(door, cookie())
    assert (again.header("location"), session_of(again)) == ("/signin/link", "")
    assert (await door.get(ADDRESS)).status == 409


async def test_in_the_browser_that_asked_its_own_number_is_all_there_is_to_press(
    door: ConsoleDoor, router: MadeRouter
) -> None:
    await ask(door)
    page = await door.get(ADDRESS, cookie())
    assert [one["value"] for one in page.attributes("button") if one.get("name") == "number"] == [str(NUMBER)]
    entered = await press(door, NUMBER, cookie())
    assert (entered.status, session_of(entered)) == (303, SESSION)
    assert router.links.state == "used"


async def test_until_the_link_is_pressed_the_screen_waits(door: ConsoleDoor) -> None:
    await ask(door)
    waits = await wait(door, cookie())
    assert (waits.status, session_of(waits)) == (200, "")
    by_script = await wait(door, (*cookie(), (b"hx-request", b"true")))
    assert by_script.text.startswith('<form id="waiting"'), "only what changes"
    assert (await wait(door, ())).header("location") == "/signin/link", "a browser that asked for none"


async def test_a_wrong_number_ends_the_link_and_says_what_that_means(door: ConsoleDoor, router: MadeRouter) -> None:
    await ask(door)
    wrong = await press(door, 17)
    assert (wrong.status, session_of(wrong)) == (409, "")
    assert "不是" in wrong.text
    assert (await press(door, NUMBER)).status == 409
    over = await wait(door, cookie())
    assert (over.header("location"), session_of(over)) == ("/signin/link", "")
    assert router.links.state == "refused"


@pytest.mark.parametrize("number", ["", "x", "042", "-42", "4²", "9" * 100])
async def test_what_is_no_number_changes_nothing(door: ConsoleDoor, router: MadeRouter, number: str) -> None:
    await ask(door)
    got = await door.request("POST", ADDRESS, OWN_FORM, f"number={number}".encode())
    assert (got.status, "请选择" in got.text) == (200, True), "it is shown again"
    assert router.links.state == "sent"


async def test_a_link_that_has_ended_or_is_not_ours_says_so(door: ConsoleDoor, router: MadeRouter) -> None:
    await ask(door)
    router.links.over = True
    for got in (await door.get(ADDRESS), await press(door, NUMBER)):
        assert (got.status, session_of(got)) == (410, "")
    assert (await wait(door, cookie())).header("location") == "/signin/link"
    for strange in ("/l/another", "/l/a.b", f"/l/{'a' * 600}"):
        assert (await door.get(strange)).status == 404, strange


async def test_another_browser_is_never_signed_in(door: ConsoleDoor, router: MadeRouter) -> None:
    await ask(door)
    assert (await press(door, NUMBER)).status == 200
    others = cookie(f"whk_link_{'0' * 64}.{NUMBER}.")
    for headers in (others, cookie(f"{ASKED}x.{NUMBER}."), cookie(f"{ASKED}.7."), cookie("x")):
        got = await wait(door, headers)
        assert (got.status, session_of(got)) == (303, ""), headers
    assert router.links.state == "pressed"


async def test_a_press_from_another_site_does_nothing(door: ConsoleDoor, router: MadeRouter) -> None:
    await ask(door)
    foreign = ((b"sec-fetch-site", b"cross-site"), *OWN_FORM[1:])
    for path in ("/signin/link", "/signin/link/wait", ADDRESS):
        got = await door.request("POST", path, (*foreign, *cookie()), f"number={NUMBER}&person=x".encode())
        assert got.status == 403, path
    assert router.links.state == "sent"


async def test_one_comes_back_to_where_one_wanted_to_be(door: ConsoleDoor) -> None:
    ways = [one.get("href") for one in (await door.get("/signin?back=/cases/c1")).attributes("a")]
    assert {f"/signin/{way}?back=%2Fcases%2Fc1" for way in ("link", "pin")} <= {*ways}
    page = await door.get("/signin/link?back=/cases/c1%3Fas%3Dpatrol")
    assert {"type": "hidden", "name": "back", "value": "/cases/c1?as=patrol"} in page.attributes("input")
    kept = cookies(await ask(door, back="/cases/c1?as=patrol"))["whistle-link"]
    await press(door, NUMBER)
    assert (await wait(door, cookie(kept))).header("location") == "/cases/c1?as=patrol"


@pytest.mark.parametrize("away", AWAY)
async def test_nobody_is_led_away_from_this_site(door: ConsoleDoor, away: str) -> None:
    kept = cookies(await ask(door, back=away))["whistle-link"]
    assert kept == KEPT
    page = await door.get(f"/signin/link?back={quote(away, safe='')}")
    assert {"type": "hidden", "name": "back", "value": ""} in page.attributes("input")
    await press(door, NUMBER)
    forged = cookie(KEPT + quote(away, safe=""))
    assert (await wait(door, forged)).header("location") == "/me"


async def test_whoever_asks_too_often_or_without_the_service_is_told(door: ConsoleDoor, router: MadeRouter) -> None:
    router.refuses["POST /v1/login-links"] = refused(429, **{"retry-after": "12"})
    slowed = await ask(door)
    assert (slowed.status, "12" in slowed.text) == (429, True)
    router.refuses["POST /v1/login-links"] = refused(503)
    assert (await ask(door)).status == 503
    del router.refuses["POST /v1/login-links"]
    await ask(door)
    router.refuses["POST /v1/sessions:link"] = refused(503)
    assert (await wait(door, cookie())).status == 200, "it goes on waiting"


async def test_who_was_signed_in_here_before_is_signed_out(door: ConsoleDoor) -> None:
    await ask(door)
    await press(door, NUMBER)
    before = ((b"cookie", f"whistle={SESSION}; whistle-link={KEPT}".encode()),)
    assert (await wait(door, before)).status == 303
    assert [one.method for one in door.asked].count("DELETE") == 1
