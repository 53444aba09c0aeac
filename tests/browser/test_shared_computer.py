"""A computer at which people take turns: covered when nobody does anything, opened by PIN with what was typed."""

import pytest
from playwright.async_api import Browser, Locator, Page, Route, expect

from tests.kit.browser import BrowserFiles
from tests.kit.looks import LOOKS, SIZES, looked_at, signed_in
from tests.kit.made_router import refused
from tests.kit.screen import Screen, becomes

PIN, TYPED = "274913", "the valve in the yard is stuck"
BY_PIN = "POST /v1/sessions:pin"
UNFOLD = (
    "one => { for (let up = one.closest('details'); up; up = up.parentElement.closest('details')) up.open = true; }"
)
CHANGE = {"zh": "换人登录", "en": "Change of person"}
AWAY = {"zh": "暂时无法连接", "en": "Not reachable at the moment"}


def lock(page: Page) -> Locator:
    return page.locator("#lock")


def note(page: Page) -> Locator:
    return page.locator("#note-text")


async def at_a_case(screen: Screen, page: Page, lang: str = "zh") -> None:
    """A case with half a note in its form; the page's clock runs on as the test says."""
    await page.clock.install()
    await signed_in(screen, page)
    await page.goto(f"/cases/c1?lang={lang}")
    await type_note(page)


async def type_note(page: Page) -> None:
    await note(page).evaluate(UNFOLD)
    await note(page).fill(TYPED)


async def is_idle(page: Page) -> None:
    """Half an hour without key or pointer."""
    await page.clock.fast_forward("29:00")
    await expect(lock(page)).to_be_hidden()
    await page.clock.fast_forward("01:05")
    await expect(lock(page)).to_be_visible()


async def enter(page: Page, pin: str = PIN) -> None:
    await lock(page).locator("input[name=pin]").fill(pin)
    await lock(page).locator("button[type=submit]").click()


async def test_who_does_nothing_is_covered_and_the_pin_goes_on_with_what_was_typed(screen: Screen) -> None:
    async with screen.page("zh") as page:
        await at_a_case(screen, page)
        title, top = await page.title(), await page.evaluate("scrollY")
        await is_idle(page)
        for covered in ("header.head", "#main", "footer"):
            await expect(page.locator(covered)).to_be_hidden()
        await expect(lock(page).locator("input[name=pin]")).to_be_focused()
        assert await page.title() != title
        for _ in range(6):
            await page.keyboard.press("Tab")
            assert await page.evaluate("!document.activeElement.closest('#main, header, footer')")
        await enter(page)
        await expect(lock(page)).to_be_hidden()
        await expect(note(page)).to_have_value(TYPED)
        await expect(note(page)).to_be_focused()
        assert (await page.title(), await page.evaluate("scrollY")) == (title, top)
        await page.locator("form:has(#note-text) button[type=submit]").first.click()
        await expect(page.locator("article.case .said:not(.failed)")).to_be_visible()
        assert ("note", TYPED) in [(do, body.get("text")) for do, body in screen.router.sent]
        assert await screen.refused_by_policy(page) == []


async def test_who_types_is_not_covered_and_the_server_hears_of_it_once_a_minute(screen: Screen) -> None:
    async with screen.page("zh") as page:
        await at_a_case(screen, page)
        told = screen.router.asked.count("POST /v1/sessions:here")
        for _ in range(3):
            await page.clock.fast_forward("29:00")
            async with page.expect_response("**/signin/here"):
                await note(page).press("End")
        await note(page).press("End")
        await expect(lock(page)).to_be_hidden()
        assert screen.router.asked.count("POST /v1/sessions:here") == told + 3


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_wrong_pins_are_said_and_slowed_and_nothing_is_lost(screen: Screen, lang: str) -> None:
    async with screen.page(lang) as page:
        await at_a_case(screen, page, lang)
        await is_idle(page)
        said = lock(page).locator("[role=alert]")
        screen.router.refuses[BY_PIN] = refused(401)
        await enter(page, "111222")
        await expect(said).to_contain_text("PIN")
        await expect(lock(page).locator("input[name=pin]")).to_have_value("")
        screen.router.refuses[BY_PIN] = refused(429, **{"retry-after": "37"})
        await enter(page)
        await expect(said).to_contain_text("37")
        screen.router.refuses[BY_PIN] = refused(503)
        await enter(page)
        await expect(said).to_contain_text(AWAY[lang])
        await page.context.set_offline(True)
        await enter(page)
        await expect(said).to_contain_text(AWAY[lang])
        await page.context.set_offline(False)
        await expect(page.locator("#main")).to_be_hidden()
        del screen.router.refuses[BY_PIN]
        await enter(page)
        await expect(note(page)).to_have_value(TYPED)
    screen.complaints[:] = [one for one in screen.complaints if "ERR_INTERNET_DISCONNECTED" not in one]


async def test_two_quick_presses_open_one_session(screen: Screen) -> None:
    async with screen.page("zh") as page:
        await at_a_case(screen, page)
        await is_idle(page)
        await lock(page).locator("input[name=pin]").fill(PIN)
        await lock(page).locator("form").evaluate("form => { form.requestSubmit(); form.requestSubmit(); }")
        await expect(lock(page)).to_be_hidden()
        assert screen.router.asked.count(BY_PIN) == 1


