"""What a browser loads for each page: its scripts and styles as gzip sends them, the rider's page whole."""

import httpx
from playwright.async_api import Browser, Page
from pydantic import SecretStr

from bench.console.browser import DESK, PHONE, page_of
from bench.console.made_desk import made_desk
from bench.report import Row
from shared.runtime.settings import Settings
from tests.kit.made_riders import APP_KEY, MadeRiders
from tests.kit.made_router import SESSION, MadeRouter

PAGES = {
    "queue": "/queues/quayside",
    "case": "/cases/c1",
    "enter": "/enter",
    "map": "/map/quayside",
    "wall": "/wall/quayside",
}
"""Those of them that the console has."""
RIDER = "/r"
LOADED = "performance.getEntriesByType('resource').map(one => one.name)"
REACH = {
    "queue: script": "≤ 40",
    "queue: style": "≤ 15",
    "map: more than the queue": "≤ 60",
    "rider: whole page": "≤ 40",
}


async def sizes(browser: Browser, seconds: float) -> list[Row]:
    """``seconds``: as they are."""
    rows: list[Row] = []
    found: dict[str, dict[str, float]] = {}
    async with made_desk() as desk, page_of(browser, desk.url, SESSION, size=DESK) as page:
        for name, path in PAGES.items():
            shown = await page.goto(path)
            if shown is None or shown.status != 200:
                continue
            found[name] = await _loaded(page)
            rows += [(f"{name}: {kind}", _sum(found[name], end), "kB gzip") for kind, end in KINDS.items()]
    if "map" in found:
        more = {url: size for url, size in found["map"].items() if url not in found["queue"]}
        rows.append(("map: more than the queue", sum(more.values()) / 1000, "kB gzip"))
    riders = MadeRiders(MadeRouter())
    async with (
        made_desk(riders, Settings(rider_key=SecretStr(APP_KEY))) as desk,
        page_of(browser, desk.url, size=PHONE) as page,
    ):
        await page.goto(RIDER)
        loaded = await _loaded(page)
        rows.append(("rider: whole page", (sum(loaded.values()) + await _size(desk.url + RIDER)) / 1000, "kB gzip"))
    return rows


KINDS = {"script": ".js", "style": ".css"}


def _sum(loaded: dict[str, float], ending: str) -> float:
    return sum(size for url, size in loaded.items() if url.endswith(ending)) / 1000


async def _loaded(page: Page) -> dict[str, float]:
    """Address → bytes."""
    urls: list[str] = await page.evaluate(LOADED)
    return {url: await _size(url) for url in urls if url.startswith("http") and "/live" not in url}


async def _size(url: str) -> float:
    """As it is sent to who takes gzip."""
    async with httpx.AsyncClient(headers={"accept-encoding": "gzip"}) as client, client.stream("GET", url) as answer:
        return float(sum([len(chunk) async for chunk in answer.aiter_raw()]))
