"""The map of a queue: the same cases as in the list beside it, whatever happens to either."""

import http.server
import io
import json
import re
import threading
from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, Page, expect

from tests.kit.browser import BrowserFiles
from tests.kit.live_changes import change, wake
from tests.kit.made_pictures import street
from tests.kit.made_router import POINTS, SESSION
from tests.kit.screen import Screen, becomes

MAP = "/queues/quayside/map"
SHOWN = "#map[data-shown]"
AT_C1 = "within=120.1215,33.7810,120.1235,33.7820,wgs84"
"""A box around two cases of one place."""
HOSTILE = "</script><img src=x onerror=alert(1)>\u202e" + "长" * 180


async def opened(screen: Screen, page: Page, path: str = MAP) -> None:
    await page.context.add_cookies([{"name": "whistle", "value": SESSION, "url": screen.url}])
    await page.goto(path)


async def pressed(page: Page, x: float = 0.5, y: float = 0.5) -> None:
    box = await page.locator("#map").bounding_box()
    assert box is not None
    await page.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)


async def test_list_and_map_are_the_same_set(screen: Screen) -> None:
    async with screen.page("zh") as page:
        await opened(screen, page)
        await expect(page.locator(SHOWN)).to_be_visible()
        rows = await page.locator("#map-list [data-case]").evaluate_all("all => all.map(one => one.dataset.case)")
        pins = json.loads(await page.locator("#map-pins").inner_text())
        assert sorted(rows) == sorted(pin["id"] for pin in pins) == ["c1", "c2", "c3"]
        await expect(page.get_by_role("link", name="无坐标：1件")).to_have_attribute(
            "href", "/queues/quayside?nowhere=1"
        )
        asked = [one for one in screen.router.asked if "/queues/quayside/" in one]
        assert {"GET /v1/queues/quayside/points", "GET /v1/queues/quayside/cases"} <= set(asked)


async def test_what_lies_on_one_place_opens_as_a_list_and_danger_stands_alone(screen: Screen) -> None:
    async with screen.page("zh") as page:
        await opened(screen, page, f"{MAP}?{AT_C1}")
        await expect(page.locator(SHOWN)).to_have_attribute("data-stacks", "3")  # c1 is a danger: no stack holds it
        await pressed(page)
        listed = page.get_by_role("dialog")
        await expect(listed.get_by_role("heading")).to_have_text("此处工单：2件")
        await expect(listed.get_by_role("link", name="危急 供水管网")).to_have_attribute("href", "/cases/c1")
        await expect(listed.get_by_role("link", name="紧急 供水管网")).to_have_attribute("href", "/cases/c2")
        assert await screen.violations(page) == []
        await screen.keep(page, "map-stack")
        await listed.get_by_role("button", name="关闭").click()
        await pressed(page, 0.1, 0.1)
        await expect(listed.get_by_role("heading")).to_have_text("此处没有工单")
        await listed.get_by_role("link", name="在此代录").click()
        await page.wait_for_url(re.compile(r"/enter\?at=120\.12\d+%2C33\.78\d+$"))
        assert (await page.locator("#lon").input_value()).startswith("120.12")


async def test_the_list_goes_as_far_as_the_map_shows(screen: Screen) -> None:
    async with screen.page("zh") as page:
        await opened(screen, page)
        await page.get_by_role("link", name="按地图范围").click()
        await expect(page).to_have_url(re.compile(r"within=[\d.%C]+wgs84"))
        await expect(page.locator(SHOWN)).to_be_visible()
        await page.get_by_role("link", name="不限地图范围").click()
        await expect(page).to_have_url(re.compile(r"/map\?$"))


