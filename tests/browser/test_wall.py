"""The wall of a unit: read from five metres, by nobody's hand, without a word of a case."""

import re

import pytest
from playwright.async_api import Browser, Page, expect

from tests.kit.browser import BrowserFiles
from tests.kit.made_router import SESSION, WALL_KEY, refused
from tests.kit.screen import Screen, becomes

WALL = "/wall/quayside"
FULL_HD = (1920, 1080)
SMALLEST = """() => Math.min(...[...document.querySelectorAll("#wall *:not(title)")]
  .filter(one => [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()))
  .map(one => parseFloat(getComputedStyle(one).fontSize) * (one.ownerSVGElement ? one.getScreenCTM().a : 1)))"""
OUTSIDE = """() => [...document.querySelectorAll("#wall li, #wall dd, #wall dt, #wall p, #wall h1, #wall h2")]
  .filter(one => one.getBoundingClientRect().bottom > innerHeight + 1).map(one => one.textContent)"""


async def opened(screen: Screen, page: Page, lang: str = "zh") -> None:
    await page.context.add_cookies([{"name": "whistle-wall", "value": WALL_KEY, "url": screen.url}])
    await page.goto(f"{WALL}?lang={lang}")


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_it_is_read_from_five_metres_and_nothing_scrolls(screen: Screen, lang: str, dark: bool) -> None:
    async with screen.page(lang, dark=dark, size=FULL_HD) as page:
        await opened(screen, page, lang)
        await expect(page.locator(".oldest li")).to_have_count(10)
        await screen.keep(page, f"wall-{lang}-{'dark' if dark else 'light'}")
        assert await page.evaluate(SMALLEST) >= 0.035 * FULL_HD[1]
        assert await page.evaluate(OUTSIDE) == []
        assert await screen.refused_by_policy(page) == []
        assert await screen.violations(page) == []


LONG = "Sheyang county department of housing and urban-rural development"
"""In pixels: half a line, as letters reach a little beyond theirs."""
CUT = """() => [...document.querySelectorAll("#wall *")].filter(one => !one.closest("svg") && one.textContent.trim()
  && ["hidden", "clip"].includes(getComputedStyle(one).overflowX) && !one.title
  && one.tagName !== "OL" && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 20))
  .map(one => one.textContent)"""
HALF_SHOWN = """() => { const list = document.querySelector(".oldest ol").getBoundingClientRect();
  return [...document.querySelectorAll(".oldest li")].map(one => one.getBoundingClientRect())
    .filter(row => row.left < list.right && (row.bottom > innerHeight + 1 || row.right > list.right + 1)).length; }"""


async def test_long_english_names_are_on_two_lines_or_have_their_whole_name_and_are_read_from_five_metres(
    screen: Screen,
) -> None:
    wall = screen.router.wall
    wall["unit_name_en"] = f"{LONG}, command centre of the grids"
    for old in wall["oldest"]:
        old |= {"category_name_en": "Water supply and sewage pipes", "place": None, "unit_name_en": LONG}
    wall["oldest"][0]["unit_name_en"], wall["oldest"][1]["unit_name_en"] = f"{LONG} {LONG}", "Works"
    async with screen.page("en", size=FULL_HD) as page:
        await opened(screen, page, "en")
        await screen.keep(page, "wall-en-long")
        assert await page.evaluate(CUT) == []
        assert await page.evaluate(HALF_SHOWN) == 0
        assert await page.evaluate(SMALLEST) >= 0.035 * FULL_HD[1]
        assert await page.evaluate(OUTSIDE) == []
        lines = page.locator(".oldest .what")
        assert await lines.nth(1).evaluate("one => one.scrollHeight < one.clientHeight + 20"), "two lines hold it"
        await expect(lines.first).to_have_attribute("title", re.compile(f"{LONG} {LONG}"))
        await expect(page.locator(".oldest li").nth(4)).to_be_in_viewport()


