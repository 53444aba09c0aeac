"""Signing in as a person does: without script, by keyboard, on a telephone, in both languages, read out."""

import pytest
from playwright.async_api import Page, expect

from tests.kit.made_router import SESSION, refused
from tests.kit.screen import Screen

PASSWORD = "four lanterns over the old quay"
NAMES = {
    "zh": {
        "person": "人员编号",
        "password": "密码",
        "again": "再次输入密码",
        "sign_in": "登录",
        "save": "保存",
        "work": "我的待办工单",
        "sign_out": "退出登录",
    },
    "en": {
        "person": "Person",
        "password": "Password",
        "again": "Password again",
        "sign_in": "Sign in",
        "save": "Save",
        "work": "My open work",
        "sign_out": "Sign out",
    },
}
both = pytest.mark.parametrize("lang", ["zh", "en"])


async def signed_in(screen: Screen, page: Page) -> None:
    await page.context.add_cookies([{"name": "whistle", "value": SESSION, "url": screen.url}])


async def wrong(screen: Screen, page: Page, lang: str) -> None:
    """The sign-in page after a wrong password."""
    screen.router.refuses["POST /v1/sessions"] = refused(401)
    await page.goto(f"/signin?lang={lang}")
    await page.get_by_label(NAMES[lang]["person"], exact=True).fill("qs-desk")
    await page.get_by_label(NAMES[lang]["password"], exact=True).fill("wrong")
    await page.get_by_role("button", name=NAMES[lang]["sign_in"]).click()
    await expect(page.get_by_role("alert")).to_be_visible()
    del screen.router.refuses["POST /v1/sessions"]


@both
async def test_an_invited_person_gets_in_and_out_without_any_script(screen: Screen, lang: str) -> None:
    names = NAMES[lang]
    async with screen.page(lang, script=False) as page:
        await page.goto("/i/abc")
        await page.get_by_label(names["password"], exact=True).fill(PASSWORD)
        await page.get_by_label(names["again"], exact=True).fill(PASSWORD)
        await page.get_by_role("button", name=names["save"]).click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(names["work"])
        await expect(page.locator("[data-case]")).to_have_count(3)
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


async def test_the_whole_form_is_sent_by_keyboard(screen: Screen) -> None:
    async with screen.page("zh") as page:
        await page.goto("/signin")
        for typed in ("", "qs-desk", PASSWORD):
            await page.keyboard.press("Tab")
            await page.keyboard.type(typed)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text(NAMES["zh"]["work"])


@both
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
async def test_pages_have_no_fault_that_axe_knows_and_fit_a_telephone(
    screen: Screen, lang: str, dark: bool, width: int
) -> None:
    async with screen.page(lang, dark=dark, width=width) as page:
        for name, path in {"signin": "/signin", "invitation": "/i/abc", "work": "/me"}.items():
            if name == "work":
                await signed_in(screen, page)
            await page.goto(f"{path}?lang={lang}")
            await looked_at(screen, page, f"{name}-{lang}-{width}-{'dark' if dark else 'light'}")
        await wrong(screen, page, lang)
        await looked_at(screen, page, f"wrong-{lang}-{width}-{'dark' if dark else 'light'}")


async def looked_at(screen: Screen, page: Page, name: str) -> None:
    await screen.keep(page, name)
    assert await screen.violations(page) == [], name
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    small = "e => e.filter(x => x.getBoundingClientRect().height < 44).map(x => x.outerHTML)"
    assert await page.eval_on_selector_all("button, input", small) == [], name
