"""A day at the desk of Jiaotonglu (交通路社区), in a browser on the whole stack."""

import asyncio
import re

from playwright.async_api import Browser, Page, expect

from tests.kit.photo_files import phone_photo
from tests.kit.sign_in_pages import invited
from tests.kit.stack import RunningStack

HOUSE = {"lon": 120.242364, "lat": 33.762845, "crs": "wgs84"}
"""Far from where other tests of the stack report: the same hazard would be on their case, in a queue above."""


async def signed_in(stack: RunningStack, browser: Browser, person: str) -> Page:
    """Somebody who was invited sets a password, and looks at the open cases of her unit."""
    page = await invited(stack, browser, person, "sheyang", "zh")
    await page.goto("/")
    await page.get_by_role("link", name="待办工单", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("交通路社区")
    await expect(page.locator("#freshness")).to_have_text("实时", timeout=10_000)
    return page


async def reported(stack: RunningStack, words: str) -> str:
    """A rider's phone sends it, with a photo; the id of the case."""
    rider = stack.rider("sheyang")
    photo = (await asyncio.to_thread(rider.send_photo, phone_photo())).json()["id"]
    sent = await asyncio.to_thread(rider.report, words, HOUSE, photos=[photo])
    assert sent.status_code == 202, sent.text
    found = await asyncio.to_thread(stack.case_of, sent.json()["id"], rider)
    return str(found["case"]["id"])


async def test_a_burst_pipe_is_in_the_queue_at_once_and_only_one_of_two_gets_it(
    stack: RunningStack, chromium: Browser
) -> None:
    page = await signed_in(stack, chromium, "jiaotonglu.duty1")
    first = await reported(stack, "老船厂宿舍5号楼水管爆裂，楼道进水")
    await expect(page.locator(f"#row-{first}")).to_be_visible()
    assert re.match(r"\(\d+\) 待办工单", await page.title())
    await expect(page.locator(f"#row-{first} .left")).to_contain_text("剩余")

    await page.locator(f"#row-{first}").hover()
    at = await page.locator(f"#row-{first}").bounding_box()
    second = await reported(stack, "老船厂宿舍6号楼有人闻到燃气泄漏，味道很重")
    await expect(page.locator("[data-pill]")).to_have_text("1条新工单")
    assert await page.locator(f"#row-{first}").bounding_box() == at
    assert await page.evaluate("document.documentElement.dataset.rings") == "true"
    await page.locator("[data-pill]").click()
    await expect(page.locator(f"#row-{second}")).to_be_visible()
    rows = await page.locator("#cases > li").evaluate_all("rows => rows.map((row) => row.id)")
    assert rows.index(f"row-{second}") < rows.index(f"row-{first}"), "a danger comes before what is urgent"

    colleague = await signed_in(stack, chromium, "jiaotonglu.duty2")
    for desk in (page, colleague):
        await desk.locator(f"#row-{first} input").check()
    press = [desk.get_by_role("button", name="接单").click() for desk in (page, colleague)]
    await asyncio.gather(*press)
    for desk in (page, colleague):
        await expect(desk.locator(".outcome")).to_be_visible()
    said = [await desk.locator(".outcome").inner_text() for desk in (page, colleague)]
    won, lost = (page, colleague) if "已接单1条" in said[0] else (colleague, page)
    holder = "交通路社区值班员甲" if won is page else "交通路社区值班员乙"
    await expect(lost.locator(".outcome")).to_contain_text(f"已由{holder}接单")
    await expect(lost.locator(f"#row-{first}")).to_contain_text(holder)
    await won.get_by_role("button", name="撤回").click()
    await expect(won.locator(".outcome")).to_contain_text("已撤回1条")
    await expect(lost.locator(f"#row-{first} .case-state")).not_to_contain_text("已接单")
    for desk in (page, colleague):
        await desk.context.close()