async def test_what_changes_is_shown_and_the_map_stays_where_it_is(screen: Screen) -> None:
    wake(screen.feed)
    async with screen.page("zh") as page:
        await opened(screen, page, f"{MAP}?{AT_C1}")
        await expect(page.locator("#freshness")).to_have_text("实时")
        extent = page.locator("[data-extent]")
        at_first = await extent.get_attribute("href") or ""
        await page.get_by_role("button", name="缩小").click()
        await expect(extent).not_to_have_attribute("href", at_first)
        before = await extent.get_attribute("href")
        await page.locator('[data-case="c3"] a').focus()
        screen.router.points.pop(1)
        screen.router.queue.pop(0)
        screen.feed.take(change(2, None, version=4, open=False, state="closed"))
        await expect(page.locator("#map-list [data-case]")).to_have_count(2, timeout=20_000)
        await expect(page.locator(SHOWN)).to_have_attribute("data-stacks", "2")
        assert await extent.get_attribute("href") == before
        assert await page.evaluate("document.activeElement.closest('[data-case]').dataset.case") == "c3"


async def test_without_script_the_server_draws_it_and_the_list_has_all(screen: Screen) -> None:
    async with screen.page("zh", script=False) as page:
        await opened(screen, page)
        await expect(page.locator("svg.drawn-map g.pin")).to_have_count(len(POINTS))
        await expect(page.locator("#map-list [data-case]")).to_have_count(len(POINTS))
        await expect(page.get_by_text("示意图，不作为行政区域界线依据")).to_be_visible()
        await screen.keep(page, "map-without-script")


async def test_hostile_names_run_nowhere_and_break_nothing(screen: Screen) -> None:
    screen.router.ground["places"][0]["name"] = HOSTILE
    screen.router.ground["features"][1]["properties"]["name"] = HOSTILE
    async with screen.page("zh", size=(360, 640)) as page:
        page.on("dialog", lambda dialog: pytest.fail("it ran"))
        await opened(screen, page)
        await expect(page.locator(SHOWN)).to_be_visible()
        await expect(page.locator(".leaflet-tooltip").filter(has_text="</script>").first).to_be_attached()
        assert await page.locator("img").count() == 0
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert await screen.refused_by_policy(page) == []


@pytest.fixture
def tiles() -> Iterator[str]:
    """A server of tiles on this machine."""
    drawn = io.BytesIO()
    street(1).resize((256, 256)).save(drawn, "PNG")
    picture = drawn.getvalue()

    class Tiles(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "image/png")
            self.end_headers()
            self.wfile.write(picture)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Tiles)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/{{z}}/{{x}}/{{y}}.png"
    server.shutdown()


async def test_a_base_map_of_another_server_is_shown_under_a_policy_that_names_it(screen: Screen, tiles: str) -> None:
    screen.router.ground["basemap"] = {
        "url": tiles, "crs": "gcj02", "attribution": "某某地图", "licence": "GS(2026)1234号", "max_zoom": 16
    }  # fmt: skip
    screen.router.ground["crs"] = "gcj02"
    async with screen.page("zh") as page:
        await opened(screen, page)
        await expect(page.locator("img.leaflet-tile-loaded").first).to_be_visible(timeout=20_000)
        await expect(page.get_by_text("某某地图 · 审图号 GS(2026)1234号")).to_be_visible()
        assert await screen.refused_by_policy(page) == []
        assert (await page.locator("[data-extent]").get_attribute("href") or "").endswith("gcj02")
        await screen.keep(page, "map-with-tiles")


async def test_the_map_is_drawn_in_chromium_90(screen: Screen, old: Browser, files: BrowserFiles) -> None:
    aged = Screen(old, files, screen.router, screen.url)
    async with aged.page("zh") as page:
        await opened(aged, page, f"{MAP}?{AT_C1}")
        await becomes(page, "document.querySelector('#map').dataset.stacks === '3'")
        box = await page.evaluate("document.querySelector('#map').getBoundingClientRect().toJSON()")
        await page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        await becomes(page, "Boolean(document.querySelector('dialog[open] a[href=\"/cases/c1\"]'))")
    assert [said for said in aged.complaints if "deprecated" not in said] == []
