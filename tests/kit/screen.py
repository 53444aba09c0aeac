"""The console's pages in a browser, before services that are made up; what they look like is kept for people."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

from playwright.async_api import Browser, BrowserContext, Error, Page

from services.console.live.feed import Feed
from tests.kit.browser import BrowserFiles
from tests.kit.made_router import MadeRouter
from tests.kit.stack import ROOT
from tests.kit.waiting import until

SEEN = ROOT / "tests" / "browser" / "seen"
REFUSED = "responded with a status of"
"""What Chromium itself says of an answer that is no success, such as after a wrong password."""
VIOLATIONS = """window.refusedByPolicy = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.refusedByPolicy.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));"""
AT_REST = """() => Promise.all(document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().endTime !== Infinity).map((one) => one.finished.catch(() => null)))"""
LANGUAGES = {"zh": "zh-CN", "en": "en-GB"}


async def becomes(page: Page, expression: str) -> None:
    """Waits until an expression is true, also while another page is being loaded.

    ``wait_for_function`` evaluates in the page, which the pages' policy forbids unless it is true at once."""

    async def is_so() -> bool:
        try:
            return bool(await page.evaluate(expression))
        except Error as error:
            if "navigation" not in str(error) and "context" not in str(error):
                raise
            return False

    await until(is_so)


@dataclass
class Screen:
    """Opens pages of the console. ``feed``: what its live streams tell.

    ``complaints``: what pages said on the browser's console, and their errors."""

    chromium: Browser
    files: BrowserFiles
    router: MadeRouter
    url: str
    complaints: list[str] = field(default_factory=list)
    feed: Feed = field(default_factory=lambda: Feed(token_hex))

    @contextlib.asynccontextmanager
    async def page(
        self, lang: str, *, script: bool = True, size: tuple[int, int] = (1366, 768), dark: bool = False
    ) -> AsyncIterator[Page]:
        """A page of a browser of its own. ``script``: of the browser; ours have none. ``size``: width and height."""
        context: BrowserContext = await self.chromium.new_context(
            base_url=self.url,
            locale=LANGUAGES[lang],
            java_script_enabled=script,
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
        )
        page = await context.new_page()
        if script:
            await page.add_init_script(VIOLATIONS)
        page.on(
            "console",
            lambda said: None if REFUSED in said.text else self.complaints.append(said.text),
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        yield page
        await context.close()

    async def refused_by_policy(self, page: Page) -> list[str]:
        """What the page's content security policy refused since it was opened."""
        found: list[str] = await page.evaluate("window.refusedByPolicy")
        return found

    async def violations(self, page: Page) -> list[str]:
        """What axe finds against WCAG 2.2 AA, once what appears has appeared: rule and element."""
        await page.evaluate(AT_REST)
        await page.evaluate(self.files.axe)
        found: dict[str, Any] = await page.evaluate("axe.run(document)")
        return [f"{one['id']}: {node['html']}" for one in found["violations"] for node in one["nodes"]]

    async def keep(self, page: Page, name: str) -> None:
        """A picture of the whole page, for people to look at."""
        SEEN.mkdir(exist_ok=True)
        await page.screenshot(path=SEEN / f"{name}.png", full_page=True)
