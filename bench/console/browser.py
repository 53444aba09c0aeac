"""Chromium of the tests' packages, and what is put into a page to measure it."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence

from playwright.async_api import Browser, Page, async_playwright

from tests.kit.browser import browser_files, environment

DESK, PHONE = (1366, 768), (360, 640)
LONG_TASKS = """window.longTasks = [];
new PerformanceObserver(list => window.longTasks.push(...list.getEntries().map(one => one.duration)))
  .observe({ type: "longtask", buffered: true });"""
"""Milliseconds of each task over 50 ms."""
USABLE = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
"""Milliseconds until every script of the page has run: they are modules, which come before this event."""
LIVE = "!document.getElementById('freshness').hidden && !document.querySelector('#freshness.lost')"


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    files = browser_files()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=files.program, args=["--no-sandbox"], env={**environment(files)}
        )
        try:
            yield browser
        finally:
            await browser.close()


@contextlib.asynccontextmanager
async def page_of(
    browser: Browser, url: str, token: str = "", *, scripts: Sequence[str] = (), size: tuple[int, int] = DESK
) -> AsyncIterator[Page]:
    """A page of a browser of its own. ``token``: of the officer's session; ``scripts``: run before the page's."""
    context = await browser.new_context(
        base_url=url, locale="zh-CN", viewport={"width": size[0], "height": size[1]}, has_touch=size == PHONE
    )
    if token:
        await context.add_cookies([{"name": "whistle", "value": token, "url": url}])
    for script in scripts:
        await context.add_init_script(script)
    yield await context.new_page()
    await context.close()


async def becomes(page: Page, expression: str, *, within: float = 30.0) -> float:
    """Seconds until the expression is true in the page. SystemExit after ``within``."""
    began = time.monotonic()
    while not await page.evaluate(expression):
        if time.monotonic() - began > within:
            raise SystemExit(f"it did not come within {within} s: {expression}")
        await asyncio.sleep(0.01)
    return time.monotonic() - began
