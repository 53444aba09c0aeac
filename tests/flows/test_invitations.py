"""Invitations and login links by text message, on the running stack: with nothing but the message an officer comes to
work."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any, get_args
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest

from shared.city.model.channels import TextTemplate
from tests.kit.cases_on_stack import opened
from tests.kit.data_folder import readable_files
from tests.kit.page_forms import filled
from tests.kit.robots import Robot, robot
from tests.kit.stack import RunningStack, running_stack, until
from tests.packs import harbour_with_channels

PASSWORD = "four lanterns over the old quay"
PIN = "274913"
PHONE = "13800000000"
BROWSER = {"sec-fetch-site": "same-origin", "accept-language": "en"}
TEMPLATES = {name: f"SMS_{n}" for n, name in enumerate(get_args(TextTemplate))}


@pytest.fixture(scope="module")
def cloud() -> Iterator[Robot]:
    with robot(lambda _: {"Code": "OK", "BizId": "1"}) as made:
        yield made


@pytest.fixture(scope="module")
def told(cloud: Robot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack in which the quayside's walker has a telephone, through a cloud of ours that sends templates alone."""
    pack: Path = tmp_path_factory.mktemp("pack")
    account = {
        "gateway": "aliyun",
        "key": "${CHANNEL_HARBOUR_KEY}",
        "secret": "${CHANNEL_HARBOUR_SECRET}",
        "url": cloud.url.removesuffix("/robot"),
        "signature": "Harbour",
        "templates": TEMPLATES,
    }
    files = harbour_with_channels(city={"sms": account}, people={"qs-walk": {"sms": "${CHANNEL_HARBOUR_PHONE}"}})
    for name, text in files.items():
        (pack / name).write_text(text, encoding="utf-8")
    environment = {
        "CHANNEL_HARBOUR_KEY": "AKexample",
        "CHANNEL_HARBOUR_SECRET": "secret",
        "CHANNEL_HARBOUR_PHONE": PHONE,
    }
    with running_stack(tmp_path_factory.mktemp("invited"), [pack], **environment) as stack:
        yield stack


def code_in(cloud: Robot, about: str = "password") -> str | None:
    """The short code of the newest message about a password, or about a ``sign-in``."""
    for path in reversed(cloud.paths):
        sent = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        values: dict[str, Any] = httpx.Response(200, text=sent.get("TemplateParam", "{}")).json()
        if values.get("category") == about:
            assert sent["PhoneNumbers"] == PHONE
            assert sent["TemplateCode"] == TEMPLATES["request"]
            return str(values["code"])
    return None


def test_with_only_the_message_an_officer_sets_up_signs_in_and_claims(told: RunningStack, cloud: Robot) -> None:
    _, case = opened(told)
    made = told.ops.post_to("router", "/v1/invitations", {"person": "qs-walk", "city": "harbour"})
    assert (made.status_code, made.json()["sent_by"]) == (201, ["sms"]), made.text
    link = f"/s/{until(lambda: code_in(cloud), what='the message')}"
    with httpx.Client(base_url=told.urls["console"], headers=BROWSER, timeout=30, follow_redirects=True) as browser:
        for _ in range(2):  # the telephone's preview, and the officer
            opened_page = browser.get(link)
            assert opened_page.status_code == 200
            assert "Quayside walker one" in opened_page.text
            assert "data:image" not in opened_page.text, "no secret before the password"
        address = opened_page.url.path
        accepted = browser.post(address, data={"password": PASSWORD, "again": PASSWORD})
        secret = re.search(r"<code>([A-Z2-7 ]+)</code>", accepted.text)
        assert secret is not None, accepted.text
        assert browser.get(link).status_code == 409, "used"
        codes = pyotp.TOTP(secret[1].replace(" ", ""))
        work = browser.post("/codes", data=filled(browser, totp=codes.now()))
        assert work.url.path == "/me", work.text
        page = unescape(until(lambda: shows(browser, "/me", case), what="the case in my open work"))
        assert "Quayside walker one" in page
        shown = until(lambda: shows(browser, f"/cases/{case}", 'value="claim"'), what="the page of the case")
        version = re.search(r'name="version" value="(\d+)"', shown)
        assert version is not None
        claimed = browser.post(f"/cases/{case}", data=filled(browser, do="claim", version=version[1]))
        assert "It is yours now." in unescape(claimed.text)
        others = re.findall(r"\((Quayside|Oosterhaven), duty officer\)", unescape(claimed.text))
        assert others, "who else was told, by name and post: the desk that is on at this hour"


def shows(browser: httpx.Client, path: str, words: str) -> str | None:
    answer = browser.get(path)
    return answer.text if answer.status_code == 200 and words in answer.text else None


