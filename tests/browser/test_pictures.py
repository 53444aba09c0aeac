"""The pictures in README and docs: taken of an invented city, of pages that exist, and each of them is used.

``make pictures`` stores them; a plain run takes them all the same, so that none can be of a page that is gone.
"""

import asyncio
import re
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from playwright.async_api import Browser, Page, expect

from tests.docs.pages import PAGES
from tests.kit import made_operations
from tests.kit.browser import BrowserFiles
from tests.kit.console_door import ConsoleDoor
from tests.kit.live_changes import wake
from tests.kit.made_router import SESSION
from tests.kit.pictured_city import INVENTED, PicturedCity
from tests.kit.screen import Screen
from tests.kit.stored_pictures import FOLDER, kept
from tests.kit.waiting import until

DESK, PHONE = (1200, 780), (390, 780)
QUEUE, CASE, ENTER = "/queues/quayside", "/cases/c1", "/enter"
ALL_LOADED = "[...document.images].every(one => one.complete || one.getBoundingClientRect().top > innerHeight)"
TRACED = f"/ops/find?q={made_operations.REPORT}"
PICTURES = ("queue-zh", "queue-dark-zh", "case-zh", "enter-zh", "phone-zh", "ops-find-zh")
ELSEWHERE = ("rider-zh",)
"""Taken by ``test_the_picture_of_the_riders_page_is_taken``."""


@pytest.fixture
async def city(chromium: Browser, files: BrowserFiles) -> AsyncIterator[Screen]:
    """The console of the invented city."""
    router, listening = PicturedCity(), socket.create_server(("127.0.0.1", 0))
    app = ConsoleDoor(router).app
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    wake(app.site.feed)
    shown = Screen(chromium, files, router, f"http://127.0.0.1:{listening.getsockname()[1]}", feed=app.site.feed)
    yield shown
    app.site.feed.close()
    server.should_exit = True
    await serving
    assert shown.complaints == []


async def opened(city: Screen, page: Page, path: str) -> None:
    await page.context.add_cookies([{"name": "whistle", "value": SESSION, "url": city.url}])
    shown = await page.goto(path)
    assert shown is not None and shown.status == 200, path
    words = await page.content()
    assert [real for real in INVENTED if real in words] == [], "the picture would show a real place"


async def taken(city: Screen, path: str, size: tuple[int, int], *, dark: bool = False) -> bytes:
    async with city.page("zh", size=size, dark=dark) as page:
        await opened(city, page, path)
        if path == QUEUE:
            await expect(page.locator("#freshness")).to_have_text("实时")
        if path == ENTER:
            await page.locator("#text").fill("2号楼水管爆了，水漫到门口，麻烦快来人")
            await page.locator("#address").fill("金港花园2号楼")
            await page.locator("button[value=look]").click()
            await expect(page.locator("#same")).to_be_visible()
            assert [real for real in INVENTED if real in await page.content()] == []
            await page.evaluate("scrollTo(0, 0)")
        await until(lambda: page.evaluate(ALL_LOADED))
        return await page.screenshot()


async def test_the_pictures_of_the_officers_pages_are_taken(city: Screen) -> None:
    kept("queue-zh", await taken(city, QUEUE, DESK))
    kept("queue-dark-zh", await taken(city, QUEUE, DESK, dark=True))
    kept("case-zh", await taken(city, CASE, DESK))
    kept("enter-zh", await taken(city, ENTER, DESK))
    kept("ops-find-zh", await taken(city, TRACED, DESK))
    kept("phone-zh", *[await taken(city, path, PHONE) for path in (QUEUE, CASE, ENTER)])


def test_every_picture_is_there_and_shown_and_none_is_left_over() -> None:
    pages = "\n".join(page.read_text() for page in PAGES)
    shown = set(re.findall(r"img/([\w-]+)\.png", pages))
    assert {path.stem for path in FOLDER.glob("*.png")} == shown
    assert shown <= {*PICTURES, *ELSEWHERE}, "a picture that no test takes"
