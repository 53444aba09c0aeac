"""Sign-in, invitation and what they answer: for a browser without script, for a screen reader, in both languages."""

import httpx
import msgspec
import pytest

from services.console.frame.forms import csrf_token
from services.console.frame.languages import LANGUAGES
from tests.kit.console_door import OWN_FORM, ConsoleDoor, Got
from tests.kit.made_router import SESSION, MadeRouter, refused
from tests.kit.made_sign_in import COMPUTER, SECRET

OLD = "whk_session_" + "b" * 64
SIGNED_IN = ((b"cookie", f"whistle={SESSION}; whistle-computer={COMPUTER}".encode()),)
CSRF = csrf_token(SESSION)
PASSWORD = "four lanterns over the old quay"
SECRETS = "This system is not for classified information: enter no state secrets and no work secrets."
NOT_FOR_SECRETS = "本系统为非涉密系统，严禁上传国家秘密、工作秘密。"


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
        "codes": await door.send_form(f"/i/abc?lang={lang}", password=PASSWORD, again=PASSWORD),
        "take over": await door.get(f"/signin/pin?lang={lang}"),
        "wrong pin": await door.send_form(f"/signin/pin?lang={lang}", person="qs-desk", pin="274913"),
        "pin": await door.get(f"/pin?lang={lang}", SIGNED_IN),
        "pins differ": await door.send_signed(f"/pin?lang={lang}", password=PASSWORD, pin="274913", again="274914"),
    }
    router.refuses["POST /v1/sessions"] = refused(401)
    pages["wrong"] = await door.send_form(f"/signin?lang={lang}", person="qs-desk", password="x")
    router.refuses["POST /v1/sessions:confirm"] = refused(401, kind="wrong-code")
    pages["code"] = await door.send_signed(f"/codes?lang={lang}", totp="000000")
    router.refuses["POST /v1/sessions:set-pin"] = refused(422, "/pin")
    pages["weak pin"] = await door.send_signed(f"/pin?lang={lang}", password=PASSWORD, pin="111111", again="111111")
    return pages


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_every_field_has_a_label_a_name_that_browsers_know_and_its_language(
    door: ConsoleDoor, router: MadeRouter, lang: str
) -> None:
    for name, got in (await every_page(door, router, lang)).items():
        ids = [one["id"] for tag in ("input", "p") for one in got.attributes(tag) if "id" in one]
        assert len(ids) == len(set(ids)), name
        labels = {one["for"] for one in got.attributes("label")}
        fields = [one for one in got.attributes("input") if one.get("type") != "hidden"]
        assert {one["id"] for one in fields} == labels, name
        assert all(one["autocomplete"] for one in fields), name
        for one in fields:
            described = one.get("aria-describedby", "").split()
            assert set(described) <= set(ids), name
        assert got.attributes("html")[0]["lang"] == {"zh": "zh-CN", "en": "en"}[lang], name
        assert " style=" not in got.text, name
        assert got.text.partition('id="lock"')[0].count("<h1>") == 1, name
        assert LANGUAGES["en" if lang == "en" else "zh"]._(SECRETS) in got.text, name


async def test_pages_say_in_chinese_that_no_secrets_belong_here(door: ConsoleDoor) -> None:
    for target in ("/signin", "/i/abc"):
        page = (await door.get(target)).text
        assert page.index(NOT_FOR_SECRETS) < page.index('<form method="post"'), target


async def test_what_was_wrong_is_said_first_and_leads_to_its_field(door: ConsoleDoor, router: MadeRouter) -> None:
    pages = await every_page(door, router, "zh")
    wrong = {"wrong": "person", "differ": "again", "code": "totp", "wrong pin": "person", "pins differ": "again"}
    for name, field in {**wrong, "weak pin": "pin"}.items():
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
    assert (got.status, got.header("location")) == (303, "/me")
    session, computer = (value for key, value in got.headers if key.lower() == "set-cookie")
    assert session.startswith(f"{cookie}{SESSION};")
    assert computer.startswith(f"{cookie[:-1]}-computer={COMPUTER};")
    for kept in (session, computer):
        flags = {flag.strip().lower() for flag in kept.split(";")[1:]}
        assert {"httponly", "path=/", "samesite=lax"} <= flags
        assert ("secure" in flags) == (scheme == "https")
        assert not any(flag.startswith("domain") for flag in flags)


