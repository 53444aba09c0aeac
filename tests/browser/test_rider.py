"""A rider without an app: photo, place, kind, send, with one thumb; the camera ends the page, the network goes away."""

import asyncio
import io
import json
import re
import socket
from collections.abc import AsyncIterator

import httpx
import pytest
import uvicorn
from PIL import Image
from playwright.async_api import Browser, FilePayload, Page, async_playwright, expect
from pydantic import SecretStr

from shared.runtime.settings import Settings
from tests.kit.browser import BrowserFiles, old_chromium, old_environment
from tests.kit.console_door import ConsoleDoor
from tests.kit.made_riders import APP_KEY, REPORT, MadeRiders
from tests.kit.made_router import MadeRouter
from tests.kit.screen import Screen, becomes
from tests.kit.stack import ROOT
from tests.kit.waiting import until

PHONE = (360, 640)
PICTURE = ROOT / "docs" / "img" / "rider-zh.png"
WORDS = "3号楼水管破裂，楼道积水"
SMALL = """elements => elements.filter(x => x.offsetParent !== null && !x.closest("[hidden]")
  && x.getBoundingClientRect().height < 44).map(x => x.outerHTML)"""
QUESTION = {
    "text": "是几单元？",
    "at": "2026-03-04T02:00:00Z",
    "until": "2026-03-05T02:00:00Z",
    "link": "http://x/q/abc",
}
OUTCOME = {"at": "2026-03-04T02:00:00Z", "how": "repair", "words": "已换好阀门", "photos": [], "links": []}
OBJECTION = {"until": "2026-03-19T02:00:00Z", "text": "如不同意，可提出一次异议。"}


@pytest.fixture
async def riders() -> MadeRiders:
    return MadeRiders(MadeRouter())


