"""Words that somebody wrote to break a page: markup, marks that turn the direction of writing, two thousand characters
without a space, a name of two hundred, a photo of forty million points. They run nowhere, and every page still fits."""

import io
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.async_api import Page

from shared.case_page.case_answer import Line, Location
from shared.case_page.rendering import case_page
from shared.case_page.view import case_view
from tests.kit.made_case_answers import DESK, NOW, case, look, part
from tests.kit.made_router import SESSION
from tests.kit.screen import Screen

MARKUP = '<img src=x onerror="window.ran=1"><script>window.ran=1</script>{{7*7}}\'"--></style>'
TURNED = "\u202e倒着写的话"
LONG = "w" * 2000
HOSTILE = f"{MARKUP}{TURNED} {LONG}"
NAME = f"{TURNED}{MARKUP}"[:60] + "名" * 140
WIDTHS = {"phone": (320, 640), "desk": (1366, 768)}
PAGES = {"queue": "/queues/quayside", "case": "/cases/c1", "enter": "/enter", "entered": "/enter/r1", "me": "/me"}
UNTURNED = """() => {
  const loose = [], all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (all.nextNode()) {
    const text = all.currentNode, holder = text.parentElement;
    if (!text.data.includes("\\u202e") || holder.closest("script, option, textarea, svg")) continue;
    let around = holder;
    while (getComputedStyle(around).display === "inline" && !getComputedStyle(around).unicodeBidi.startsWith("isolate"))
      around = around.parentElement;
    const style = getComputedStyle(around);
    const alone = around.textContent.trim() === text.data.trim();
    if (!alone && !style.unicodeBidi.startsWith("isolate")) loose.push(around.outerHTML.slice(0, 200));
  }
  return loose;
}"""
"""Where a mark turns words that it does not belong to."""
BEYOND = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.body.querySelectorAll("*")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth).map((one) => one.outerHTML.slice(0, 120))"""
"""What makes the page wider than the window."""


def spoil(value: Any) -> Any:
    """The answer with everything that people write replaced."""
    if isinstance(value, list):
        return [spoil(one) for one in value]
    if not isinstance(value, dict):
        return value
    words = {"description", "summary", "text", "work", "said", "question", "conclusion", "message", "status_text"}
    places = {"place", "address"}
    return {
        name: HOSTILE
        if name in words and isinstance(one, str)
        else HOSTILE[:300]
        if name in places and isinstance(one, str)
        else NAME
        if name == "name" and isinstance(one, str)
        else spoil(one)
        for name, one in value.items()
    }


@pytest.fixture
def spoilt(screen: Screen) -> Screen:
    """Every word that the services tell is hostile, and every photo is of forty million points."""
    router = screen.router
    router.case = spoil({**router.case, "parts": [{**router.case["parts"][0], "said": "x"}]})
    router.spoil(spoil)
    large = io.BytesIO()
    Image.new("RGB", (7300, 5500), (90, 120, 150)).save(large, "JPEG", quality=30)
    for photo in ("f1", "f2"):
        router.refuses[f"GET /v1/photos/{photo}"] = httpx.Response(200, content=large.getvalue())
    return screen


async def unharmed(screen: Screen, page: Page, name: str) -> None:
    await screen.keep(page, f"hostile-{name}")
    assert await page.evaluate("window.ran") is None, name
    assert await page.evaluate(BEYOND) == [], name
    assert await page.evaluate("document.querySelectorAll('img[src=x]').length") == 0, name
    assert await page.evaluate(UNTURNED) == [], name


@pytest.mark.parametrize("size", WIDTHS)
@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_hostile_words_break_no_page_and_run_nowhere(spoilt: Screen, size: str, lang: str) -> None:
    async with spoilt.page(lang, size=WIDTHS[size]) as page:
        await page.context.add_cookies([{"name": "whistle", "value": SESSION, "url": spoilt.url}])
        for name, path in PAGES.items():
            await page.goto(f"{path}?lang={lang}")
            assert await spoilt.refused_by_policy(page) == [], name
            if name == "case":
                await page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            await unharmed(spoilt, page, f"{name}-{lang}-{size}")
        await page.emulate_media(media="print")
        await page.goto("/cases/c1")
        await unharmed(spoilt, page, f"print-{lang}-{size}")


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_hostile_words_break_no_page_behind_a_link(screen: Screen, lang: str) -> None:
    answer = case(
        "resolved",
        photos=(),
        description=HOSTILE,
        location=Location(120.12, 33.78, address=HOSTILE[:300]),
        parts=(part("called"),),
        history=(Line("case.resolved", NOW, "x", HOSTILE), Line("case.noted", NOW, None, HOSTILE)),
    )
    async with screen.page(lang, size=WIDTHS["phone"]) as page:
        await page.set_content(case_page(case_view(look(answer, DESK, lang, told=(NAME,)))))
        await unharmed(screen, page, f"link-{lang}")
        lines = await page.locator("h2 + ul > li").all_inner_texts()
        assert [line for line in lines if "\u202e" in line and line != NAME] == [], "a mark is alone in its line"
