"""Sign-in, invitation and what they answer: for a browser without script, for a screen reader, in both languages."""

import msgspec
import pytest

from services.console.words import WORDS
from tests.kit.console_door import OWN_FORM, ConsoleDoor, Got
from tests.kit.made_router import SESSION, MadeRouter, refused

OLD = "whk_session_" + "b" * 64
PASSWORD = "four lanterns over the old quay"
NOT_FOR_SECRETS = "本系统为非涉密系统，严禁上传国家秘密、工作秘密。"


@pytest.fixture
def router() -> MadeRouter:
    return MadeRouter()


@pytest.fixture
def door(router: MadeRouter) -> ConsoleDoor:
    return ConsoleDoor(router)


def calls(door: ConsoleDoor) -> list[str]:
    return [f"{request.method} {request.url.path}" for request in door.asked]


async def every_page(door: ConsoleDoor, router: MadeRouter, lang: str) -> dict[str, Got]:
    """The pages of signing in, as they are first and as they are when something was wrong."""
    pages = {
        "signin": await door.get(f"/signin?lang={lang}"),
        "ended": await door.get(f"/signin?ended&lang={lang}"),
        "invitation": await door.get(f"/i/abc?lang={lang}"),
        "no invitation": await door.get(f"/i/a.b?lang={lang}"),
        "differ": await door.send_form(f"/i/abc?lang={lang}", password=PASSWORD, again="other"),
    }
    router.refuses["POST /v1/sessions"] = refused(401)
    pages["wrong"] = await door.send_form(f"/signin?lang={lang}", person="qs-desk", password="x")
    router.refuses["POST /v1/invitations/abc:accept"] = refused(422, "/totp")
    pages["code"] = await door.send_form(f"/i/abc?lang={lang}", password=PASSWORD, again=PASSWORD, totp="000000")
    return pages


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_every_field_has_a_label_a_name_that_browsers_know_and_its_language(
    door: ConsoleDoor, router: MadeRouter, lang: str
) -> None:
    for name, got in (await every_page(door, router, lang)).items():
        ids = [one["id"] for tag in ("input", "p") for one in got.attributes(tag) if "id" in one]
        assert len(ids) == len(set(ids)), name
        labels = {one["for"] for one in got.attributes("label")}
        fields = got.attributes("input")
        assert {one["id"] for one in fields} == labels, name
        assert all(one["autocomplete"] for one in fields), name
        for one in fields:
            described = one.get("aria-describedby", "").split()
            assert set(described) <= set(ids), name
        assert got.attributes("html") == [{"lang": {"zh": "zh-CN", "en": "en"}[lang]}], name
        assert "<script" not in got.text, name
        assert " style=" not in got.text, name
        assert got.text.count("<h1>") == 1, name
        assert WORDS["not_for_secrets"][lang == "en"] in got.text, name


async def test_pages_say_in_chinese_that_no_secrets_belong_here(door: ConsoleDoor) -> None:
    for target in ("/signin", "/i/abc"):
        page = (await door.get(target)).text
        assert page.index(NOT_FOR_SECRETS) < page.index("<form"), target


async def test_what_was_wrong_is_said_first_and_leads_to_its_field(door: ConsoleDoor, router: MadeRouter) -> None:
    pages = await every_page(door, router, "zh")
    for name, field in {"wrong": "person", "differ": "again", "code": "totp"}.items():
        got = pages[name]
        assert "<title>错误：" in got.text, name
        said = next(one for one in got.attributes("p") if one.get("role") == "alert")
        assert said["tabindex"] == "-1"
        assert "autofocus" in said
        assert f'<a href="#{field}">' in got.text, name
        marked = [one["id"] for one in got.attributes("input") if one.get("aria-invalid") == "true"]
        assert marked == [field], name
    assert 'value="qs-desk"' in pages["wrong"].text
    assert PASSWORD not in pages["differ"].text


async def test_pages_are_stored_nowhere_and_framed_by_nobody(door: ConsoleDoor, router: MadeRouter) -> None:
    for name, got in (await every_page(door, router, "zh")).items():
        assert got.header("cache-control") == "no-store", name
        policy = got.header("content-security-policy") or ""
        assert "default-src 'none'" in policy, name
        assert "frame-ancestors 'none'" in policy, name
        assert "unsafe" not in policy, name
        assert got.header("x-content-type-options") == "nosniff", name


async def test_what_a_pack_says_is_text_and_no_markup(door: ConsoleDoor) -> None:
    assert b"Desk &lt;one&gt;" in (await door.get("/i/abc")).body


@pytest.mark.parametrize(("scheme", "cookie"), [("http", "whistle="), ("https", "__Host-whistle=")])
async def test_the_session_is_kept_out_of_reach_of_scripts_and_other_sites(
    door: ConsoleDoor, scheme: str, cookie: str
) -> None:
    got = await door.send_form("/signin?lang=en", scheme=scheme, person="qs-desk", password=PASSWORD)
    assert (got.status, got.header("location")) == (303, "/me?lang=en")
    kept = got.header("set-cookie") or ""
    assert kept.startswith(f"{cookie}{SESSION};")
    flags = {flag.strip().lower() for flag in kept.split(";")[1:]}
    assert {"httponly", "path=/", "samesite=lax"} <= flags
    assert ("secure" in flags) == (scheme == "https")
    assert not any(flag.startswith("domain") for flag in flags)