async def test_all_pages_of_a_browser_are_opened_at_once_and_signing_in_anew_does_too(screen: Screen) -> None:
    async with screen.page("zh") as page:
        await at_a_case(screen, page)
        other = await page.context.new_page()
        await other.clock.install()
        await other.goto("/enter?lang=zh")
        for one in (page, other):
            await one.clock.fast_forward("31:00")
            await expect(lock(one)).to_be_visible()
        await enter(other)
        for one in (page, other):
            await expect(lock(one)).to_be_hidden()
        await page.clock.fast_forward("31:00")
        await expect(lock(page)).to_be_visible()
        async with page.context.expect_page() as opening:
            await lock(page).locator("a[target=_blank]").click()
        fresh = await opening.value
        await fresh.locator("#person").fill("qs-desk")
        await fresh.locator("#password").fill("four lanterns over the old quay")
        await fresh.locator("form.card button[type=submit]").click()
        await expect(lock(page)).to_be_hidden()
        await expect(note(page)).to_have_value(TYPED)


async def test_a_page_of_the_person_before_stays_covered_when_another_one_signs_in(screen: Screen) -> None:
    async with screen.page("zh") as page:
        await at_a_case(screen, page)
        await is_idle(page)
        screen.router.answers["GET /v1/me"]["person"] = "qs-walk"
        after = await page.context.new_page()
        await after.goto("/enter?lang=zh")
        await becomes(after, "typeof htmx == 'object'")
        await expect(lock(page)).to_be_visible()
        assert screen.router.asked.count(BY_PIN) == 0


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
async def test_a_change_of_person_is_one_press(screen: Screen, lang: str, script: bool) -> None:
    async with screen.page(lang, script=script) as page:
        await signed_in(screen, page)
        await page.context.add_cookies(
            [{"name": "whistle-computer", "value": "whk_computer_" + "c" * 64, "url": screen.url}]
        )
        await page.goto(f"/me?lang={lang}")
        await page.get_by_role("button", name=CHANGE[lang]).click()
        await expect(page.locator("input[name=who]")).to_have_count(2)
        assert "whistle" not in {one["name"] for one in await page.context.cookies()}
        await page.locator("label[for=who-2]").click()
        await page.locator("#pin").fill(PIN)
        await page.locator("form.card button[type=submit]").click()
        await expect(page.locator("[data-case]").first).to_be_visible()


async def test_without_script_the_page_leaves_by_itself_and_the_server_asks_for_the_pin(screen: Screen) -> None:
    async with screen.page("zh", script=False) as page:
        await signed_in(screen, page)
        await page.context.add_cookies(
            [{"name": "whistle-computer", "value": "whk_computer_" + "c" * 64, "url": screen.url}]
        )

        async def sooner(route: Route) -> None:
            answer = await route.fetch()
            text = await answer.text()
            assert 'content="1860;' in text
            await route.fulfill(response=answer, body=text.replace('content="1860;', 'content="1;'))

        await page.route("**/me", sooner)
        await page.goto("/me")
        await page.wait_for_url("**/signin/pin?idle")
        await expect(page.locator("input[name=who]")).to_have_count(2)
        screen.router.refuses["GET /v1/me"] = refused(401)
        await page.goto("/cases/c1")
        await expect(page.locator("input[name=back]")).to_have_value("/cases/c1")
        await expect(page.locator("#pin")).to_be_visible()


@pytest.mark.parametrize(("size", "lang", "dark"), LOOKS, ids=lambda one: {True: "dark", False: "light"}.get(one, one))
async def test_a_covered_page_has_no_fault_that_axe_knows_and_fits(
    screen: Screen, size: str, lang: str, dark: bool
) -> None:
    async with screen.page(lang, dark=dark, size=SIZES[size]) as page:
        await at_a_case(screen, page, lang)
        await is_idle(page)
        kind = f"{lang}-{size}-{'dark' if dark else 'light'}"
        await looked_at(screen, page, f"locked-{kind}")
        screen.router.refuses[BY_PIN] = refused(401)
        await enter(page)
        await expect(lock(page).locator("[role=alert]")).to_be_visible()
        await looked_at(screen, page, f"locked-wrong-{kind}")


async def test_it_is_covered_and_opened_in_chromium_90(screen: Screen, old: Browser, files: BrowserFiles) -> None:
    aged = Screen(old, files, screen.router, screen.url)
    screen.router.answers["POST /v1/sessions:here"] = {"locks_after": 3}
    async with aged.page("zh") as page:
        await signed_in(aged, page)
        await page.goto("/cases/c1")
        await page.evaluate("words => (document.getElementById('note-text').value = words)", TYPED)
        await becomes(page, "document.getElementById('lock').offsetHeight > 0")
        assert await page.evaluate("document.querySelector('#main').offsetHeight") == 0
        await aged.keep(page, "locked-zh-chromium90")
        screen.router.answers["POST /v1/sessions:here"] = {"locks_after": 1800}
        assert await page.evaluate("document.activeElement.name") == "pin"
        await page.keyboard.type(PIN)
        await page.keyboard.press("Enter")
        await becomes(page, "document.querySelector('#main').offsetHeight > 0")
        assert await page.evaluate("document.getElementById('note-text').value") == TYPED
    assert [said for said in aged.complaints if "deprecated" not in said] == []