def test_a_login_link_signs_in_the_browser_that_asked_once_with_the_digits_on_its_screen(
    told: RunningStack, cloud: Robot
) -> None:
    """The link is opened on the telephone, the session is at the desk."""
    way: dict[str, Any] = {
        "base_url": told.urls["console"],
        "headers": BROWSER,
        "timeout": 30,
        "follow_redirects": True,
    }
    with httpx.Client(**way) as telephone:
        telephone.post(made_invitation(told, "qs-walk"), data={"password": PASSWORD, "again": PASSWORD})
    with httpx.Client(**way) as computer, httpx.Client(**way) as telephone:
        waits = computer.post("/signin/link", data={"person": "qs-walk", "back": "/duty"})
        assert waits.url.path == "/signin/link/wait"
        number = re.search(r'class="number">(\d\d)<', waits.text)
        assert number is not None, waits.text
        code = until(lambda: code_in(cloud, "sign-in"), what="the message")
        for look in (telephone.head, telephone.get, telephone.get):  # previews, and the person
            seen = look(f"/s/{code}")
            assert (seen.status_code, seen.url.path[:3]) == (200, "/l/")
        assert "Quayside walker one" in seen.text
        offered = re.findall(r'name="number" value="(\d\d)"', seen.text)
        assert (len(offered), number[1] in offered) == (3, True)
        assert computer.post("/signin/link/wait").url.path == "/signin/link/wait", "nobody has pressed yet"
        pressed = telephone.post(seen.url.path, data={"number": number[1]})
        assert "go back to the screen" in unescape(pressed.text)
        assert telephone.get("/me").url.path == "/signin", "the telephone is not signed in"
        assert computer.post("/signin/link/wait").url.path == "/duty"
        assert "Quayside walker one" in computer.get("/me").text
        assert "by a link to oneself" in unescape(computer.get("/me/sessions").text)
        assert telephone.get(f"/s/{code}").status_code == 409
        assert telephone.post(seen.url.path, data={"number": number[1]}).status_code == 409
        computer.cookies.delete("whistle")
        assert computer.post("/signin/link/wait").url.path == "/signin/link", "used"
        assert computer.get("/me").url.path == "/signin"


def test_who_signed_in_at_a_computer_takes_turns_there_by_pin(told: RunningStack) -> None:
    address = made_invitation(told, "mf-desk")
    with httpx.Client(base_url=told.urls["console"], headers=BROWSER, timeout=30, follow_redirects=True) as computer:
        assert computer.post(address, data={"password": PASSWORD, "again": PASSWORD}).status_code == 200
        own = filled(computer, password=PASSWORD, pin=PIN, again=PIN)
        assert "Your PIN is set." in computer.post("/pin", data=own).text
        computer.post(made_invitation(told, "hw-desk"), data={"password": PASSWORD, "again": PASSWORD})
        assert "Works desk one" in computer.get("/me").text
        taken_over = computer.post("/signin/pin", data={"person": "mf-desk", "pin": PIN})
        assert taken_over.url.path == "/me"
        assert "Millfield desk one" in taken_over.text
    with httpx.Client(base_url=told.urls["console"], headers=BROWSER, timeout=30) as elsewhere:
        assert elsewhere.post("/signin/pin", data={"person": "mf-desk", "pin": PIN}).status_code == 401


def made_invitation(told: RunningStack, person: str) -> str:
    """Path of an address that is printed."""
    body = {"person": person, "city": "harbour", "printed": True}
    url: str = told.ops.post_to("router", "/v1/invitations", body).json()["url"]
    return urlsplit(url).path


def test_who_was_told_of_a_case_is_told_to_those_who_see_it(told: RunningStack) -> None:
    _, case = opened(told)
    desk, outside = told.person("qs-desk"), told.person("mf-desk")

    def others() -> list[str] | None:
        answer = desk.get("notifier", "/v1/alerts:told", case=case)
        return list(answer.json()["people"]) if answer.status_code == 200 else None

    assert "qs-walk" in until(others, what="who was told")
    assert outside.get("notifier", "/v1/alerts:told", case=case).status_code == 404


def test_neither_code_nor_address_is_in_a_file(told: RunningStack, cloud: Robot) -> None:
    before = code_in(cloud)
    made = told.ops.post_to("router", "/v1/invitations", {"person": "qs-walk", "city": "harbour"}).json()
    code = until(lambda: code_in(cloud) if code_in(cloud) != before else None, what="the message")
    token = made["url"].rpartition("/")[2]
    assert httpx.get(f"{told.urls['console']}/s/{code}", follow_redirects=True).status_code == 200
    for path in readable_files(told.data):
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue
        assert token.encode() not in content, path
        assert code.encode() not in content, path
