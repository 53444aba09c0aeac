"""The duty page without script and by keyboard alone."""

from playwright.async_api import expect

from tests.kit.made_router import SESSION
from tests.kit.screen import Screen


async def test_a_gap_is_filled_by_keyboard_alone_and_without_script(screen: Screen) -> None:
    async with screen.page("zh", script=False) as page:
        await page.context.add_cookies([{"name": "whistle", "value": SESSION, "url": screen.url}])
        await page.goto("/duty")
        await page.get_by_role("link", name="补岗").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("哪天的班（开始日期）")).to_have_value("2026-03-06")
        await page.get_by_label("谁来顶班").focus()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowDown")
        await page.get_by_role("button", name="换班", exact=True).focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("#said")).to_contain_text("A岗无人值班")
    ((kind, body),) = screen.router.sent
    assert (kind, body["from"], body["to"], body["on"]) == ("swaps", "qs-desk", "qs-night", "2026-03-06")
