"""The page behind a link in a message, on a phone and in an old browser: no fault, no script, and it can be pressed."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Route

from shared.case_page.case_answer import Ask, Line, ReportOfCase, Ruling, UnitToSendTo
from shared.case_page.rendering import case_page, message_page
from shared.case_page.view import case_view
from shared.case_page.words import Words
from shared.kernel.vocabulary import StateName
from tests.kit.browser import BrowserFiles
from tests.kit.made_case_answers import ABOVE, DESK, NOW, STATES, WORKS, case, look, part
from tests.kit.made_router import MadeRouter
from tests.kit.screen import Screen

READERS = {"desk": DESK, "above": ABOVE, "called": WORKS}
RULINGS = ("return", "rejection", "outcome", "objection")
TO = (UnitToSendTo("mill", "磨坊社区", "Millfield"),)
BYTES_MAX = 30 * 1024
both = pytest.mark.parametrize("lang", ["zh", "en"])


def expired(lang: str) -> str:
    words = Words(lang)
    return message_page(words, title=words("title"), text=words("link.expired"), sign_in="https://w.example.org/signin")


def shown(state: StateName, reader: str, lang: str, **fields: Any) -> str:
    """A link's page with something of everything."""
    answer = case(
        state,
        priority="danger",
        photos=(),
        parts=(part("called"), part("finished", "police", "p2")),
        history=(Line("case.resolved", NOW, "x", "断管已更换"), Line("case.noted", NOW, None, "水已漫到路中间")),
        reports=(ReportOfCase("r1", {"flow": "喷水", "cut": False}),),
        **fields,
    )
    return case_page(case_view(look(answer, READERS[reader], lang, told=("张三",)), said=Words(lang)("done.note")))


def every_page(lang: str) -> Iterator[tuple[str, str]]:
    """What a link may show: each state to each reader, each request to who rules on it, and what is no case."""
    for state in STATES:
        for reader in READERS:
            yield f"{state}-{reader}", shown(state, reader, lang)
    for what in RULINGS:
        asked = Ruling(what, "desk", "quay", "town", "不在我辖区", suggests="mill", may_go_to=TO)
        yield what, shown("rejected" if what == "objection" else "acknowledged", "above", lang, ruling=asked)
    for kind in ("pause", "extension"):
        ask = Ask(kind, "resolve", "desk", "weather", NOW + timedelta(days=1))
        yield kind, shown("in_progress", "above", lang, asks=(ask,))
    yield "offer", shown("queued", "called", lang, offered_to="works")
    yield "expired", expired(lang)


@both
@pytest.mark.timeout(480)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_a_links_page_has_no_fault_that_axe_knows_and_fits_a_phone(screen: Screen, lang: str, dark: bool) -> None:
    async with screen.page(lang, dark=dark, size=(320, 640)) as page:
        for name, html in every_page(lang):
            await page.set_content(html)
            assert len(html.encode()) <= BYTES_MAX, name
            assert await screen.violations(page) == [], name
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
            if not dark:
                await screen.keep(page, f"link-{name}-{lang}")
        await screen.keep(page, f"link-{lang}-{'dark' if dark else 'light'}")


@both
def test_a_links_page_speaks_one_language(lang: str) -> None:
    """What people wrote and names aside: the made ones are in Chinese, and left out."""
    written = (
        "断管已更换",
        "水已漫到路中间",
        "张三",
        "换灯",
        "灯坏了",
        "建华园2号楼",
        "喷水",
        "不在我辖区",
        "磨坊社区",
    )
    for name, html in every_page(lang):
        text = re.sub(r"<[^>]*>", " ", html.partition("<main>")[2])
        for words in written:
            text = text.replace(words, "")
        chinese = re.findall("[\u4e00-\u9fff]+", text)
        assert bool(chinese) == (lang == "zh"), (name, chinese)


async def test_a_links_page_is_pressed_in_chromium_90_without_script(old: Browser, files: BrowserFiles) -> None:
    aged = Screen(old, files, MadeRouter(), "http://127.0.0.1")
    async with aged.page("zh", script=False, size=(360, 640)) as page:
        sent: list[str] = []
        await page.route("**/a/*", lambda route: _answered(route, sent))
        await page.goto("http://127.0.0.1/a/token")
        await aged.keep(page, "link-zh-chromium90")
        await page.focus("button")
        async with page.expect_response(lambda answer: answer.request.method == "POST"):
            await page.keyboard.press("Enter")
    assert sent == ["do=claim&version=7"]
    assert aged.complaints == []


async def _answered(route: Route, sent: list[str]) -> None:
    """The page of a case for a look, and the one that an expired link has for a press."""
    posted = route.request.method == "POST"
    sent += [route.request.post_data or ""] if posted else []
    page = expired("zh") if posted else shown("queued", "desk", "zh")
    await route.fulfill(body=page, content_type="text/html; charset=utf-8")
