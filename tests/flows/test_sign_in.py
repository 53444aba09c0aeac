"""An officer signs in on the pages, as a browser without script would, with nothing but the invitation's address."""

import json
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

import httpx
import pytest

from tests.kit.console_browser import Hearing
from tests.kit.page_forms import filled
from tests.kit.places import QUAY
from tests.kit.stack import RunningStack, until

PASSWORD = "four lanterns over the old quay"
NOT_FOR_SECRETS = "本系统为非涉密系统，严禁上传国家秘密、工作秘密。"


@dataclass
class Browser:
    """Cookies and forms; a form is sent with the headers that browsers send."""

    http: httpx.Client
    at: str = ""

    def open(self, path: str) -> str:
        answer = self.http.get(path, follow_redirects=True)
        self.at = answer.url.path
        assert answer.status_code == 200, answer.text
        return unescape(answer.text)

    def send(self, path: str, **fields: str) -> httpx.Response:
        headers = {"sec-fetch-site": "same-origin"}
        return self.http.post(path, data=filled(self.http, **fields), headers=headers, follow_redirects=True)

    @property
    def token(self) -> str:
        return self.http.cookies["whistle"]


@pytest.fixture
def browser(stack: RunningStack) -> Iterator[Browser]:
    headers = {"accept-language": "zh-CN,zh;q=0.9", "user-agent": "a browser"}
    with httpx.Client(base_url=stack.urls["console"], headers=headers, timeout=30) as http:
        yield Browser(http)


def invited(stack: RunningStack, person: str, city: str = "harbour") -> str:
    """The address of an invitation, as ops print it."""
    command = [sys.executable, "-m", "deploy.main", "officer", "invite", person, "--city", city, "--json"]
    told = subprocess.run([*command, "--data", str(stack.data)], capture_output=True, check=True, text=True).stdout
    url: str = json.loads(told)["url"]
    assert url.startswith(f"{stack.urls['console']}/i/")
    return url


def said(answer: httpx.Response) -> str:
    """The sentence of a page that says what came of a form."""
    return unescape(re.findall(r'class="said(?![^>]*role="note")[^>]*>(?:<a [^>]*>)?([^<]*)<', answer.text)[0])


def test_an_invited_officer_sets_a_password_signs_in_and_claims_a_case(stack: RunningStack, browser: Browser) -> None:
    url = invited(stack, "qs-walk")
    page = browser.open(url)
    assert NOT_FOR_SECRETS in page
    assert "Quayside walker one" in page
    answer = browser.send(url, password=PASSWORD, again=PASSWORD)
    assert answer.status_code == 200
    assert "设置动态验证码" in answer.text
    assert "我的待办工单" in browser.open("/me")
    assert browser.at == "/me"
    report = stack.rider().report("a burst pipe by the crane", QUAY).json()["id"]
    headers = {"authorization": f"Bearer {browser.token}"}

    def case() -> str | None:
        answer = browser.http.get(f"/v1/cases/c{report[1:]}", headers=headers)
        return str(answer.json()["id"]) if answer.status_code == 200 else None

    id_ = until(case, what="the case")
    claimed = browser.http.post(
        f"/v1/cases/{id_}/claim", json={}, headers={**headers, "idempotency-key": uuid.uuid4().hex}
    )
    assert claimed.status_code == 200, claimed.text
    assert claimed.json()["assignee"] == "qs-walk"
    page = browser.open("/me")
    mine = page.partition("由我处理")[2].partition("</ul>")[0]
    assert f'data-case="{id_}"' in mine


def test_who_signs_out_is_out_of_every_service_within_five_seconds(stack: RunningStack, browser: Browser) -> None:
    browser.send(invited(stack, "mf-desk"), password=PASSWORD, again=PASSWORD)
    headers = {"authorization": f"Bearer {browser.token}"}

    def statuses() -> set[int]:
        urls = (stack.urls[name] for name in ("intake", "router", "notifier"))
        return {stack.http.get(f"{url}/v1/me", headers=headers).status_code for url in urls}

    assert statuses() == {200}
    assert browser.send("/signout").url.path == "/signin"
    until(lambda: statuses() == {401}, within=5.0, what="the end of the session everywhere")
    assert browser.open("/me")
    assert browser.at == "/signin"