async def test_nobody_is_sent_to_another_site(door: ConsoleDoor) -> None:
    for back in ("//evil.example", "https://evil.example", "/\\evil.example", "evil.example", "/\nx"):
        got = await door.send_form("/signin?lang=//evil.example", person="x", password="y", back=back)
        assert got.header("location") == "/me", back
    assert (await door.get("/")).header("location") == "/me"
    for target in ("/me", "/me?lang=//evil.example"):
        assert ((await door.get(target)).header("location") or "").startswith("/signin?back=%2Fme")


async def test_who_was_led_to_sign_in_comes_back_to_where_he_wanted_to_be(door: ConsoleDoor) -> None:
    led = (await door.get("/cases/c1?x=1")).header("location") or ""
    page = await door.get(led)
    back = next(one["value"] for one in page.attributes("input") if one.get("name") == "back")
    assert back == "/cases/c1?x=1"
    got = await door.send_form("/signin", person="qs-desk", password=PASSWORD, back=back)
    assert (got.status, got.header("location")) == (303, "/cases/c1?x=1")


async def test_another_person_at_the_same_browser_ends_the_session_of_the_one_before(door: ConsoleDoor) -> None:
    headers = (*OWN_FORM, (b"cookie", f"whistle={OLD}".encode()))
    got = await door.request("POST", "/signin", headers, b"person=mf-desk&password=x")
    assert got.status == 303
    ended = next(request for request in door.asked if request.method == "DELETE")
    assert ended.headers["authorization"] == f"Bearer {OLD}"


@pytest.mark.parametrize("cookie", [b"whistle=\xe9", b'whistle="a\\012x: 1"', b"whistle=" + b"a" * 60_000, b"=;;,"])
async def test_a_cookie_that_never_was_a_session_is_none(door: ConsoleDoor, cookie: bytes) -> None:
    got = await door.get("/me", [(b"cookie", cookie)])
    assert (got.status, got.header("location")) == (303, "/signin?back=%2Fme")
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
    for target in ("/signin", "/signout", "/signin/pin", "/pin", "/codes"):
        body = b"person=qs-desk&password=x&pin=274913&again=274913&totp=000000"
        assert (await door.request("POST", target, headers, body)).status == 403
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
    sent = msgspec.json.decode(door.asked[0].content)
    assert sent == {"person": "qs-desk", "password": " 四盏灯 笼 ", "shared": True}


async def test_head_and_other_methods_do_nothing(door: ConsoleDoor) -> None:
    assert (await door.request("HEAD", "/signin")).status == 200
    assert (await door.request("OPTIONS", "/signin")).status == 405
    assert (await door.request("GET", "/signout")).status == 405
    assert [one for one in calls(door) if one != "GET /v1/sign-in"] == []


async def test_a_form_that_is_too_large_or_no_form_is_refused(door: ConsoleDoor) -> None:
    assert (await door.request("POST", "/signin", OWN_FORM, b"a" * 20_000)).status == 413
    for body in (b"\xff\xfe", b"&".join(b"a=1" for _ in range(20))):
        got = await door.request("POST", "/signin", OWN_FORM, body)
        assert got.status in (303, 401, 422)


async def test_opening_an_invitation_shows_no_secret_and_setting_the_password_shows_it_once(
    door: ConsoleDoor, router: MadeRouter
) -> None:
    spaced = " ".join(SECRET[at : at + 4] for at in range(0, len(SECRET), 4))
    opened = await door.get("/i/abc")
    assert "data:image" not in opened.text
    assert spaced not in opened.text
    accepted = await door.send_form("/i/abc", password=PASSWORD, again=PASSWORD)
    assert spaced in accepted.text
    assert "data:image/svg+xml" in accepted.text
    assert f"whistle={SESSION};" in (accepted.header("set-cookie") or "")
    router.refuses["POST /v1/sessions:confirm"] = refused(401, kind="wrong-code")
    again = await door.request("POST", "/codes", (*OWN_FORM, *SIGNED_IN), f"totp=000000&csrf={CSRF}".encode())
    assert again.status == 401
    assert spaced not in again.text
    assert "data:image" not in again.text


