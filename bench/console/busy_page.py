"""A queue of a hundred rows while twenty changes a second come: looked at on a slow computer, and put away for long."""

import asyncio
import random
import statistics
import time
from datetime import timedelta
from typing import Any

from playwright.async_api import Browser, Page

from bench.console.browser import LIVE, LONG_TASKS, becomes, page_of
from bench.console.made_desk import MadeDesk, made_desk
from bench.report import Row
from services.console.live.feed import Feed
from tests.kit.live_changes import change
from tests.kit.made_router import NOW, SESSION, row

QUEUE = "/queues/quayside"
ROWS, A_SECOND = 100, 20
SLOWER, RUNS = 4, 3
HIDDEN_EVENTS, HIDDEN_A_SECOND = 12_000, 200
"""Ten minutes at twenty a second, told ten times as fast."""
POINTED, FOCUSED = 5, 8
REACH = {
    "CPU ÷ 4: longest task": "≤ 100",
    "CPU ÷ 4: time in tasks over 50 ms": "≤ 1",
    "CPU ÷ 4: row under the pointer moved": "0",
    "CPU ÷ 4: focus lost": "0",
    "hidden, shown again: right after": "≤ 1,000",
    "hidden, shown again: longest task": "≤ 200",
}
WATCH = """() => {
  const pointed = document.querySelector("#cases > li:hover"), focused = document.activeElement;
  const top = pointed.getBoundingClientRect().top;
  [window.moved, window.unfocused] = [0, 0];
  setInterval(() => {
    window.moved += Math.abs(pointed.getBoundingClientRect().top - top) > 0.5 || !pointed.matches(":hover");
    window.unfocused += document.activeElement !== focused;
  }, 200);
}"""
HIDING = """window.away = false; const frame = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (draw) => window.away ? (window.later = draw, 1) : frame(draw);
Object.defineProperty(document, "hidden", { get: () => window.away });"""
"""A headless page is always shown: this one can be put away, and gets no frames then."""
SHOW = """(expected) => new Promise(done => {
  const began = performance.now();
  window.longTasks = [];
  window.away = false;
  if (window.later) window.later();
  document.dispatchEvent(new Event("visibilitychange"));
  const look = () => {
    const rows = [...document.querySelectorAll("#cases > li")];
    const took = performance.now() - began;
    if (rows.map(one => `${one.dataset.case}:${one.dataset.version}`).join() === expected) done(took);
    else if (took > 20000) done(-1);
    else setTimeout(look, 10);
  };
  look();
})"""


class Traffic:
    """Changes of the queue: most renew a row, one of ten is a new case, one of ten has ended. The made router answers
    with the same rows."""

    def __init__(self, desk: MadeDesk, seed: int) -> None:
        self._rows, self._feed = desk.router.queue, desk.feed
        self._random = random.Random(seed)
        self._minutes: dict[str, int] = {}
        self._number = 0
        self._rows.clear()
        for _ in range(ROWS):
            self._add()
        self._order()

    @property
    def expected(self) -> str:
        return ",".join(f"{one['id']}:{one['version']}" for one in self._rows)

    def one(self) -> None:
        """The next change."""
        turn = self._number = self._number + 1
        if turn % 10 == 3:
            self._tell(self._add(), open_=True)
            self._order()
        elif turn % 10 == 7:
            gone = self._rows.pop(self._random.randrange(len(self._rows)))
            self._tell({**gone, "version": gone["version"] + 1, "state": "closed"}, open_=False)
        else:
            renewed = self._random.choice(self._rows)
            taken = renewed["state"] == "queued"
            renewed |= {"version": renewed["version"] + 1, "state": "claimed" if taken else "queued"}
            renewed["assignee"] = "qs-walk" if taken else None
            self._tell(renewed, open_=True)

    def _add(self) -> dict[str, Any]:
        self._number += 1
        minutes = self._random.randrange(10, 600)
        made = row(self._number + 100, self._random.choice(("danger", "urgent", "normal")), "queued", minutes)
        self._minutes[made["id"]] = minutes
        self._rows.append(made)
        return made

    def _order(self) -> None:
        self._rows.sort(key=lambda one: (NOW + timedelta(minutes=self._minutes[one["id"]]), one["id"]))

    def _tell(self, of: dict[str, Any], *, open_: bool) -> None:
        number, given = int(of["id"][1:]), {name: of[name] for name in ("state", "priority", "assignee")}
        told = change(number, self._minutes[of["id"]], version=of["version"], open=open_, **given)
        self._feed.take(told)


async def told(traffic: Traffic, events: int, a_second: int) -> None:
    """That many changes, evenly."""
    began = time.monotonic()
    for number in range(events):
        traffic.one()
        await asyncio.sleep(max(0.0, began + (number + 1) / a_second - time.monotonic()))


async def slowed(browser: Browser, seconds: float) -> list[Row]:
    """The median of three runs."""
    runs = [await _slowed_once(browser, seconds, seed) for seed in range(RUNS)]
    names = (
        ("CPU ÷ 4: longest task", "ms"),
        ("CPU ÷ 4: time in tasks over 50 ms", "%"),
        ("CPU ÷ 4: row under the pointer moved", "times"),
        ("CPU ÷ 4: focus lost", "times"),
    )
    return [(name, statistics.median(run[at] for run in runs), unit) for at, (name, unit) in enumerate(names)]


async def _slowed_once(browser: Browser, seconds: float, seed: int) -> tuple[float, float, float, float]:
    async with made_desk() as desk, page_of(browser, desk.url, SESSION, scripts=[LONG_TASKS]) as page:
        traffic = Traffic(desk, seed)
        await _open(page)
        await page.locator("#cases > li").nth(FOCUSED).locator("a").focus()
        await page.locator("#cases > li").nth(POINTED).hover()
        cdp = await page.context.new_cdp_session(page)
        await cdp.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        await page.evaluate(WATCH)
        await page.evaluate("window.longTasks = []")
        await told(traffic, int(seconds * A_SECOND), A_SECOND)
        seen = await page.evaluate("[window.longTasks, window.moved, window.unfocused]")
    tasks: list[float] = seen[0]
    return max(tasks, default=0.0), sum(tasks) / seconds / 10, seen[1], seen[2]


async def hidden(browser: Browser, seconds: float) -> list[Row]:
    """``seconds``: of a minute, as everywhere; fewer tell fewer events."""
    events = int(HIDDEN_EVENTS * seconds / 60)
    async with made_desk() as desk, page_of(browser, desk.url, SESSION, scripts=[LONG_TASKS, HIDING]) as page:
        traffic = Traffic(desk, RUNS)
        await _open(page)
        await page.evaluate("window.away = true")
        await told(traffic, events, HIDDEN_A_SECOND)
        await _quiet(desk.feed)
        right = await page.evaluate(SHOW, traffic.expected)
        longest = await page.evaluate("Math.max(0, ...window.longTasks)")
    return [
        ("hidden: events meanwhile", float(events), ""),
        ("hidden, shown again: right after", right, "ms; -1: never"),
        ("hidden, shown again: longest task", longest, "ms"),
    ]


async def _open(page: Page) -> None:
    await page.goto(QUEUE)
    await becomes(page, LIVE)


async def _quiet(feed: Feed) -> None:
    """Everything has been sent."""
    while any(one.waiting for one in feed.listeners):  # noqa: ASYNC110 - a stream tells nobody that it is empty
        await asyncio.sleep(0.05)
