"""Every page as people meet it: on a desk and a phone, light and dark, Chinese and English, and in an old browser.

A new page is a line in ``PAGES``. Its pictures lie in ``tests/browser/seen``: look at them.
"""

import pytest
from playwright.async_api import Browser, expect

from tests.kit import made_operations
from tests.kit.browser import BrowserFiles
from tests.kit.looks import ALL_LINKS_SEEN, LOOKS, SIZES, looked_at, signed_in
from tests.kit.made_links import LINK
from tests.kit.made_router import refused
from tests.kit.screen import Screen, becomes
from tests.kit.sign_in_pages import set_password, wrong

PAGES = {
    "signin": "/signin",
    "take-over": "/signin/pin",
    "signin-link": "/signin/link",
    "login-link": f"/l/{LINK}",
    "invitation": "/i/abc",
    "pin": "/pin",
    "sessions": "/me/sessions",
    "password": "/me/password",
    "walls": "/walls",
    "work": "/me",
    "queue": "/queues/quayside",
    "map": "/queues/quayside/map",
    "case": "/cases/c1",
    "enter": "/enter",
    "patrol": "/enter?as=patrol",
    "entered": "/enter/r1",
    "duty": "/duty",
    "duty-rules": "/duty/rules",
    "ops": "/ops",
    "ops-find": f"/ops/find?q={made_operations.REPORT}",
    "ops-parked": "/ops/parked",
    "ops-parked-one": f"/ops/parked/router/{made_operations.LETTER}",
    "ops-deliveries": "/ops/deliveries",
    "audit": "/audit",
    "feedback": "/feedback?of=/me",
    "lost": "/nowhere",
}
OPEN = ("signin", "take-over", "signin-link", "login-link", "invitation", "feedback", "lost")
"""Seen by people who are not signed in."""
both = pytest.mark.parametrize("lang", ["zh", "en"])


def address(path: str, lang: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}lang={lang}"


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("size", "lang", "dark"), LOOKS, ids=lambda one: {True: "dark", False: "light"}.get(one, one))
async def test_pages_have_no_fault_that_axe_knows_and_fit(screen: Screen, size: str, lang: str, dark: bool) -> None:
    kind = f"{lang}-{size}-{'dark' if dark else 'light'}"
    async with screen.page(lang, dark=dark, size=SIZES[size]) as page:
        for name in sorted(PAGES, key=lambda name: name not in OPEN):
            if name not in OPEN:
                await signed_in(screen, page)
            shown = await page.goto(address(PAGES[name], lang))
            assert shown is not None and shown.status == (404 if name == "lost" else 200), name
            await looked_at(screen, page, f"{name}-{kind}")
        await page.locator("details.menu > summary").click()
        await looked_at(screen, page, f"menu-{kind}")
        await page.context.clear_cookies()
        await page.goto(address("/signin/link", lang))
        await page.locator("#person").fill("qs-desk")
        await page.locator("form.card button[type=submit]").click()
        await expect(page.locator("#waiting")).to_be_visible()
        await looked_at(screen, page, f"waiting-{kind}")
        await set_password(page, lang)
        await looked_at(screen, page, f"codes-{kind}")
        await wrong(screen, page, lang)
        await looked_at(screen, page, f"wrong-{kind}")


@pytest.mark.parametrize("screen", [True], indirect=True)
async def test_a_demonstration_says_so_on_every_page_without_a_fault(screen: Screen) -> None:
    async with screen.page("zh", size=SIZES["phone"]) as page:
        await set_password(page, "zh")
        await expect(page.locator(".banner")).to_be_visible()
        await page.context.clear_cookies()
        await signed_in(screen, page)
        for name in ("invitation", "work", "case", "pin"):
            await page.goto(PAGES[name])
            await expect(page.locator(".banner")).to_be_visible()
            await looked_at(screen, page, f"{name}-demonstration")