async def test_nobody_is_sent_to_another_site(door: ConsoleDoor) -> None:
    got = await door.send_form("/signin?lang=//evil.example&next=//evil.example", person="x", password="y")
    assert got.header("location") == "/me?lang=zh"
    for target in ("/", "/me", "/me?lang=//evil.example"):
        assert (await door.get(target)).header("location") in ("/me", "/signin?lang=zh")


async def test_another_person_at_the_same_browser_ends_the_session_of_the_one_before(door: ConsoleDoor) -> None:
    headers = (*OWN_FORM, (b"cookie", f"whistle={OLD}".encode()))
    got = await door.request("POST", "/signin", headers, b"person=mf-desk&password=x")
    assert got.status == 303
    ended = next(request for request in door.asked if request.method == "DELETE")
    assert ended.headers["authorization"] == f"Bearer {OLD}"


@pytest.mark.parametrize("cookie", [b"whistle=\xe9", b'whistle="a\\012x: 1"', b"whistle=" + b"a" * 60_000, b"=;;,"])
async def test_a_cookie_that_never_was_a_session_is_none(door: ConsoleDoor, cookie: bytes) -> None:
    got = await door.get("/me", [(b"cookie", cookie)])
    assert (got.status, got.header("location")) == (303, "/signin?lang=zh")
    assert calls(door) == []


@pytest.mark.parametrize("target", ["/i/a%3Fb", "/i/a%23", "/i/..", "/i/%0a", "/i/%E4%BA%BA", "/i/" + "a" * 600])
async def test_an_invitation_that_never_was_one_asks_nobody(door: ConsoleDoor, target: str) -> None:
    for method in ("GET", "POST"):
        assert (await door.request(method, target, OWN_FORM)).status == 404
    assert calls(door) == []


async def test_a_browser_may_name_itself_in_any_bytes(door: ConsoleDoor) -> None:
    headers = [(name, value) for name, value in OWN_FORM if name != b"user-agent"]
    headers.append((b"user-agent", "奇安信浏览器".encode()))
    assert (await door.request("POST", "/signin", headers, b"person=qs-desk&password=x")).status == 303


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ((b"sec-fetch-site", b"cross-site"),),
        ((b"sec-fetch-site", b"same-site"),),
        ((b"sec-fetch-site", b"none"),),
        ((b"origin", b"null"),),
        ((b"origin", b"https://grid.example"),),
        ((b"origin", b"http://grid.example.evil.example"),),
    ],
)
async def test_a_form_from_elsewhere_does_nothing(door: ConsoleDoor, headers: tuple[tuple[bytes, bytes], ...]) -> None:
    for target in ("/signin", "/signout"):
        assert (await door.request("POST", target, headers, b"person=qs-desk&password=x")).status == 403
    assert (await door.request("POST", "/i/abc", headers, b"password=x&again=x")).status == 403
    assert [call for call in calls(door) if not call.startswith("GET /v1/invitations/")] == []


async def test_an_old_browser_says_its_origin(door: ConsoleDoor) -> None:
    headers = [(b"origin", b"http://grid.example")]
    assert (await door.request("POST", "/signin", headers, b"person=qs-desk&password=x")).status == 303


async def test_a_password_that_was_set_is_said_to_be_where_signing_in_has_to_wait(
    door: ConsoleDoor, router: MadeRouter
) -> None:
    router.refuses["POST /v1/sessions"] = refused(429, **{"retry-after": "30"})
    got = await door.send_form("/i/abc", password=PASSWORD, again=PASSWORD)
    assert got.status == 200
    assert "密码已设置，请登录。" in got.text
    assert 'value="qs-desk"' in got.text


async def test_a_form_is_not_lost_when_the_router_is_busy(door: ConsoleDoor, router: MadeRouter) -> None:
    router.refuses["POST /v1/invitations/abc:accept"] = refused(503)
    got = await door.send_form("/i/abc", password=PASSWORD, again=PASSWORD)
    assert got.status == 503
    assert "暂时无法连接" in got.text
    assert got.attributes("form")


async def test_the_password_goes_to_the_router_as_typed(door: ConsoleDoor) -> None:
    await door.send_form("/signin", person=" qs-desk ", password=" 四盏灯 笼 ", city="")
    assert msgspec.json.decode(door.asked[0].content) == {"person": "qs-desk", "password": " 四盏灯 笼 "}


async def test_head_and_other_methods_do_nothing(door: ConsoleDoor) -> None:
    assert (await door.request("HEAD", "/signin")).status == 200
    assert (await door.request("OPTIONS", "/signin")).status == 405
    assert (await door.request("GET", "/signout")).status == 405
    assert calls(door) == []


async def test_a_form_that_is_too_large_or_no_form_is_refused(door: ConsoleDoor) -> None:
    assert (await door.request("POST", "/signin", OWN_FORM, b"a" * 5000)).status == 413
    for body in (b"\xff\xfe", b"&".join(b"a=1" for _ in range(20))):
        got = await door.request("POST", "/signin", OWN_FORM, body)
        assert got.status in (303, 401, 422)
