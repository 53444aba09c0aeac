"""Signing in by the pages, as a person does, in a browser."""

from urllib.parse import urlsplit

from playwright.async_api import Browser, Page, expect

from tests.kit.made_router import refused
from tests.kit.screen import Screen
from tests.kit.stack import RunningStack

PASSWORD = "four lanterns over the old quay"
NAMES = {
    "zh": {
        "city": "城市",
        "person": "人员编号",
        "password": "密码",
        "again": "再次输入密码",
        "sign_in": "登录",
        "organisation": "统一身份认证登录",
        "save": "保存",
        "code": "动态验证码",
        "set_up": "完成设置",
        "work": "我的待办工单",
        "sign_out": "退出登录",
    },
    "en": {
        "city": "City",
        "person": "Person",
        "password": "Password",
        "again": "Password again",
        "sign_in": "Sign in",
        "organisation": "Sign in at your organisation",
        "save": "Save",
        "code": "One-time code",
        "set_up": "Set up",
        "work": "My open work",
        "sign_out": "Sign out",
    },
}


LOCALES = {"zh": "zh-CN", "en": "en-GB"}


async def invited(stack: RunningStack, browser: Browser, person: str, city: str, lang: str) -> Page:
    """A browser of his own, in which somebody of the stack's city accepts his invitation by setting a password. What
    follows is the page that offers an authenticator."""
    asked = {"person": person, "city": city, "printed": True}
    answer = stack.ops.post_to("router", "/v1/invitations", asked)
    assert answer.status_code == 201, answer.text
    context = await browser.new_context(base_url=stack.urls["console"], locale=LOCALES[lang])
    page = await context.new_page()
    await set_password(page, lang, urlsplit(answer.json()["url"]).path)
    return page


async def set_password(page: Page, lang: str, invitation: str = "/i/abc") -> None:
    """What follows is the page that offers an authenticator."""
    names = NAMES[lang]
    await page.goto(f"{invitation}?lang={lang}")
    await page.get_by_label(names["password"], exact=True).fill(PASSWORD)
    await page.get_by_label(names["again"], exact=True).fill(PASSWORD)
    await page.get_by_role("button", name=names["save"]).click()
    await expect(page.get_by_label(names["code"])).to_be_visible()


async def wrong(screen: Screen, page: Page, lang: str) -> None:
    """The sign-in page after a wrong password."""
    screen.router.refuses["POST /v1/sessions"] = refused(401)
    await page.goto(f"/signin?lang={lang}")
    await page.get_by_label(NAMES[lang]["person"], exact=True).fill("qs-desk")
    await page.get_by_label(NAMES[lang]["password"], exact=True).fill("wrong")
    await page.get_by_role("button", name=NAMES[lang]["sign_in"]).click()
    await expect(page.get_by_role("alert")).to_be_visible()
    del screen.router.refuses["POST /v1/sessions"]