@pytest.mark.parametrize("width", [390, 360, 320])
async def test_every_link_of_the_frame_is_seen_on_a_phone_without_script(screen: Screen, width: int) -> None:
    """Of somebody who has them all."""
    screen.router.offices = ["ops", "setup", "auditor"]
    async with screen.page("en", script=False, size=(width, 640)) as page:
        await signed_in(screen, page)
        await page.goto("/me?lang=en")
        links = page.locator(".nav a")
        assert await links.count() >= 7
        for number in range(await links.count()):
            await expect(links.nth(number)).to_be_in_viewport(ratio=1)
        assert await page.evaluate(ALL_LINKS_SEEN)


async def test_dark_may_be_chosen_on_a_light_computer(screen: Screen) -> None:
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    async with screen.page("zh") as page:
        await page.goto("/signin")
        light = await page.evaluate(ground)
        await page.locator("details.menu > summary").click()
        await page.get_by_role("link", name="深色").click()
        dark = await page.evaluate(ground)
        assert dark != light
        await page.goto("/signin/pin")
        assert await page.evaluate(ground) == dark, "it is kept"
        await page.emulate_media(media="print")
        assert await page.evaluate(ground) == "rgb(255, 255, 255)"


async def test_a_style_in_the_page_is_refused_and_noticed(screen: Screen) -> None:
    """The check itself: a page that broke the policy would be found."""
    async with screen.page("zh") as page:
        await page.goto("/signin")
        await page.evaluate("document.body.setAttribute('style', 'color: red')")
        await becomes(page, "window.refusedByPolicy.length > 0")
        assert await screen.refused_by_policy(page) != []
        screen.complaints.clear()


async def test_enter_that_confirms_pinyin_sends_nothing(screen: Screen) -> None:
    async with screen.page("zh") as page:
        await page.goto("/signin")
        cancelled = await page.evaluate("""() => {
          const made = { key: "Enter", isComposing: true, bubbles: true, cancelable: true };
          const event = new KeyboardEvent("keydown", made);
          return !document.getElementById("person").dispatchEvent(event);
        }""")
        assert cancelled


async def test_a_double_press_is_one(screen: Screen) -> None:
    async with screen.page("zh") as page:
        await page.goto("/signin")
        goes = await page.evaluate("""() => {
          const form = document.querySelector("form.card");
          const press = () => form.dispatchEvent(new SubmitEvent("submit", { bubbles: true, cancelable: true }));
          return [press(), press()];
        }""")
        assert goes == [True, False]


async def test_without_the_service_what_was_typed_stays(screen: Screen) -> None:
    async with screen.page("zh", script=False) as page:
        await signed_in(screen, page)
        await page.goto("/cases/c1")
        screen.router.refuses["GET /v1/cases/c1"] = refused(503)
        await page.get_by_role("button", name="同意挂起").click()
        await expect(page.get_by_role("alert")).to_contain_text("服务暂无响应")
        del screen.router.refuses["GET /v1/cases/c1"]
        await page.get_by_role("button", name="重新提交").click()
        await expect(page.locator("article.case")).to_be_visible()


async def test_every_page_loads_in_chromium_90(screen: Screen, old: Browser, files: BrowserFiles) -> None:
    aged = Screen(old, files, screen.router, screen.url)
    async with aged.page("zh") as page:
        for name in sorted(PAGES, key=lambda name: name not in OPEN):
            if name not in OPEN:
                await signed_in(aged, page)
            await page.goto(address(PAGES[name], "zh"))
            assert await page.evaluate("typeof htmx") == "object", name
            assert await page.evaluate("document.querySelector('h1').offsetHeight > 0"), name
            await aged.keep(page, f"{name}-zh-chromium90")
        await page.goto("/cases/c1")
        await page.evaluate("document.querySelector('article.case form').submit()")
        await becomes(page, "document.querySelector('article.case .said:not(.failed)')")
    assert [said for said in aged.complaints if "deprecated" not in said] == []
