"""How pages are looked at: every pair of size, language and appearance, and what is wrong with what is seen."""

from playwright.async_api import Page

from tests.kit.made_router import SESSION
from tests.kit.screen import Screen

SIZES = {"desk": (1366, 768), "phone": (360, 640), "narrow": (320, 640)}
LOOKS = (
    ("desk", "zh", False),
    ("desk", "en", True),
    ("phone", "zh", True),
    ("phone", "en", False),
    ("narrow", "zh", False),
    ("narrow", "en", True),
)
"""Every pair of size, language and appearance: a fault that needs three of them at once has not been seen."""
SMALL = """elements => elements.filter(x => x.offsetParent !== null && !x.closest("[hidden]")
  && x.getBoundingClientRect().height < 44).map(x => x.outerHTML)"""
ALL_LINKS_SEEN = "[...document.querySelectorAll('.nav ul, .tabs')].every(one => one.scrollWidth <= one.clientWidth)"


async def signed_in(screen: Screen, page: Page) -> None:
    await page.context.add_cookies([{"name": "whistle", "value": SESSION, "url": screen.url}])


CLOSE = """() => [...document.querySelectorAll("main :is(.hint, .who) + :is(form, .card, .choices, p:has(> .button))")]
  .filter(one => one.offsetParent !== null)
  .filter(one => one.getBoundingClientRect().top - one.previousElementSibling.getBoundingClientRect().bottom < 12)
  .map(one => one.previousElementSibling.textContent)"""


async def looked_at(screen: Screen, page: Page, name: str) -> None:
    await screen.keep(page, name)
    assert await screen.refused_by_policy(page) == [], name
    assert await screen.violations(page) == [], name
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    assert await page.evaluate(CLOSE) == [], f"{name}: a hint that stands above a form keeps away from it"
    assert await page.evaluate(ALL_LINKS_SEEN), name
    pressed = "button, input:not([type=hidden]):not([type=checkbox]):not([type=radio]), select, .tap, .button, .nav a"
    assert await page.eval_on_selector_all(pressed, SMALL) == [], name