@pytest.fixture
async def shop(chromium: Browser, files: BrowserFiles, riders: MadeRiders) -> AsyncIterator[Screen]:
    """The pages, on an address of their own."""
    listening = socket.create_server(("127.0.0.1", 0))
    door = ConsoleDoor(riders, Settings(rider_key=SecretStr(APP_KEY)))
    server = uvicorn.Server(uvicorn.Config(door.app, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    shown = Screen(chromium, files, MadeRouter(), f"http://127.0.0.1:{listening.getsockname()[1]}")
    yield shown
    server.should_exit = True
    await serving
    assert [said for said in shown.complaints if "ERR_INTERNET_DISCONNECTED" not in said] == []


def picture(width: int = 3000, height: int = 2000, colour: str = "navy") -> FilePayload:
    """A photo as a telephone takes it."""
    out = io.BytesIO()
    made = Image.effect_noise((width, height), 60).convert("RGB")
    made.paste(colour, (0, 0, width // 2, height))
    made.save(out, "JPEG", quality=92)
    return FilePayload(name="photo.jpg", mimeType="image/jpeg", buffer=out.getvalue())


async def opened(page: Page, path: str = "/r") -> None:
    await page.goto(path)
    await becomes(page, "Boolean(document.documentElement.dataset.ready)")


async def snapped(page: Page, *photos: FilePayload) -> None:
    await page.get_by_label("同意将照片用于本次上报").check()
    for n, photo in enumerate(photos):
        await page.locator("#photo").set_input_files(photo)
        await expect(page.locator("#shots li")).to_have_count(n + 1)


async def filled(page: Page) -> None:
    """From the photo to the last screen, by the buttons at the thumb."""
    await page.get_by_role("link", name="下一步：地点").click()
    await page.get_by_label("地点（文字）").fill("建华园3号楼")
    await page.get_by_role("link", name="下一步：类别").click()
    await page.get_by_label("情况说明").fill(WORDS)
    await page.get_by_text("供水管网").click()
    await page.get_by_role("link", name="下一步：提交").click()


async def kept_drafts(page: Page) -> int:
    found: int = await page.evaluate("""() => new Promise(done => {
      const asked = indexedDB.open("whistle-rider", 1);
      asked.onsuccess = () => {
        const all = asked.result.transaction("drafts").objectStore("drafts").getAll();
        all.onsuccess = () => { asked.result.close(); done(all.result.length); };
      };
    })""")
    return found


async def arrived(riders: MadeRiders) -> None:
    """A report reached the service."""

    async def came() -> bool:
        return bool(riders.reports)

    await until(came)


async def no_drafts(page: Page) -> None:
    """Nothing waits in this browser any more."""

    async def none() -> bool:
        return await kept_drafts(page) == 0

    await until(none)


async def test_photo_place_kind_send_with_one_thumb(shop: Screen, riders: MadeRiders) -> None:
    async with shop.page("zh", size=PHONE) as page:
        await opened(page)
        await snapped(page, picture())
        await filled(page)
        assert page.url.endswith("/r/send")
        await expect(page.locator("#summary")).to_contain_text("建华园3号楼")
        await page.get_by_role("button", name="提交上报").click()
        await page.wait_for_url("**/r/reports/r1?sent=1")
        await expect(page.get_by_role("heading", level=1)).to_have_text("已收到")
        (body,) = riders.reports.values()
        assert (body["category"], body["description"]) == ("water_pipe", WORDS)
        assert body["location"] == {"address": "建华园3号楼"}
        assert len(body["photos"]) == 1
        assert await kept_drafts(page) == 0


async def test_the_camera_ends_the_page_and_everything_is_still_there(shop: Screen, riders: MadeRiders) -> None:
    async with shop.page("zh", size=PHONE) as page:
        await opened(page)
        await snapped(page, picture())
        await filled(page)
        await page.get_by_role("link", name="1 照片").click()
        async with page.expect_file_chooser():
            await page.get_by_role("button", name="拍照或选照片").click()
        await page.reload()
        await page.locator("html[data-ready]").wait_for(state="attached")
        await expect(page.locator("#kept")).to_contain_text("已为您保留草稿")
        await expect(page.locator("#shots li")).to_have_count(1)
        await page.get_by_role("link", name="3 类别").click()
        await expect(page.get_by_label("情况说明")).to_have_value(WORDS)
        await expect(page.locator("#kind-water_pipe")).to_be_checked()
        await page.go_back()
        assert await page.locator("section.here h2").inner_text() == "照片"
        await page.get_by_role("link", name="4 提交").click()
        await page.get_by_role("button", name="提交上报").click()
        await page.wait_for_url("**/r/reports/r1?sent=1")
        assert len(riders.reports) == 1


async def test_a_printed_place_stands_before_that_of_a_draft_also_without_a_point(shop: Screen) -> None:
    async with shop.page("zh", size=PHONE) as page:
        await page.context.grant_permissions(["geolocation"])
        await page.context.set_geolocation({"longitude": 120.25, "latitude": 33.76, "accuracy": 12})
        await opened(page, "/r/place")
        await page.get_by_label("地点（文字）").fill("建华园3号楼")
        await page.get_by_label("同意将本机定位用于本次上报").check()
        await page.get_by_role("button", name="用我现在的位置").click()
        await expect(page.locator("#position")).to_contain_text("误差约12米")
        await opened(page, "/r/place?place=兴东驿站")
        await expect(page.locator("#kept")).to_be_visible()
        await expect(page.get_by_label("地点（文字）")).to_have_value("兴东驿站")
        assert await page.evaluate("document.getElementById('report').elements.lon.value") == ""


async def test_photos_are_made_small_before_they_are_sent(shop: Screen, riders: MadeRiders) -> None:
    async with shop.page("zh", size=PHONE) as page:
        await opened(page)
        await snapped(page, picture(7300, 5500))
        await expect(page.locator("#shots .hint")).to_have_text("已上传", timeout=20_000)
        (content,) = riders.photos.values()
        with Image.open(io.BytesIO(content)) as small:
            assert max(small.size) <= 1600
        assert len(content) <= 400 * 1024


async def test_a_file_that_the_browser_cannot_read_goes_as_it_is(shop: Screen, riders: MadeRiders) -> None:
    async with shop.page("zh", size=PHONE) as page:
        await opened(page)
        heic = b"\0\0\0\x18ftypheic" + bytes(500)
        await snapped(page, FilePayload(name="photo.heic", mimeType="image/heic", buffer=heic))
        await expect(page.locator("#shots .hint")).to_have_text("已上传")
        assert list(riders.photos.values()) == [heic]


async def test_nothing_of_a_photo_leaves_the_phone_before_it_may(shop: Screen, riders: MadeRiders) -> None:
    async with shop.page("zh", size=PHONE) as page:
        await opened(page)
        await page.locator("#photo").set_input_files(picture())
        await expect(page.locator("#shots .hint")).to_have_text("已存在本机")
        await filled(page)
        await page.get_by_role("button", name="提交上报").click()
        await expect(page.get_by_role("alert")).to_contain_text("请勾选同意使用照片")
        assert (riders.photos, riders.reports) == ({}, {})
        await page.get_by_label("同意将照片用于本次上报").check()
        await page.get_by_role("link", name="4 提交").click()
        await page.get_by_role("button", name="提交上报").click()
        await page.wait_for_url("**/r/reports/r1?sent=1")
        assert len(riders.photos) == 1


async def test_offline_it_is_kept_and_sent_exactly_once_with_both_photos(shop: Screen, riders: MadeRiders) -> None:
    async with shop.page("zh", size=PHONE) as page:
        await opened(page)
        await page.context.set_offline(True)
        await snapped(page, picture(colour="navy"), picture(colour="green"))
        await filled(page)
        await page.get_by_role("button", name="提交上报").click()
        await expect(page.locator("#outbox")).to_contain_text("1条上报已存在本机")
        assert riders.reports == {}
        await page.context.set_offline(False)
        await page.wait_for_url("**/r/reports/r1?sent=1", timeout=20_000)
        (body,) = riders.reports.values()
        assert len(set(body["photos"])) == 2
        assert await kept_drafts(page) == 0


async def test_killed_in_between_it_is_still_one_report(shop: Screen, riders: MadeRiders) -> None:
    """The service has it, the answer is lost, and the page is closed before it can ask again."""
    async with shop.page("zh", size=PHONE) as page:
        await opened(page)
        await snapped(page, picture(colour="navy"), picture(colour="green"))
        await expect(page.get_by_text("已上传")).to_have_count(2)
        await filled(page)
        riders.drop_answers = 1
        await page.get_by_role("button", name="提交上报").click()
        await expect(page.locator("#outbox")).to_be_visible()
        await arrived(riders)
        context = page.context
        await page.close()
        again = await context.new_page()
        await again.goto("/r/reports")
        await expect(again.locator("#outbox")).to_be_hidden()
        await no_drafts(again)
        (body,) = riders.reports.values()
        assert len(body["photos"]) == 2


async def test_the_page_opens_without_a_network_where_browsers_allow_it(shop: Screen, riders: MadeRiders) -> None:
    async with shop.page("zh", size=PHONE) as page:
        await opened(page)
        await page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
        await becomes(page, "caches.match('/r').then(found => Boolean(found))")
        await page.context.set_offline(True)
        await opened(page, "/r/kind")
        await page.get_by_label("情况说明").fill(WORDS)
        await expect(page.locator("section.here h2")).to_have_text("类别")
        await until(lambda: kept_drafts(page))
        await opened(page, "/r/place?place=兴东驿站&at=120.274204,33.75465")
        await expect(page.get_by_label("地点（文字）")).to_have_value("兴东驿站")
        await expect(page.locator("[name=lon]")).to_have_value("120.274204")
        await expect(page.locator("#words")).to_have_value(WORDS)
        await page.context.set_offline(False)


async def test_where_somebody_is_hurt_119_comes_first(shop: Screen, riders: MadeRiders) -> None:
    async with shop.page("zh", size=PHONE) as page:
        await opened(page)
        call = page.locator("section.here a[href='tel:119']")
        await expect(call).to_be_in_viewport()
        above = "call => call.getBoundingClientRect().top < document.getElementById('take').getBoundingClientRect().top"
        assert await call.evaluate(above)
        await page.get_by_role("link", name="3 类别").click()
        await page.get_by_text("火情").click()
        await expect(page.locator(".kind .told a[href='tel:119']")).to_be_visible()
        await page.get_by_role("link", name="下一步：提交").click()
        await expect(page.locator("#first a[href='tel:119']")).to_be_in_viewport()
        await expect(page.locator("#first")).to_contain_text("往上风方向撤离")
        await shop.keep(page, "rider-fire-zh")


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_without_script_it_is_one_form(shop: Screen, riders: MadeRiders, lang: str) -> None:
    async with shop.page(lang, script=False, size=PHONE) as page:
        await page.goto("/r?place=兴东驿站&at=120.274204,33.75465")
        await expect(page.locator("#address")).to_have_value("兴东驿站")
        await page.locator("#photo").set_input_files(picture(800, 600))
        await page.locator("#words").fill("车棚起火")
        await page.locator("label[for=kind-fire]").click()
        await expect(page.locator(".kind a[href='tel:119']")).to_be_visible()
        await page.locator("button[type=submit]").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        await expect(page.locator("#words")).to_have_value("车棚起火")
        await page.locator("#may_photo").check()
        await page.locator("#photo").set_input_files(picture(800, 600))
        await page.locator("button[type=submit]").click()
        assert "/r/reports/r1?sent=1" in page.url
        (body,) = riders.reports.values()
        assert body["location"] == {"lon": 120.274204, "lat": 33.75465, "crs": "wgs84", "address": "兴东驿站"}
        assert len(body["photos"]) == 1


async def test_the_place_is_that_of_the_phone_only_where_it_may(shop: Screen, riders: MadeRiders) -> None:
    async with shop.page("zh", size=PHONE) as page:
        await page.context.grant_permissions(["geolocation"])
        await page.context.set_geolocation({"longitude": 120.25, "latitude": 33.76, "accuracy": 12})
        await opened(page, "/r/place")
        await page.get_by_role("button", name="用我现在的位置").click()
        await expect(page.locator("#position")).to_contain_text("请先勾选")
        await page.get_by_label("同意将本机定位用于本次上报").check()
        await page.get_by_role("button", name="用我现在的位置").click()
        await expect(page.locator("#position")).to_contain_text("误差约12米（WGS-84坐标）")
        await page.context.set_geolocation({"longitude": 120.25, "latitude": 33.76, "accuracy": 350})
        await page.get_by_role("button", name="用我现在的位置").click()
        await expect(page.locator("#position")).to_contain_text("请在示意图上选位置，或用文字写明地点")
        await expect(page.locator("#sketch svg")).to_be_visible()
        await page.get_by_role("link", name="3 类别").click()
        await page.get_by_text("井盖").click()
        await page.get_by_role("link", name="下一步：提交").click()
        await page.get_by_role("button", name="提交上报").click()
        await page.wait_for_url("**/r/reports/r1?sent=1")
        (body,) = riders.reports.values()
        assert body["location"] == {"lon": 120.25, "lat": 33.76, "crs": "wgs84"}


async def test_where_the_phone_does_not_know_a_cross_hair_does_by_keyboard_alone(
    shop: Screen, riders: MadeRiders
) -> None:
    async with shop.page("zh", size=PHONE) as page:
        await opened(page, "/r/place")
        await page.get_by_label("同意将本机定位用于本次上报").check()
        await page.get_by_role("button", name="用我现在的位置").click()
        await expect(page.locator("#position")).to_contain_text("无法定位")
        await expect(page.get_by_text("十字处：花园里以北约60米")).to_be_visible()
        await expect(page.get_by_text("示意图，不作为行政区域界线依据")).to_be_visible()
        await expect(page.get_by_role("link", name="就是这里")).to_be_focused()
        await page.get_by_role("link", name="向北").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("#sketch svg")).to_have_attribute("data-at", "120.250000,33.760674")
        await expect(page.get_by_role("link", name="向北")).to_be_focused()
        await shop.keep(page, "rider-sketch-zh")
        await page.get_by_role("link", name="就是这里").press("Enter")
        await expect(page.get_by_label("地点（文字）")).to_have_value("花园里以北约60米")
        await page.get_by_role("link", name="3 类别").click()
        await page.get_by_text("井盖").click()
        await page.get_by_role("link", name="下一步：提交").click()
        await page.get_by_role("button", name="提交上报").click()
        await page.wait_for_url("**/r/reports/r1?sent=1")
        (body,) = riders.reports.values()
        where = {"lon": 120.25, "lat": 33.760674, "crs": "wgs84", "address": "花园里以北约60米"}
        assert body["location"] == where


async def test_a_tap_on_the_sketch_brings_the_place_under_the_cross_hair(shop: Screen) -> None:
    async with shop.page("zh", size=PHONE) as page:
        await opened(page, "/r/place")
        await page.get_by_role("link", name="在示意图上选位置").click()
        sketch = page.locator("#sketch svg")
        await expect(sketch).to_have_attribute("data-at", "120.250000,33.760000")
        box = await sketch.bounding_box()
        assert box is not None
        await sketch.click(position={"x": box["width"] * 0.75, "y": box["height"] / 2})
        await expect(sketch).to_have_attribute("data-at", re.compile(r"^120\.2508\d\d,33\.(7600|7599)\d\d$"))


async def test_without_a_network_words_do_instead_of_the_sketch(shop: Screen) -> None:
    async with shop.page("zh", size=PHONE) as page:
        await opened(page, "/r/place")
        await page.context.set_offline(True)
        await page.get_by_role("link", name="在示意图上选位置").click()
        await expect(page.locator("#position")).to_contain_text("请用文字写明地点")
        await expect(page.get_by_label("地点（文字）")).to_be_focused()
        await page.context.set_offline(False)


async def test_the_questions_of_a_kind_are_asked_and_a_draft_keeps_their_answers(
    shop: Screen, riders: MadeRiders
) -> None:
    async with shop.page("zh", size=PHONE) as page:
        await opened(page, "/r/place")
        await page.context.set_offline(True)
        await page.get_by_label("地点（文字）").fill("建华园3号楼")
        await page.get_by_role("link", name="下一步：类别").click()
        await expect(page.get_by_label("水有多大")).to_be_hidden()
        await page.get_by_text("供水管网").click()
        await page.get_by_label("水有多大").select_option(label="喷水")
        await page.get_by_label("影响几层").fill("2")
        await page.get_by_label("是否影响通行").select_option(label="否")
        await page.context.set_offline(False)
        await page.reload()
        await page.locator("html[data-ready]").wait_for(state="attached")
        await expect(page.get_by_label("影响几层")).to_have_value("2")
        await shop.keep(page, "rider-questions-zh")
        await page.get_by_role("link", name="下一步：提交").click()
        await page.get_by_role("button", name="提交上报").click()
        await page.wait_for_url("**/r/reports/r1?sent=1")
        (body,) = riders.reports.values()
        assert body["answers"] == {"flow": "喷水", "floors": 2, "road": False}


async def test_a_wrong_answer_is_given_back_at_its_question(shop: Screen, riders: MadeRiders) -> None:
    wrong = {"type": "urn:whistle:problem:invalid", "errors": [{"pointer": "/answers/floors", "detail": "no"}]}
    riders.refuses["POST /v1/reports"] = httpx.Response(422, json=wrong)
    async with shop.page("zh", size=PHONE) as page:
        await opened(page)
        await filled(page)
        await page.get_by_role("button", name="提交上报").click()
        await expect(page.get_by_role("alert")).to_contain_text("这一项回答不符合问题的要求")
        await expect(page.get_by_label("影响几层")).to_be_focused()


async def test_what_is_not_dealt_with_here_says_where_to_go_before_and_after_it_is_sent(
    shop: Screen, riders: MadeRiders
) -> None:
    async with shop.page("zh", size=PHONE) as page:
        await opened(page)
        await filled(page)
        await page.get_by_role("link", name="3 类别").click()
        await page.get_by_text("涉法涉诉").click()
        await expect(page.locator(".kind .told a[href='tel:12368']")).to_be_visible()
        await page.get_by_role("link", name="下一步：提交").click()
        await expect(page.locator("#first")).to_contain_text("请向人民法院反映")
        await page.get_by_role("button", name="提交上报").click()
        await page.wait_for_url("**/r/elsewhere/court")
        await expect(page.get_by_role("heading", level=1)).to_have_text("不在本平台办理")
        await shop.keep(page, "rider-elsewhere-zh")
        assert await kept_drafts(page) == 0


async def test_what_may_be_for_others_is_taken_back_if_he_agrees(shop: Screen, riders: MadeRiders) -> None:
    riders.elsewhere = "court"
    async with shop.page("zh", size=PHONE) as page:
        await opened(page)
        await filled(page)
        await page.get_by_role("button", name="提交上报").click()
        await page.wait_for_url("**/r/reports/r1?sent=1&to=court")
        await expect(page.get_by_role("link", name="仍请在这里办理")).to_be_visible()
        await page.get_by_role("button", name="撤回，我向人民法院反映").click()
        await page.wait_for_url("**/r/elsewhere/court")
        assert riders.said == [("/v1/reports/r1/withdraw", {"reason": "人民法院"})]


async def test_five_steps_a_promise_a_question_and_what_may_still_be_said(shop: Screen, riders: MadeRiders) -> None:
    riders.report = {**REPORT, "question": QUESTION}
    async with shop.page("zh", size=PHONE) as page:
        await page.context.add_cookies([{"name": "whistle-rider", "value": "whk_rider_" + "b" * 64, "url": shop.url}])
        await page.goto("/r/reports/r1")
        await expect(page.locator(".five li")).to_have_count(5)
        await expect(page.locator(".five [aria-current=step]")).to_have_text("已接单")
        await expect(page.get_by_text("今天19:15 · 剩余8小时45分")).to_be_visible()
        await expect(page.get_by_role("link", name="去回复")).to_have_attribute("href", "/q/abc")
        await page.get_by_text("补充情况").click()
        await page.locator("#add-text").fill("还有二单元")
        await page.get_by_role("button", name="补充", exact=True).click()
        await expect(page.get_by_role("alert")).to_have_text("已收到，谢谢！")
        riders.report = {**REPORT, "status": "closed", "status_text": "已办结", "outcome": OUTCOME}
        await page.goto("/r/reports/r1")
        await page.get_by_label("满意", exact=True).check()
        await page.get_by_role("button", name="评价").click()
        riders.report = {**REPORT, "status": "rejected", "status_text": "未受理", "objection": OBJECTION}
        await page.goto("/r/reports/r1")
        await page.locator("form.card #text").fill("就在本社区")
        await page.get_by_role("button", name="提出异议").click()
        await expect(page.get_by_role("alert")).to_have_text("已收到，谢谢！")
        assert riders.said == [
            ("/v1/reports/r1/additions", {"text": "还有二单元"}),
            ("/v1/reports/r1/rating", {"score": 3}),
            ("/v1/reports/r1/rating", {"score": 1, "text": "就在本社区"}),
        ]


@pytest.mark.parametrize(
    ("lang", "button", "said"), [("zh", "选择照片", "已选择1张照片"), ("en", "Choose a photo", "1 photo is chosen.")]
)
async def test_a_photo_is_added_in_the_pages_language(shop: Screen, lang: str, button: str, said: str) -> None:
    async with shop.page("en" if lang == "zh" else "zh", size=(360, 640)) as page:
        cookie = {"name": "whistle-rider", "value": "whk_rider_" + "b" * 64, "url": shop.url}
        await page.context.add_cookies([cookie])  # type: ignore[list-item]
        await page.goto(f"/r?lang={lang}")
        await page.goto("/r/reports/r1")
        await page.locator("details:has(#add-photo) > summary").click()
        field = page.locator(".files", has=page.locator("#add-photo"))
        await expect(field.locator(".button")).to_have_text(button)
        await page.locator("#add-photo").set_input_files(picture())
        await expect(field.get_by_role("status")).to_have_text(said)
        assert await shop.violations(page) == []


async def test_my_data_is_exported_and_erased(shop: Screen, riders: MadeRiders) -> None:
    async with shop.page("zh", size=PHONE) as page:
        await page.context.add_cookies([{"name": "whistle-rider", "value": "whk_rider_" + "b" * 64, "url": shop.url}])
        await page.goto("/r/data")
        async with page.expect_download() as saving:
            await page.get_by_role("link", name="下载我的数据").click()
        kept = json.loads((await (await saving.value).path()).read_text())
        assert [one["id"] for one in kept["items"]] == ["r1"]
        await page.get_by_label("我确定").check()
        await page.get_by_role("button", name="删除我的信息").click()
        await expect(page.locator("#erased")).to_be_visible()
        assert riders.said == [("/v1/my-data:erase", {})]


async def test_a_rider_comes_from_his_app_once_and_is_not_taken_for_another_later(
    shop: Screen, riders: MadeRiders
) -> None:
    from tests.kit.made_riders import LINK, RIDER

    async with shop.page("zh", size=PHONE) as page:
        await page.goto(f"/r/s/{LINK}")
        await page.wait_for_url("**/r")
        assert riders.refs == []
        await page.locator("html[data-ready]").wait_for(state="attached")
        await filled(page)
        riders.over.add(RIDER)
        await page.get_by_role("button", name="提交上报").click()
        await expect(page.locator("#outbox")).to_contain_text("请从骑手端重新打开本页")
        assert (await kept_drafts(page), riders.reports, riders.refs) == (1, {}, [])
        riders.over.clear()
        await page.goto("/r/reports")
        await expect(page.locator("#outbox")).to_be_hidden()
        await arrived(riders)
        assert len(riders.reports) == 1


HOSTILE = ("<img src=x onerror=alert(1)>", "\u202e\u2066gnp.exe", "长" * 2000)


@pytest.mark.parametrize("words", HOSTILE, ids=["markup", "marks", "long"])
async def test_hostile_words_break_no_page_and_run_nowhere(shop: Screen, riders: MadeRiders, words: str) -> None:
    riders.report = {**REPORT, "description": words, "message": words, "question": {**QUESTION, "text": words}}
    riders.reports["x"] = {}
    async with shop.page("zh", size=(320, 640)) as page:
        await page.context.add_cookies([{"name": "whistle-rider", "value": "whk_rider_" + "b" * 64, "url": shop.url}])
        for path in ("/r/reports", "/r/reports/r1"):
            await page.goto(path)
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
            assert await page.locator("img[src=x]").count() == 0
            assert await shop.refused_by_policy(page) == []


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 320, 180, 1366])
async def test_every_screen_fits_and_has_no_fault_that_axe_knows(
    shop: Screen, riders: MadeRiders, lang: str, dark: bool, width: int
) -> None:
    """180 pixels are 360 at 200 %."""
    riders.report = {**REPORT, "question": QUESTION, "emergency": "请先拨打119"}
    riders.reports["x"] = {}
    async with shop.page(lang, size=(width, 640), dark=dark) as page:
        await page.goto(f"/r?lang={lang}")
        screens = [
            "/r",
            "/r/place",
            "/r/kind",
            "/r/send",
            "/r/map?at=120.25,33.76",
            "/r/elsewhere/court",
            "/r/reports",
            "/r/reports/r1",
            "/r/data",
            "/r/s/none",
        ]
        for n, path in enumerate(screens):
            if path == "/r/reports/r1":
                cookie = {"name": "whistle-rider", "value": "whk_rider_" + "b" * 64, "url": shop.url}
                await page.context.add_cookies([cookie])  # type: ignore[list-item]
            await page.goto(path)
            if n < 4:
                await page.locator("html[data-ready]").wait_for(state="attached")
                await page.locator("#kind-water_pipe").evaluate("one => one.click()")
                if path == "/r/send":
                    await page.locator("#kind-fire").evaluate("one => one.click()")
            for menu in await page.locator("main details:not([open]) > summary").all():
                if await menu.is_visible():
                    await menu.click()
            name = f"rider{path.partition('?')[0].replace('/', '-')}-{lang}-{width}-{'dark' if dark else 'light'}"
            await shop.keep(page, name)
            assert await shop.refused_by_policy(page) == [], name
            assert await shop.violations(page) == [], name
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
            pressed = "button, input:not([type=hidden]):not([type=checkbox]):not([type=radio]), .tap, .button, .nav a"
            assert await page.eval_on_selector_all(pressed, SMALL) == [], name


async def test_by_keyboard_alone(shop: Screen, riders: MadeRiders) -> None:
    async with shop.page("zh") as page:
        await opened(page)

        async def tab_to(selector: str) -> None:
            for _ in range(40):
                await page.keyboard.press("Tab")
                if await page.evaluate("selector => document.activeElement.matches(selector)", selector):
                    return
            raise AssertionError(selector)

        await tab_to("section.here a[href='/r/place']")
        await page.keyboard.press("Enter")
        await tab_to("#address")
        await page.keyboard.type("建华园")
        await tab_to("section.here a[href='/r/kind']")
        await page.keyboard.press("Enter")
        await tab_to("input[name=category]")
        await page.keyboard.press("ArrowDown")
        await tab_to("section.here a[href='/r/send']")
        await page.keyboard.press("Enter")
        await tab_to("section.here button[type=submit]")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/r/reports/r1?sent=1")
        assert len(riders.reports) == 1


async def test_the_whole_page_is_small(shop: Screen) -> None:
    sizes: list[int] = []
    async with shop.page("zh", size=PHONE) as page:
        session = await page.context.new_cdp_session(page)
        await session.send("Network.enable")
        session.on("Network.loadingFinished", lambda told: sizes.append(int(told["encodedDataLength"])))
        await opened(page)
        await page.wait_for_load_state("networkidle")
    assert 0 < sum(sizes) <= 40_000, sizes


async def test_chromium_90_loads_it_and_sends(shop: Screen, riders: MadeRiders, files: BrowserFiles) -> None:
    program = old_chromium()
    async with async_playwright() as playwright:
        old = await playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"], env={**old_environment(files, program)}
        )
        aged = Screen(old, files, shop.router, shop.url)
        async with aged.page("zh", size=PHONE) as page:
            await opened(page)
            await page.evaluate("document.getElementById('may_photo').click()")
            await page.locator("#photo").set_input_files(picture(2000, 1500))
            await becomes(page, "document.getElementById('shots').textContent.includes('已上传')")
            await aged.keep(page, "rider-zh-chromium90")
            fill = "([id, value]) => { document.getElementById(id).value = value; }"
            await page.evaluate(fill, ["address", "建华园"])
            await page.evaluate(fill, ["words", WORDS])
            await page.evaluate("document.querySelector('button[type=submit]').click()")
            await page.wait_for_url("**/r/reports/r1?sent=1")
            await aged.keep(page, "rider-sent-zh-chromium90")
        await old.close()
    assert len(riders.reports) == 1
    assert [said for said in aged.complaints if "deprecated" not in said] == []


