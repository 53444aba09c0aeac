"""Friday at the duty desk of the quayside, in a browser on the whole stack."""

import asyncio
import re
import uuid
from datetime import timedelta

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.kit.places import HARBOUR_ZONE
from tests.kit.sign_in_pages import invited
from tests.kit.stack import RunningStack, until

pytestmark = pytest.mark.timeout(300)
BUILDING_SITE = {"address": "Fish Quay"}


async def signed_in(stack: RunningStack, browser: Browser, person: str) -> Page:
    return await invited(stack, browser, person, "harbour", "en")


async def test_she_looks_who_is_on_swaps_tuesday_sees_the_gap_that_it_makes_and_fills_it(
    stack: RunningStack, chromium: Browser
) -> None:
    page = await signed_in(stack, chromium, "qs-desk")
    await page.goto("/")
    await page.get_by_role("link", name="Duty", exact=True).click()
    on_now = page.get_by_role("table")
    await expect(on_now).to_contain_text("Quayside walker one")
    await expect(on_now).to_contain_text("Town desk one")

    today = stack.now(HARBOUR_ZONE).date()
    tuesday = today + timedelta(days=21 + (1 - today.weekday()) % 7)
    week = f"/duty?from={tuesday}"
    await page.goto(week)
    day = page.locator("li.day").first
    await expect(day.locator(".turn", has_text="08:00–18:00")).to_contain_text("Quayside desk one")
    await page.get_by_label("Who is away").select_option("qs-night")
    await page.get_by_label("From", exact=True).fill(f"{tuesday}T12:00")
    await page.get_by_label("Until", exact=True).fill(f"{tuesday}T18:00")
    await page.get_by_role("button", name="Enter the leave").click()
    await expect(page.locator("#said")).to_contain_text("The leave is entered.")

    await page.goto(week)
    await day.locator(".turn", has_text="08:00–18:00").get_by_role("link").click()
    await expect(page.get_by_label("Which day it begins")).to_have_value(str(tuesday))
    await expect(page.get_by_label("Whose turn")).to_have_value("qs-desk")
    await page.get_by_label("Who takes it").select_option("qs-night")
    await page.get_by_role("button", name="Swap", exact=True).click()
    await expect(page.locator("#said")).to_contain_text("Nobody is on post A")

    await page.goto(week)
    gap = day.locator(".turn.vacant", has_text="12:00–18:00")
    await expect(gap).to_contain_text("Nobody is on duty")
    await gap.get_by_role("link", name=re.compile("Fill the gap")).click()
    await expect(page.get_by_label("Whose turn")).to_have_value("qs-night")
    await page.get_by_label("Who takes it").select_option("qs-walk")
    await page.get_by_role("button", name="Swap", exact=True).click()
    await expect(page.locator("#said")).to_have_text("The turn is swapped.")
    await page.goto(week)
    await expect(gap).to_have_count(0)
    await expect(day.locator(".turn", has_text="08:00–18:00")).to_contain_text("Quayside walker one")
    await page.context.close()


async def test_she_subscribes_to_her_calendar_and_sends_herself_a_test_alert(
    stack: RunningStack, chromium: Browser
) -> None:
    page = await signed_in(stack, chromium, "qs-desk")
    await page.goto("/duty")
    await page.get_by_role("button", name="Subscribe to my calendar").click()
    address = await page.get_by_role("link", name="Open in the calendar").get_attribute("href")
    assert address is not None
    assert address.startswith("webcal://")
    feed = await asyncio.to_thread(httpx.get, address.replace("webcal://", "http://"))
    assert "BEGIN:VEVENT" in feed.text
    await page.get_by_role("button", name="Send me a test alert").click()
    await expect(page.locator("#tested")).to_contain_text("Last test alert: today")
    await expect(page.locator("#tested dl")).to_contain_text("inbox delivered", use_inner_text=True)
    await page.get_by_role("button", name="End the address").click()
    await expect(page.locator("#said")).to_contain_text("has ended")
    ended = await asyncio.to_thread(httpx.get, address.replace("webcal://", "http://"))
    assert ended.status_code == 404
    await page.context.close()


async def test_she_mutes_a_building_site_and_danger_rings_all_the_same(stack: RunningStack, chromium: Browser) -> None:
    page = await signed_in(stack, chromium, "qs-desk")
    await page.goto("/duty")
    await page.get_by_label("Place to mute").fill("somewhere")
    await page.get_by_label("Why it is muted").fill("the new pier is built")
    await page.get_by_role("button", name="Mute the place").click()
    await expect(page.locator("#said")).to_contain_text("no single place")
    await page.get_by_label("Place to mute").fill(BUILDING_SITE["address"])
    await page.get_by_role("button", name="Mute the place").click()
    await expect(page.locator("#said")).to_contain_text("Danger rings all the same")
    muted = page.locator("li", has_text="Fish Quay and 200 m around")
    await expect(muted).to_contain_text("the new pier is built")

    bench = await asyncio.to_thread(silenced, stack, "a bench has lost its planks")
    fire = await asyncio.to_thread(silenced, stack, "burst pipe, the street is a flood")
    assert (bench, fire) == (True, False)
    await muted.get_by_role("button").click()
    await expect(page.locator("#said")).to_contain_text("ring again")
    await expect(muted).to_have_count(0)
    assert not await asyncio.to_thread(silenced, stack, "the railing is broken off")
    await page.context.close()


def silenced(stack: RunningStack, words: str) -> bool:
    """Whether the walker's alert about a new report there was muted."""
    rider, walker = stack.rider(), stack.person("qs-walk")
    report = rider.report(f"{words} {uuid.uuid4().hex}", BUILDING_SITE).json()["id"]
    case = stack.case_of(report, rider)["case"]["id"]

    def told() -> list[dict[str, object]]:
        items: list[dict[str, object]] = walker.get("notifier", "/v1/alerts", case=case).json()["items"]
        return items

    return "silenced" in until(told, what="the walker's alert")[0]
