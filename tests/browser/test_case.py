"""A case in a browser: what a duty officer does on it, on an office PC and on a phone."""

import asyncio
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Page, Route, expect

from tests.kit.live_changes import change, wake
from tests.kit.made_router import SESSION, refused
from tests.kit.screen import Screen


@pytest.fixture
async def page(screen: Screen) -> AsyncIterator[Page]:
    wake(screen.feed)
    async with screen.page("zh") as page:
        await page.context.add_cookies([{"name": "whistle", "value": SESSION, "url": screen.url}])
        await page.goto("/cases/c1?lang=zh")
        yield page


async def test_what_was_typed_stays_while_somebody_else_changes_the_case(screen: Screen, page: Page) -> None:
    """Words, ticks, the chosen file, what was opened, and where the cursor stands."""
    await page.locator("#more > summary").click()
    await page.locator("details.command", has=page.locator("input[value=call_in]")).locator("summary").click()
    await page.locator("[name=units][value=power]").check()
    words = page.locator("#call_in-reason")
    await words.fill("请关闭二号楼总闸")
    await page.locator("#note-photos").set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8"}
    )
    await words.focus()
    screen.router.version = 8
    screen.router.case["state"] = "waiting_reporter"
    screen.feed.take(change(1, 5, version=8, state="waiting_reporter"))
    await expect(page.locator("#case[data-version='8'] .standing")).to_contain_text("待补充信息")
    await expect(words).to_have_value("请关闭二号楼总闸")
    await expect(words).to_be_focused()
    await expect(page.locator("[name=units][value=power]")).to_be_checked()
    assert await page.locator("#note-photos").evaluate("one => one.files.length") == 1
    await expect(page.locator(".files:has(#note-photos) output")).to_have_text("已选择1张照片")
    assert await screen.violations(page) == []


async def test_an_older_or_another_cases_change_is_not_read(screen: Screen, page: Page) -> None:
    reads = screen.router.asked.count("GET /v1/cases/c1")
    screen.feed.take(change(1, 5, version=7, state="closed"))
    screen.feed.take(change(9, 5, version=9))
    screen.router.version = 8
    screen.feed.take(change(1, 5, version=8))
    await expect(page.locator("#case[data-version='8']")).to_be_visible()
    assert screen.router.asked.count("GET /v1/cases/c1") == reads + 1, "the newer change alone"


async def test_of_two_changes_in_a_row_the_page_shows_the_second(screen: Screen, page: Page) -> None:
    """Both are asked for before the first is answered."""
    asked, shown = asyncio.Event(), asyncio.Event()

    async def slowly(route: Route) -> None:
        answer = await route.fetch()
        first = not asked.is_set() and screen.router.version == 8
        if first:
            screen.router.version = 9
            screen.feed.take(change(1, 5, version=9))
            await asked.wait()
        else:
            asked.set()
            await shown.wait()
        await route.fulfill(response=answer)

    await page.route(lambda url: url.endswith("/cases/c1"), slowly)
    screen.router.version = 8
    screen.feed.take(change(1, 5, version=8))
    await expect(page.locator("#case[data-version='8']")).to_be_visible()
    shown.set()
    await expect(page.locator("#case[data-version='9']")).to_be_visible()


async def test_a_case_that_its_reader_may_see_no_more_goes_from_his_screen(screen: Screen, page: Page) -> None:
    screen.router.refuses["GET /v1/cases/c1"] = refused(404)
    screen.feed.take(change(1, 5, version=8, seen_by=["town"]))
    await expect(page.get_by_role("heading", name="未找到")).to_be_visible()
    await expect(page.locator("#case")).to_have_count(0)


async def test_a_claim_may_be_taken_back_for_ten_seconds(screen: Screen, page: Page) -> None:
    await page.clock.install()
    screen.router.case.update(state="queued", claimed_by=None, asks=[], commands=["claim", "acknowledge", "note"])
    await page.goto("/cases/c1")
    screen.router.case.update(state="claimed", claimed_by="qs-desk", commands=["release", "on_site", "note", "resolve"])
    screen.router.version = 8
    await page.get_by_role("button", name="接单").click()
    await expect(page.get_by_role("status").filter(has_text="已接单，工单在您名下。")).to_be_visible()
    back = page.locator("[data-undo]").get_by_role("button", name="撤回")
    await expect(back).to_be_visible()
    await page.clock.fast_forward(9_000)
    await expect(back).to_be_visible()
    await back.click()
    assert screen.router.sent == [("claim", {}), ("release", {})]
    await page.goto("/cases/c1")
    await expect(page.locator("[data-undo]")).to_have_count(0)


async def test_the_offer_to_take_it_back_goes_after_ten_seconds(screen: Screen, page: Page) -> None:
    await page.clock.install()
    screen.router.case.update(state="queued", claimed_by=None, asks=[], commands=["claim", "release"])
    await page.goto("/cases/c1")
    await page.get_by_role("button", name="接单").click()
    await expect(page.locator("[data-undo]")).to_be_visible()
    await page.clock.fast_forward(10_100)
    await expect(page.locator("[data-undo]")).to_have_count(0)


