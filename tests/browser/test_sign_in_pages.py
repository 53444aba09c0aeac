"""Signing in as a person does: without script, by keyboard, on a telephone, in both languages, read out."""

import pytest
from playwright.async_api import expect

from tests.kit.screen import Screen
from tests.kit.sign_in_pages import NAMES, PASSWORD, set_password, wrong

both = pytest.mark.parametrize("lang", ["zh", "en"])


@both
async def test_an_invited_person_gets_in_and_out_without_any_script(screen: Screen, lang: str) -> None:
    names = NAMES[lang]
    async with screen.page(lang, script=False) as page:
        await set_password(page, lang)
        await page.get_by_label(names["code"]).fill("123456")
        await page.get_by_role("button", name=names["set_up"]).click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(names["work"])
        await expect(page.locator("[data-case]")).to_have_count(8)
        await page.locator("details.menu > summary").click()
        await page.get_by_role("button", name=names["sign_out"]).click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(names["sign_in"])


@both
async def test_a_wrong_password_is_said_where_the_reader_is(screen: Screen, lang: str) -> None:
    async with screen.page(lang) as page:
        await wrong(screen, page, lang)
        await expect(page.get_by_role("alert")).to_be_focused()
        field = page.get_by_label(NAMES[lang]["person"], exact=True)
        await expect(field).to_have_value("qs-desk")
        await expect(field).to_have_attribute("aria-invalid", "true")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(field).to_be_focused()


@both
async def test_the_pages_around_the_organisations_sign_in_have_no_fault_that_axe_knows(
    screen: Screen, lang: str
) -> None:
    screen.router.answers["GET /v1/sign-in"]["sso"] = True
    async with screen.page(lang, size=(320, 640), dark=lang == "en") as page:
        for name, path in (("signin-sso", "/signin"), ("signin-sso-out", "/signin/sso/out")):
            await page.goto(f"{path}?lang={lang}")
            assert await screen.violations(page) == [], path
            assert await page.evaluate("document.documentElement.scrollWidth") <= 320
            await screen.keep(page, f"{name}-{lang}")
        await page.route("https://idp.example/**", lambda route: route.fulfill(body="there"))
        await page.goto("/signin")
        await page.get_by_role("button", name=NAMES[lang]["organisation"]).click()
        await page.wait_for_url("https://idp.example/auth**")
        assert await screen.refused_by_policy(page) == []


async def test_the_whole_form_is_sent_by_keyboard(screen: Screen) -> None:
    async with screen.page("zh") as page:
        await page.goto("/signin")
        await page.get_by_label(NAMES["zh"]["city"]).focus()
        for typed in ("qs-desk", PASSWORD):
            await page.keyboard.press("Tab")
            await page.keyboard.type(typed)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text(NAMES["zh"]["work"])