async def test_the_picture_of_the_riders_page_is_taken(shop: Screen, riders: MadeRiders) -> None:
    """``docs/img/rider-zh.png``: the four screens, and what comes of it."""
    shots: list[Image.Image] = []
    async with shop.page("zh", size=PHONE) as page:
        await opened(page)
        for n, path in enumerate(("/r", "/r/place", "/r/kind", "/r/send", "/r/reports/r1")):
            if path == "/r/reports/r1":
                cookie = {"name": "whistle-rider", "value": "whk_rider_" + "b" * 64, "url": shop.url}
                await page.context.add_cookies([cookie])  # type: ignore[list-item]
                await page.goto(path)
            elif n:
                await page.locator(f".progress a[href='{path}']").click()
            if path == "/r/place":
                await page.get_by_label("地点（文字）").fill("金港花园3号楼")
            if path == "/r/kind":
                await page.get_by_label("情况说明").fill(WORDS)
                await page.get_by_text("供水管网").click()
            shots.append(Image.open(io.BytesIO(await page.screenshot())).convert("RGB"))
    width, gap = PHONE[0], 16
    sheet = Image.new("RGB", (len(shots) * (width + gap) - gap, PHONE[1]), "#c9ccd1")
    for n, shot in enumerate(shots):
        sheet.paste(shot, (n * (width + gap), 0))
    sheet.quantize(64).save(PICTURE, optimize=True)
    assert PICTURE.stat().st_size < 200_000