async def test_who_pressed_at_the_same_moment_reads_who_has_it(screen: Screen, page: Page) -> None:
    screen.router.case.update(state="queued", claimed_by=None, asks=[], commands=["claim", "note"])
    await page.goto("/cases/c1")
    screen.router.case.update(state="claimed", claimed_by="qs-walk", commands=["note"])
    taken = {"type": "urn:whistle:problem:not-open", "reason": "taken"}
    screen.router.refuses["POST /v1/cases/c1/claim"] = httpx.Response(409, json=taken)
    await page.get_by_role("button", name="接单").click()
    await expect(page.get_by_role("alert")).to_contain_text("已由李四接单。")
    await expect(page.get_by_role("button", name="接单")).to_have_count(0)


async def test_a_case_is_resolved_with_photos_without_script(screen: Screen) -> None:
    async with screen.page("zh", script=False, size=(360, 640)) as page:
        await page.context.add_cookies([{"name": "whistle", "value": SESSION, "url": screen.url}])
        screen.router.case.update(asks=[], claimed_by="qs-desk")
        await page.goto("/cases/c1")
        await page.locator("#resolve-text").fill("已更换阀门")
        pictures = [{"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8%d" % n} for n in (1, 2)]
        await page.locator("#resolve-photos").set_input_files(pictures)  # type: ignore[arg-type]
        await page.get_by_role("button", name="处置完成").click()
        await expect(page.locator("#said")).to_be_visible()
        name, body = screen.router.sent[0]
        assert name == "resolve"
        assert (body["how"], body["text"], body["photos"]) == ("repair", "已更换阀门", ["f9", "f9"])


async def test_a_case_prints_on_two_pages_white_and_without_buttons(screen: Screen) -> None:
    screen.router.case["photos"] = ["f1", "f2", "f3", "f4"]
    async with screen.page("zh", dark=True) as page:
        await page.context.add_cookies([{"name": "whistle", "value": SESSION, "url": screen.url}])
        await page.goto("/cases/c1")
        await page.emulate_media(media="print", color_scheme="dark")
        ground = "getComputedStyle(document.documentElement).backgroundColor"
        assert await page.evaluate(ground) == "rgb(255, 255, 255)"
        assert await page.locator("button:visible, .button:visible, summary:visible").count() == 0
        printed = await page.pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page[^s]", printed)) <= 2


async def test_she_enters_what_the_group_chat_brings_and_hangs_it_on_the_same_matter(
    screen: Screen, page: Page
) -> None:
    """Sentence three: words and picture are pasted, open cases around are offered, the answer is copied."""
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.goto("/enter")
    await page.locator("#text").fill("群里说：建华园水管又爆了")
    await page.evaluate("""() => {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([new Uint8Array([255, 216, 255])], "p.png", { type: "image/png" }));
      const pasted = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
      document.getElementById("text").dispatchEvent(pasted);
    }""")
    assert await page.locator("#photos").evaluate("one => one.files.length") == 1
    await expect(page.locator("#enter").get_by_role("status").first).to_have_text("已选择1张照片")
    await page.locator("#address").fill("建华园2号楼")
    await page.locator("#address").press("Tab")
    await expect(page.locator("#around")).to_contain_text("建华园3号楼")
    await page.locator("input[name=same_as][value=c2]").check()
    await expect(page.locator("#around")).to_contain_text("同一问题")
    await page.locator("#channel").select_option("group")
    await page.get_by_role("button", name="提交").click()
    await expect(page.locator("#reply")).to_have_text("【交通路社区】已接单，11:40前到场。")
    ((_, body),) = screen.router.sent
    assert (body["same_as"], body["channel"], body["photos"]) == ("c2", "group", ["f9"])
    await page.get_by_role("button", name="复制回复").click()
    assert await page.evaluate("navigator.clipboard.readText()") == "【交通路社区】已接单，11:40前到场。"


PICTURES = [{"name": f"{name}.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8"} for name in "ab"]
OUTLINE = "one => getComputedStyle(one).outlineStyle"


