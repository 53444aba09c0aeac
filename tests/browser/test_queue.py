"""The queue as a duty officer has it before her: filters, many at once, keys, and everything that comes by itself."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from tests.kit.live_changes import change, wake
from tests.kit.made_router import NOW, SESSION, refused, row
from tests.kit.screen import Screen
from tests.kit.waiting import until

QUEUE = "/queues/quayside"
TAKEN = {"type": "urn:whistle:problem:not-open", "reason": "taken"}


async def opened(screen: Screen, page: Page, path: str = QUEUE) -> None:
    await page.context.add_cookies([{"name": "whistle", "value": SESSION, "url": screen.url}])
    await page.goto(path)


async def live(screen: Screen, page: Page) -> None:
    """The page hears changes."""
    wake(screen.feed)
    await opened(screen, page)
    await expect(page.locator("#freshness")).to_have_text("实时")


async def rows_are(page: Page, expected: str) -> None:
    rows, ids = page.locator("#cases > li"), expected.split(",")
    await expect(rows).to_have_count(len(ids))
    for at, id_ in enumerate(ids):
        await expect(rows.nth(at)).to_have_id(f"row-{id_}")


async def test_without_script_cases_are_filtered_and_claimed_and_each_that_failed_says_why(screen: Screen) -> None:
    screen.router.refused_in_bulk["c3"] = TAKEN
    async with screen.page("zh", script=False) as page:
        await opened(screen, page)
        await page.get_by_role("link", name="待签收 1").click()
        assert page.url.endswith("?state=queued")
        for case in ("c2", "c3"):
            await page.locator(f"#row-{case} input").check()
        await page.get_by_role("button", name="接单").click()
        said = page.locator(".outcome")
        await expect(said).to_contain_text("已接单1条；未成功1条")
        await expect(said).to_contain_text("已由李四接单。")
        await expect(page.locator("#row-c3 input")).to_be_checked()
        await expect(page.locator("#row-c2 input")).not_to_be_checked()
        assert page.url.endswith("?state=queued")
        await page.get_by_role("button", name="撤回").click()
        await expect(said).to_contain_text("已撤回1条")


async def test_a_new_case_comes_by_itself_the_title_counts_and_it_is_read_out(screen: Screen) -> None:
    async with screen.page("zh") as page:
        await live(screen, page)
        screen.feed.take(change(9, 5, priority="danger"))
        await rows_are(page, "c2,c9,c1,c3")
        assert await page.title() == "(1) 待办工单 · 交通路社区 · Whistle"
        assert await page.evaluate("document.documentElement.dataset.rings") == "true"
        await expect(page.locator("#read-out")).to_have_text("新工单：危急 供水管网 · 建华园2号楼")
        screen.feed.take(change(9, 5, version=2, priority="danger", state="claimed", assignee="qs-walk"))
        await expect(page.locator("#row-c9")).to_contain_text("李四")
        screen.feed.take(change(9, 5, version=1, priority="danger"))
        screen.feed.take(change(2, None, version=4, open=False, state="closed"))
        await rows_are(page, "c9,c1,c3")
        await expect(page.locator("#row-c9")).to_contain_text("李四")  # the older version came later, and lost


async def test_nothing_moves_under_the_pointer_or_the_row_that_has_the_focus(screen: Screen) -> None:
    async with screen.page("zh") as page:
        await live(screen, page)
        await page.locator("#row-c1").hover()
        at = await page.locator("#row-c1").bounding_box()
        screen.feed.take(change(8, 3))
        screen.feed.take(change(9, 4))
        await expect(page.locator("[data-pill]")).to_have_text("2条新工单")
        screen.feed.take(change(7, 600))
        await rows_are(page, "c2,c1,c7,c3")
        assert await page.locator("#row-c1").bounding_box() == at
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        await page.mouse.move(0, 0)
        assert await page.locator("#row-c1").bounding_box() == at, "the focus holds it"
        await page.locator("[data-pill]").click()
        await rows_are(page, "c2,c8,c9,c1,c7,c3")


async def test_keys_move_tick_and_open_but_never_in_a_field(screen: Screen) -> None:
    async with screen.page("zh") as page:
        await opened(screen, page)
        for key in ("j", "j", "x", "k"):
            await page.keyboard.press(key)
        await expect(page.locator("#row-c1 input")).to_be_checked()
        await expect(page.locator("[data-ticked]")).to_have_text("已选1条")
        await expect(page.locator("#row-c2 a")).to_be_focused()
        await page.locator("#filter-sheet summary").click()
        await page.locator("#q").fill("")
        await page.keyboard.type("jxk")
        await expect(page.locator("#q")).to_have_value("jxk")
        await page.locator("#row-c1 a").focus()
        composed = "{key: 'j', isComposing: true, bubbles: true}"
        await page.evaluate(f"document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {composed}))")
        await expect(page.locator("#row-c1 a")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile("/cases/c1$"))


async def test_back_from_a_case_the_filter_the_place_and_the_row_are_as_before(screen: Screen) -> None:
    screen.router.queue += [row(number, "normal", "queued", 60 + number) for number in range(10, 60)]
    async with screen.page("zh") as page:
        await opened(screen, page, f"{QUEUE}?state=queued")
        await page.locator("#row-c40 a").focus()
        before = await page.evaluate("scrollY")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/cases/c40")
        await page.go_back()
        await expect(page.locator("#row-c40 a")).to_be_focused()
        assert page.url.endswith("?state=queued")
        assert abs(await page.evaluate("scrollY") - before) < 80


async def test_a_stream_that_is_refused_first_comes_without_a_press(screen: Screen) -> None:
    async with screen.page("zh") as page:
        async with page.expect_response(lambda answer: "/live" in answer.url and answer.status == 503):
            await opened(screen, page)
        await expect(page.locator("#freshness")).to_be_hidden()
        wake(screen.feed)
        await expect(page.locator("#freshness")).to_have_text("实时")


async def test_ten_tabs_have_one_stream_and_each_hears_it_also_when_the_first_is_closed(screen: Screen) -> None:
    async with screen.page("zh") as page:
        await live(screen, page)
        tabs = [await page.context.new_page() for _ in range(9)]
        for tab in tabs:
            await tab.goto(QUEUE)
            await expect(tab.locator("[data-case]")).to_have_count(3)
        assert len(screen.feed.listeners) == 1
        screen.feed.take(change(9, 5))
        for tab in (tabs[0], tabs[-1], page):
            await tab.bring_to_front()
            await rows_are(tab, "c2,c9,c1,c3")
        (first,) = screen.feed.listeners

        async def taken_over() -> bool:
            return bool(screen.feed.listeners - {first}) and first not in screen.feed.listeners

        await page.close()
        await tabs[0].bring_to_front()
        await until(taken_over)
        screen.feed.take(change(8, 6))
        await rows_are(tabs[0], "c2,c9,c8,c1,c3")
        assert len(screen.feed.listeners) == 1


async def test_a_silent_stream_is_said_and_the_page_is_read_again_after_a_reset(screen: Screen) -> None:
    async with screen.page("zh") as page:
        await page.clock.install()
        await live(screen, page)
        screen.router.refuses["GET /v1/me"] = refused(503)
        await page.clock.run_for(35_000)
        await expect(page.locator("#freshness")).to_contain_text("已断开")
        del screen.router.refuses["GET /v1/me"]
        screen.router.queue.insert(0, row(5, "urgent", "queued", -50))
        screen.feed.lose()
        await page.clock.run_for(10_000)
        await rows_are(page, "c5,c2,c1,c3")


async def test_a_danger_that_came_unheard_rings_once_the_page_is_read_and_rings_no_more_once_it_was_taken(
    screen: Screen,
) -> None:
    async with screen.page("zh") as page:
        await page.clock.install()
        await live(screen, page)
        screen.router.queue.insert(0, row(9, "danger", "queued", -50))
        screen.feed.lose()
        await page.clock.run_for(10_000)
        await rows_are(page, "c9,c2,c1,c3")
        assert await page.evaluate("document.documentElement.dataset.rings") == "true"
        screen.router.queue[0] = {**row(9, "danger", "claimed", -50, "qs-walk"), "version": 4}
        screen.feed.lose()
        await page.clock.run_for(10_000)
        await expect(page.locator("#row-c9")).to_contain_text("李四")
        await page.clock.run_for(31_000)
        assert await page.evaluate("document.documentElement.dataset.rings") == "false"


HIDING = """window.away = false; const frame = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (draw) => window.away ? (window.later = draw, 1) : frame(draw);
Object.defineProperty(document, "hidden", { get: () => window.away });"""
"""A headless page is always shown: this one can be put away, and gets no frames then."""


async def test_what_comes_while_the_page_is_hidden_is_dropped_and_the_page_read_once(screen: Screen) -> None:
    async with screen.page("zh") as page:
        await page.add_init_script(HIDING)
        await live(screen, page)
        await page.evaluate("window.away = true")
        screen.router.queue.insert(0, row(5, "urgent", "queued", -50))
        for number in range(300):
            screen.feed.take(change(2, -40, version=10 + number, summary=f"第{number}次"))
        screen.feed.take(change(9, 5))
        await expect(page).to_have_title(re.compile(r"^\(1\) "))
        reads = screen.router.asked.count("GET /v1/queues/quayside/cases")
        back = "document.dispatchEvent(new Event('visibilitychange'))"
        await page.evaluate(f"window.away = false; window.later(); {back}")
        await expect(page.locator("#row-c5")).to_be_visible()
        assert screen.router.asked.count("GET /v1/queues/quayside/cases") == reads + 1
        screen.feed.take(change(2, -40, version=400, summary="最后一次"))
        await expect(page.locator("#row-c2")).to_contain_text("最后一次")


async def test_who_may_not_look_any_more_is_led_to_the_sign_in_page(screen: Screen) -> None:
    async with screen.page("zh") as page:
        await live(screen, page)
        screen.router.refuses["GET /v1/me"] = refused(401)
        for one in screen.feed.listeners:
            one.end(b"event: ended\ndata: {}\n\n")
        await expect(page).to_have_url(re.compile("/signin"))


async def test_a_full_page_has_few_elements(screen: Screen) -> None:
    screen.router.queue += [row(number, "normal", "queued", 60 + number) for number in range(10, 107)]
    async with screen.page("zh") as page:
        await opened(screen, page)
        await expect(page.locator("[data-case]")).to_have_count(100)
        assert await page.evaluate("document.querySelectorAll('*').length") < 2_500


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_computer_whose_clock_is_an_hour_wrong_shows_the_same_words(screen: Screen, hours: int) -> None:
    said = []
    for wrong in (0, hours):
        async with screen.page("zh") as page:
            await page.clock.install(time=NOW + timedelta(hours=wrong))
            await live(screen, page)
            await page.clock.run_for(20_000)
            screen.feed.take(change(9, 5, version=5 + abs(wrong) + hours))
            await expect(page.locator("#row-c9 .left")).to_contain_text("剩余")
            said.append(await page.locator(".left").all_inner_texts())
    assert said[0] == said[1]
    assert said[0][0] == "已超时40分钟"