def test_a_session_that_is_ended_elsewhere_is_out_of_pages_and_streams_within_five_seconds(
    stack: RunningStack, browser: Browser
) -> None:
    """Ended from 我的登录, at another computer."""
    browser.send(invited(stack, "hw-desk"), password=PASSWORD, again=PASSWORD)
    with httpx.Client(base_url=stack.urls["console"], headers=browser.http.headers, timeout=30) as http:
        left = Browser(http)
        assert left.send("/signin", city="harbour", person="hw-desk", password=PASSWORD).url.path == "/me"
        live, headers = Hearing(http), {"authorization": f"Bearer {left.token}"}
        page = browser.open("/me/sessions")
        (other,) = re.findall(r'name="session" value="(\w+)"', page)
        assert "已结束" in browser.send("/me/sessions", session=other).text

        def open_still() -> bool:
            apis = [f"{stack.urls[name]}/v1/me" for name in ("intake", "router", "notifier")]
            is_open = any(stack.http.get(url, headers=headers).status_code != 401 for url in apis)
            return is_open or http.get("/me").status_code == 200 or not live.over.is_set()

        until(lambda: not open_still(), within=5.0, what="the end of the session everywhere")
        for path in ("/me", "/queues", "/me/sessions", "/duty"):
            assert http.get(path).headers["location"].startswith("/signin"), path
        assert "event: ended" in live.heard
        assert browser.open("/me/sessions").count("data-session=") == 1
        assert browser.at == "/me/sessions", "who ended it stays"


def test_a_form_from_another_site_does_nothing(stack: RunningStack, browser: Browser) -> None:
    url = invited(stack, "hw-desk")
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://elsewhere.example"}, {}):
        answer = browser.http.post(url, data={"password": PASSWORD, "again": PASSWORD}, headers=headers)
        assert answer.status_code == 403, headers
    assert browser.send(url, password=PASSWORD, again=PASSWORD).status_code == 200
    assert browser.open("/me")
    assert browser.at == "/me"


def test_pages_say_why_a_password_a_code_or_an_invitation_is_not_taken(stack: RunningStack, browser: Browser) -> None:
    url = invited(stack, "oh-desk")
    assert said(browser.send(url, password="short", again="short")) == "密码太容易被猜到，请换一个更长的。"
    assert said(browser.send(url, password=PASSWORD, again="other")) == "两次输入的密码不一致。"
    assert "密码已设置" in browser.send(url, password=PASSWORD, again=PASSWORD).text
    assert "验证码不正确" in said(browser.send("/codes", totp="000000"))
    assert said(browser.http.get(url)) == "邀请链接已使用，或已有新的邀请。"
    assert said(browser.http.get("/i/AAAA")) == "链接无效。"
    wrong = browser.send("/signin", city="harbour", person="oh-desk", password="wrong")
    assert (wrong.status_code, said(wrong)) == (401, "城市、人员编号、密码或验证码不正确。")


def test_the_public_address_passes_on_what_is_for_the_public_and_nothing_else(
    stack: RunningStack, browser: Browser
) -> None:
    rider = {"authorization": f"Bearer {stack.rider().token}"}
    assert browser.http.get("/v1/categories", headers=rider).json()["items"]
    service = {"authorization": "Bearer x", "idempotency-key": "k"}
    for path in ("/v1/reporters:unmask", "/v1/photos:claim", "/v1/replay", "/v1/dead-letters", "/metrics/x"):
        assert browser.http.post(path, json={}, headers=service).status_code in (404, 405), path


def test_an_app_lists_a_reporters_own_reports_newest_first(stack: RunningStack) -> None:
    rider, other = stack.rider(), stack.rider(which="app_key_2")
    ref = uuid.uuid4().hex
    sent = [rider.report(f"a lamp is dark at post {n}", QUAY, reporter={"ref": ref}).json()["id"] for n in range(3)]
    answer = rider.get("intake", "/v1/reports", reporter=ref, limit=2)
    assert [item["id"] for item in answer.json()["items"]] == [sent[2], sent[1]]
    following = rider.get("intake", "/v1/reports", reporter=ref, limit=2, cursor=answer.json()["next"])
    assert [item["id"] for item in following.json()["items"]] == [sent[0]]
    assert following.json()["next"] is None
    assert other.get("intake", "/v1/reports", reporter=ref).json()["items"] == []