@pytest.mark.parametrize(
    ("lang", "button", "one", "both"),
    [
        ("zh", "选择照片", "已选择1张照片", "已选择2张照片"),
        ("en", "Choose photos", "1 photo is chosen.", "2 photos are chosen."),
    ],
)
async def test_photos_are_chosen_in_the_pages_language_whatever_the_browsers_is(
    screen: Screen, lang: str, button: str, one: str, both: str
) -> None:
    """The browser's own field says it in its language: Choose Files, on a Chinese page."""
    async with screen.page("en" if lang == "zh" else "zh") as page:
        await page.context.add_cookies([{"name": "whistle", "value": SESSION, "url": screen.url}])
        await page.goto(f"/enter?lang={lang}")
        field = page.locator(".files", has=page.locator("#photos"))
        await expect(field.locator(".button")).to_have_text(button)
        await expect(page.locator("#photos")).to_have_css("opacity", "0")
        async with page.expect_file_chooser() as chosen:
            await field.locator(".button").click(force=True)
        assert (await chosen.value).is_multiple()
        await page.locator("#photos").set_input_files(PICTURES[:1])  # type: ignore[arg-type]
        await expect(field.get_by_role("status")).to_have_text(one)
        await page.locator("#photos").set_input_files(PICTURES)  # type: ignore[arg-type]
        await expect(field.get_by_role("status")).to_have_text(both)
        await page.locator("#photos").set_input_files([])
        await expect(field.get_by_role("status")).to_be_empty()
        await page.locator("#text").focus()
        await page.keyboard.press("Tab")
        await expect(page.locator("#photos")).to_be_focused()
        assert await field.locator(".button").evaluate(OUTLINE) == "solid", "the focus is seen on the button"
        assert await screen.violations(page) == []


async def test_without_script_photos_are_chosen_in_the_browsers_own_field(screen: Screen) -> None:
    async with screen.page("zh", script=False) as page:
        await page.context.add_cookies([{"name": "whistle", "value": SESSION, "url": screen.url}])
        await page.goto("/enter")
        await expect(page.locator("#photos")).to_have_css("opacity", "1")
        await expect(page.locator(".files .button").first).to_be_hidden()


async def test_a_press_on_the_map_is_the_place(screen: Screen, page: Page) -> None:
    await page.goto("/enter")
    await page.locator("[data-pick] svg").click(position={"x": 120, "y": 100})
    await expect(page.locator("#lon")).not_to_have_value("")
    lon = float(await page.locator("#lon").input_value())
    assert 120.10 < lon < 120.15


async def test_the_camera_kills_the_page_and_the_words_are_still_there(screen: Screen, page: Page) -> None:
    await page.goto("/enter?as=patrol")
    await page.locator("#text").fill("楼道堆放纸箱")
    key = await page.locator("input[name=draft]").input_value()
    await page.goto("/enter?as=patrol")
    await expect(page.locator("#text")).to_have_value("楼道堆放纸箱")
    await expect(page.locator("input[name=draft]")).to_have_value(key)


async def test_what_somebody_typed_is_not_shown_to_whoever_takes_over(screen: Screen, page: Page) -> None:
    await page.goto("/enter?lang=zh")
    await page.locator("#text").fill("三楼的王家漏水")
    screen.router.answers["GET /v1/me"]["person"] = "qs-walk"
    await page.goto("/enter?lang=zh")
    await expect(page.locator("#text")).to_have_value("")
    screen.router.answers["GET /v1/me"]["person"] = "qs-desk"
    await page.goto("/enter?lang=zh")
    await expect(page.locator("#text")).to_have_value("三楼的王家漏水")


async def test_a_find_is_recorded_by_one_form_and_one_press(screen: Screen) -> None:
    async with screen.page("zh", size=(360, 640)) as page:
        await page.context.add_cookies([{"name": "whistle", "value": SESSION, "url": screen.url}])
        await page.goto("/enter?as=patrol")
        await page.get_by_label("当场已处置").check()
        await page.locator("#text").fill("楼道堆放纸箱")
        await page.locator("#address").fill("建华园2号楼")
        await page.locator("#category").select_option("street_light")
        await page.locator("#how_text").fill("已清走")
        await page.get_by_role("button", name="提交").click()
        await expect(page.locator("#stands")).to_be_visible()
        ((_, body),) = screen.router.sent
        assert (body["channel"], body["handled"]["text"]) == ("patrol", "已清走")


async def test_where_the_service_is_away_the_form_is_kept(screen: Screen, page: Page) -> None:
    screen.router.refuses["POST /v1/cases/c1/approve_pause"] = refused(503)
    await page.get_by_role("button", name="同意挂起", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("暂未记录，请再按一次。")
    await expect(page.get_by_role("button", name="同意挂起", exact=True)).to_be_visible()


async def test_what_she_ticks_while_what_is_around_is_still_asked_stays_ticked(page: Page) -> None:
    held, let_go = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        if "category=street_light" in (route.request.post_data or ""):
            held.set()
            await let_go.wait()
        await route.continue_()

    await page.goto("/enter")
    await page.locator("#address").fill("建华园2号楼")
    await page.locator("#address").press("Tab")
    await expect(page.locator("input[name=same_as][value=c2]")).to_be_visible()
    await page.route("**/enter", late)
    await page.locator("#category").select_option("street_light")
    await held.wait()
    await page.locator("input[name=same_as][value=c2]").check()
    old = await page.locator("#around").element_handle()
    assert old is not None
    let_go.set()
    await old.wait_for_element_state("hidden")
    await expect(page.locator("input[name=same_as][value=c2]")).to_be_checked()