async def test_a_screen_gets_its_key_by_the_address_of_its_code_and_keeps_it_to_itself(screen: Screen) -> None:
    async with screen.page("zh", size=FULL_HD) as page:
        await page.goto(f"{WALL}#{WALL_KEY}")
        await expect(page.locator("#wall h1")).to_have_text("交通路社区")
        assert "whk_" not in page.url
        assert "whk_" not in await page.content()
        [kept] = [one for one in await page.context.cookies() if one["name"] == "whistle-wall"]
        assert (kept["value"], kept["httpOnly"]) == (WALL_KEY, True)


async def test_without_script_the_key_is_pasted_and_another_is_refused(screen: Screen) -> None:
    async with screen.page("zh", script=False) as page:
        await page.goto(WALL)
        await page.get_by_label("大屏密钥").fill("whk_wall_nothing")
        await page.get_by_role("button", name="显示大屏").click()
        await expect(page.get_by_role("alert")).to_have_text("不是这块大屏的密钥，或已被吊销。")
        await page.get_by_label("大屏密钥").fill(WALL_KEY)
        await page.get_by_role("button", name="显示大屏").click()
        await expect(page.locator("#wall h1")).to_have_text("交通路社区")


async def test_it_says_when_it_is_cut_off_comes_back_alone_and_goes_dark_when_revoked(screen: Screen) -> None:
    async with screen.page("zh", size=FULL_HD) as page:
        await page.clock.install()
        await opened(screen, page)
        screen.router.refuses["GET /v1/wall"] = refused(503)
        await page.clock.run_for(31_000)
        await expect(page.locator("#fresh.lost")).to_have_text(re.compile(r"已断开\d+秒"))
        del screen.router.refuses["GET /v1/wall"]
        screen.router.wall["today"]["opened"] = 77
        await page.clock.run_for(11_000)
        await expect(page.locator(".figures dd").first).to_have_text("77")
        await expect(page.locator("#fresh.lost")).to_have_count(0)
        screen.router.refuses["GET /v1/wall"] = refused(401)
        await page.clock.run_for(11_000)
        await expect(page.get_by_label("大屏密钥")).to_be_visible()


async def test_it_loads_anew_at_four_in_the_morning(screen: Screen) -> None:
    async with screen.page("zh", size=FULL_HD) as page:
        await page.clock.install()
        await opened(screen, page)
        await page.evaluate("window.loaded = 'before'")
        screen.router.wall["counts"]["now"] = "2026-03-04T20:00:01+00:00"  # 04:00:01 in Shanghai
        await page.clock.run_for(11_000)
        await becomes(page, "window.loaded === undefined")
        await expect(page.locator("#wall h1")).to_have_text("交通路社区")


async def test_who_sets_the_city_up_makes_a_screens_key_and_revokes_it(screen: Screen) -> None:
    screen.router.offices = ["setup"]
    async with screen.page("zh", size=(390, 844)) as page:
        await page.context.add_cookies([{"name": "whistle", "value": SESSION, "url": screen.url}])
        await page.goto("/walls")
        await page.get_by_label("大屏名称").fill("hall-1")
        await page.get_by_role("button", name="生成密钥").click()
        await expect(page.get_by_text(WALL_KEY)).to_be_visible()
        await expect(page.get_by_role("img", name="二维码")).to_be_visible()
        await screen.keep(page, "walls-made")
        assert await screen.violations(page) == []
        assert await screen.refused_by_policy(page) == []
        await page.get_by_role("button", name="吊销 hall-0").click()
        await expect(page.get_by_role("alert")).to_contain_text("密钥已吊销")
        assert ("revoked", {"id": "00000000000000aa"}) in screen.router.sent


async def test_the_wall_is_shown_in_chromium_90(screen: Screen, old: Browser, files: BrowserFiles) -> None:
    aged = Screen(old, files, screen.router, screen.url)
    async with aged.page("zh", size=FULL_HD) as page:
        await opened(aged, page)
        assert await page.evaluate("document.querySelectorAll('.oldest li').length") == 10
        await aged.keep(page, "wall-chromium90")
    assert aged.complaints == []
