"""Officers sign in at their organisation: a real provider, the whole stack, and a browser without script."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Request, expect

from tests.kit.identity_provider import SECRET, free_port, identity_provider, settings
from tests.kit.stack import HARBOUR, RunningStack, running_stack

BUTTON = "统一身份认证登录"
WORK = "我的待办工单"
LED_BACK = "/signin/sso/back"


@pytest.fixture(scope="module")
def organised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack whose people sign in at a provider that runs beside it."""
    folder, port = tmp_path_factory.mktemp("organised"), free_port()
    with (
        running_stack(folder / "data", [HARBOUR], **settings(port)) as stack,
        identity_provider(port, stack.urls["console"], folder / "provider.log"),
    ):
        yield stack


@pytest.fixture
async def desk(organised: RunningStack, chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A browser of its own, which runs no script."""
    context = await chromium.new_context(base_url=organised.urls["console"], locale="zh-CN", java_script_enabled=False)
    yield context
    await context.close()


async def leaves(page: Page, *, alone: bool = False, at: str = "/signin") -> None:
    """The officer presses the button, and is at the provider."""
    await page.goto(at)
    if alone:
        await page.get_by_label("仅本人使用此设备").check()
    await page.get_by_role("button", name=BUTTON).click()
    await page.wait_for_url("http://localhost:*/**")


async def says(page: Page, name: str) -> None:
    """He says his name there."""
    await page.locator("input[name=login]").fill(name)
    await page.locator("input[name=password]").fill("x")
    await page.get_by_role("button", name="Sign-in").click()


async def proves(page: Page, name: str) -> None:
    """He says his name there, and, the first time in this browser, that it may be told."""
    await says(page, name)
    await page.get_by_role("button", name="Continue").click()


async def arrives(page: Page, path: str = "/me") -> None:
    """He is signed in, and where he wanted to be; else what the page says is what is wrong."""
    await expect(page.locator("[role=alert], .who").first).to_be_visible()
    said = await page.get_by_role("alert").all_inner_texts()
    assert (urlsplit(page.url).path, said) == (path, [])


def came_back(page: Page) -> list[str]:
    """The addresses with which the provider leads back, as they come."""
    found: list[str] = []

    def look(request: Request) -> None:
        if urlsplit(request.url).path == LED_BACK:
            found.append(request.url)

    page.on("request", look)
    return found


async def is_in(page: Page) -> bool:
    await page.goto("/me")
    return urlsplit(page.url).path == "/me"


async def test_an_officer_signs_in_at_the_organisation_sees_the_queue_and_signs_out_of_both(
    desk: BrowserContext,
) -> None:
    page = await desk.new_page()
    await leaves(page, at="/signin?back=/queues/quayside")
    await proves(page, "qs-desk")
    await arrives(page, "/queues/quayside")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Quayside")
    await page.goto("/me/sessions")
    await expect(page.locator("[data-session]")).to_contain_text(["用统一身份认证"])
    kept = {one.get("name", ""): one for one in await desk.cookies(urlsplit(page.url)._replace(path="/").geturl())}
    assert kept["whistle"].get("httpOnly") and kept["whistle"].get("sameSite") == "Lax"
    assert not [name for name in kept if name.startswith("whistle-sso-")], "the attempt's own is gone"
    await page.locator("details.menu > summary").click()
    await page.get_by_role("button", name="退出登录").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("已退出本系统")
    await page.get_by_role("link", name="退出统一身份认证").click()
    await page.wait_for_url("http://localhost:*/session/end**")
    assert not await is_in(page)


async def test_an_address_that_led_back_once_opens_nothing_again_here_or_elsewhere(
    organised: RunningStack, desk: BrowserContext, chromium: Browser
) -> None:
    page = await desk.new_page()
    led = came_back(page)
    await leaves(page)
    await proves(page, "mf-desk")
    await arrives(page)
    (address,) = led
    await page.goto(address)
    await expect(page.get_by_role("alert")).to_contain_text("本次登录已失效")
    elsewhere = await (await chromium.new_context(locale="zh-CN", base_url=organised.urls["console"])).new_page()
    await elsewhere.goto(address)
    await expect(elsewhere.get_by_role("alert")).to_contain_text("本次登录已失效")
    assert not await is_in(elsewhere)
    assert await is_in(page), "his session stands"
    await elsewhere.context.close()


async def test_whoever_is_nobody_here_is_told_whom_to_ask(desk: BrowserContext) -> None:
    page = await desk.new_page()
    await leaves(page)
    await proves(page, "zhang.wei")
    said = page.get_by_role("alert")
    await expect(said).to_contain_text("zhang.wei")
    await expect(said).to_contain_text("人员名单中没有此人")
    assert not await is_in(page)


async def test_who_does_not_want_to_is_not_signed_in(desk: BrowserContext) -> None:
    page = await desk.new_page()
    await leaves(page)
    await page.get_by_role("link", name="Cancel").click()
    await expect(page.get_by_role("alert")).to_contain_text("未能确认您的身份")
    assert not await is_in(page)


async def test_two_tabs_do_not_spoil_each_other(desk: BrowserContext) -> None:
    first, second = await desk.new_page(), await desk.new_page()
    await leaves(first)
    await leaves(second)
    await proves(first, "qs-walk")
    await arrives(first)
    await says(second, "qs-walk")
    await arrives(second)


async def test_at_a_shared_computer_the_organisation_asks_again_and_at_ones_own_it_does_not(
    desk: BrowserContext,
) -> None:
    page = await desk.new_page()
    await leaves(page)
    await proves(page, "qs-desk")
    await arrives(page)
    await leaves(page)
    await expect(page.locator("input[name=login]")).to_be_visible()
    await page.goto("/signin")
    await page.get_by_label("仅本人使用此设备").check()
    await page.get_by_role("button", name=BUTTON).click()
    await arrives(page)
    await expect(page.get_by_role("heading", level=1)).to_have_text(WORK)


async def test_no_services_log_names_who_signed_in_or_holds_what_he_came_back_with(
    organised: RunningStack, desk: BrowserContext
) -> None:
    page = await desk.new_page()
    led = came_back(page)
    await leaves(page)
    await proves(page, "hw-desk")
    await arrives(page)
    code = parse_qs(urlsplit(led[0]).query)["code"][0]
    for service in ("router", "console"):
        said = await asyncio.to_thread((organised.data / "logs" / f"{service}.log").read_text)
        assert said and not [one for one in ("hw-desk", code, SECRET) if one in said], service