async def test_the_first_code_of_the_authenticator_goes_to_the_router_with_the_session(door: ConsoleDoor) -> None:
    got = await door.request("POST", "/codes", (*OWN_FORM, *SIGNED_IN), f"totp=123456&csrf={CSRF}".encode())
    assert (got.status, got.header("location")) == (303, "/me")
    asked = next(request for request in door.asked if request.url.path == "/v1/sessions:confirm")
    assert msgspec.json.decode(asked.content) == {"totp": "123456"}
    assert asked.headers["authorization"] == f"Bearer {SESSION}"


async def test_a_pin_is_sent_with_the_computers_token_and_ends_the_session_of_the_one_before(
    door: ConsoleDoor,
) -> None:
    got = await door.request("POST", "/signin/pin", (*OWN_FORM, *SIGNED_IN), b"person=qs-desk&pin=274913")
    assert (got.status, got.header("location")) == (303, "/me")
    assert msgspec.json.decode(door.asked[0].content) == {"person": "qs-desk", "pin": "274913", "computer": COMPUTER}
    assert "DELETE /v1/sessions/0123456789abcdef" in calls(door)


async def test_where_nobody_has_signed_in_a_pin_asks_nobody(door: ConsoleDoor) -> None:
    for cookie in (b"whistle-computer=x", b"whistle-computer=whk_session_" + b"c" * 64):
        got = await door.request("POST", "/signin/pin", (*OWN_FORM, (b"cookie", cookie)), b"person=qs-desk&pin=274913")
        assert got.status == 401
    assert [one for one in calls(door) if one != "GET /v1/sign-in"] == []


async def test_a_password_tells_the_router_at_which_computer_it_was_given(door: ConsoleDoor) -> None:
    await door.request("POST", "/signin", (*OWN_FORM, *SIGNED_IN), b"person=qs-desk&password=x")
    assert msgspec.json.decode(door.asked[0].content)["computer"] == COMPUTER


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refused(422, "/pin"), "PIN码须为6–12位数字"),
        (refused(401, kind="wrong-credentials"), "密码不正确。"),
        (refused(409, kind="pin-session"), "请先用密码登录"),
        (refused(429, **{"retry-after": "30"}), "请30秒后再试"),
    ],
)
async def test_the_page_says_why_a_pin_is_not_set(
    door: ConsoleDoor, router: MadeRouter, answer: httpx.Response, said: str
) -> None:
    router.refuses["POST /v1/sessions:set-pin"] = answer
    got = await door.send_signed("/pin", password="x", pin="274913", again="274913")
    assert got.status == answer.status_code
    assert said in got.text
    assert "274913" not in got.text


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "zh",
            (
                "<strong><bdi>张三</bdi></strong><span><bdi>交通路社区</bdi> · 值班员</span>",
                "剩余2小时15分",
                "截止今天12:45",
                "已超时40分钟",
                "截止今天9:50",
                "已由李四接单。",
                "待回访",
                "未拨打",
                "办结：3月1日10:30",
            ),
        ),
        (
            "en",
            (
                "<strong><bdi>Zhang San</bdi></strong><span><bdi>Quayside</bdi> · duty officer</span>",
                "2 h 15 min left",
                "due today 12:45",
                "40 min overdue",
                "Li Si has it now.",
                "To call back",
            ),
        ),
    ],
)
async def test_open_work_names_people_and_says_when_time_is_over_in_the_citys_zone(
    door: ConsoleDoor, lang: str, words: tuple[str, ...]
) -> None:
    page = (await door.get(f"/me?lang={lang}", SIGNED_IN)).text
    for said in words:
        assert said in page, said
    assert "qs-desk" not in page.partition('id="lock"')[0]


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "zh",
            (
                "待您处理",
                "申请退单",
                "millfield 李四申请",
                "申请延期 · 办结时限 · 至明天16:30",
                "李四已处置",
                "转来工单，待接收",
            ),
        ),
        (
            "en",
            ("Waiting for you", "Return", "Asked for by millfield Li Si", "until tomorrow 16:30", "To be inspected"),
        ),
    ],
)
async def test_what_waits_for_a_decision_stands_first_with_who_asks_and_the_time_left(
    door: ConsoleDoor, lang: str, words: tuple[str, ...]
) -> None:
    page = (await door.get(f"/me?lang={lang}", SIGNED_IN)).text
    for said in words:
        assert said in page, said
    first = page.index('data-case="c31"')
    assert page.index(words[0]) < first < page.index('data-case="c32"') < page.index('data-case="c1"')
    assert page.count('data-case="c32"') == 1
