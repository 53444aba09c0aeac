"""A network that goes away without a word and comes back, and ten tabs of one browser."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from playwright.async_api import Browser, Page

from bench.console.browser import LIVE, becomes, page_of
from bench.console.busy_page import QUEUE, Traffic, told
from bench.console.made_desk import MadeDesk, made_desk
from bench.report import Row
from tests.kit.made_router import SESSION

TABS = 10
MEANWHILE = 40
"""Changes while nothing passes."""
LOST = "Boolean(document.querySelector('#freshness.lost'))"
REACH = {
    "silent stream: said after": "≤ 35",
    "network back: live after": "≤ 3",
    "network back: rows lost": "0",
    "network back: rows doubled": "0",
    "network back after `reset`: live after": "≤ 3",
    "network back after `reset`: rows lost": "0",
    "network back after `reset`: rows doubled": "0",
    "ten tabs: all usable after": "≤ 2",
    "ten tabs: streams": "1",
}


@dataclass
class Relay:
    """Between a browser and the console. While it is ``dark``, what is sent is lost and nobody is told; a connection
    that has lost something stays silent for ever, as behind a router that forgot it."""

    port: int
    dark: bool = False
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def passed(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far, near = await asyncio.open_connection("127.0.0.1", self.port)
        for source, sink in ((reader, near), (far, writer)):
            task = asyncio.create_task(self._pump(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        lost = False
        with contextlib.suppress(OSError):
            while data := await source.read(65_536):
                lost = lost or self.dark
                if not lost:
                    sink.write(data)
                    await sink.drain()
        if not (lost or self.dark):
            sink.close()


@contextlib.asynccontextmanager
async def relay_to(desk: MadeDesk) -> AsyncIterator[tuple[Relay, str]]:
    relay = Relay(desk.port)
    server = await asyncio.start_server(relay.passed, "127.0.0.1", 0)
    yield relay, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


async def silence(browser: Browser, seconds: float) -> list[Row]:
    """Once as it is, once with changes that the console cannot tell any more; both at once, for they mostly wait.
    ``seconds``: as they are."""
    plain, reset = await asyncio.gather(_silent_once(browser, resets=False), _silent_once(browser, resets=True))
    rows: list[Row] = [("silent stream: said after", plain[0], "s")]
    for name, (_, live, lost, doubled) in (("network back", plain), ("network back after `reset`", reset)):
        rows += [(f"{name}: live after", live, "s"), (f"{name}: rows lost", lost, "")]
        rows.append((f"{name}: rows doubled", doubled, ""))
    return rows


async def _silent_once(browser: Browser, *, resets: bool) -> tuple[float, float, float, float]:
    """Seconds until it is said, seconds until the page is live again, rows lost and doubled."""
    async with made_desk() as desk, relay_to(desk) as (relay, url), page_of(browser, url, SESSION) as page:
        traffic = Traffic(desk, 1)
        await page.goto(QUEUE)
        await becomes(page, LIVE)
        relay.dark, began = True, time.monotonic()
        await told(traffic, MEANWHILE, MEANWHILE)
        await becomes(page, LOST, within=90)
        said = time.monotonic() - began
        if resets:
            desk.feed.lose()
        relay.dark = False
        live = await becomes(page, LIVE, within=90)
        return said, live, *await _compared(page, traffic)


async def _compared(page: Page, traffic: Traffic) -> tuple[float, float]:
    """How many rows are missing or old, and how many are there twice, at most five seconds after."""
    wanted = set(traffic.expected.split(","))
    ends = time.monotonic() + 5.0
    while True:
        shown: list[str] = await page.eval_on_selector_all(
            "#cases > li", "rows => rows.map(one => `${one.dataset.case}:${one.dataset.version}`)"
        )
        if set(shown) == wanted or time.monotonic() > ends:
            return float(len(wanted - set(shown))), float(len(shown) - len(set(shown)))
        await asyncio.sleep(0.05)


async def tabs(browser: Browser, seconds: float) -> list[Row]:
    """Opened at once in one browser that is not new to the page. ``seconds``: as they are."""
    async with made_desk() as desk, page_of(browser, desk.url, SESSION) as first:
        Traffic(desk, 1)
        await first.goto(QUEUE)
        await becomes(first, LIVE)
        opened = [first, *[await first.context.new_page() for _ in range(TABS - 1)]]
        began = time.monotonic()
        await asyncio.gather(*(one.goto(QUEUE) for one in opened))
        took = time.monotonic() - began
        for one in opened:
            await becomes(one, LIVE)
        streams = len(desk.feed.listeners)
    return [("ten tabs: all usable after", took, "s"), ("ten tabs: streams", float(streams), "")]
