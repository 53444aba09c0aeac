"""On the running county: the queue's page with five thousand open cases, events until they are drawn, and presses."""

import asyncio
import statistics
import time
from itertools import count
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer
from playwright.async_api import Browser, Page

from bench.console.browser import LIVE, USABLE, becomes, page_of
from bench.console.county import CITY, ROOT, County, Streams, number_of
from bench.pipeline import quantile
from bench.report import Row

QUEUE = f"/queues/{ROOT}?below=1"
READS, LOADS, PRESSES = 30, 5, 30
A_SECOND, STREAMS = 20, 199
AT_ONCE = 8
REACH = {
    "5,000 open: server p95": "≤ 200",
    "5,000 open: usable": "≤ 1,500",
    "5,000 open: nodes": "≤ 5,000",
    "event in Kafka → pixel: p95": "≤ 400",
    "event in Kafka → pixel: p99": "≤ 1,000",
    "press → something visible: p95": "≤ 100",
    "press → confirmed: p95": "≤ 500",
}
DRAWN = """window.drawn = [];
document.addEventListener("DOMContentLoaded", () => {
  const cases = document.getElementById("cases");
  if (!cases) return;
  const seen = new Map();
  new MutationObserver(() => requestAnimationFrame(() => {
    const at = performance.timeOrigin + performance.now();
    for (const row of cases.children) {
      const { case: id, version } = row.dataset;
      if (seen.get(id) !== version) (seen.set(id, version), window.drawn.push([id, Number(version), at]));
    }
  })).observe(cases, { childList: true, subtree: true, attributeFilter: ["data-version"] });
});"""
"""Notes in the frame after each change which case stands there in which version, by the computer's clock."""
PRESSED = """window.pressed = {};
document.addEventListener("click", (event) => {
  if (!event.target.closest("button[name=do]")) return;
  const at = performance.now(), next = (name) => requestAnimationFrame(() => {
    window.pressed[name] = window.pressed[name] || performance.now() - at;
  });
  new MutationObserver(() => {
    next("visible");
    if (document.querySelector("[data-outcome]")) next("confirmed");
  }).observe(document.body, { childList: true, subtree: true, attributes: true });
}, true);"""


async def full_queue(browser: Browser, county: County, seconds: float) -> list[Row]:
    """``seconds``: as they are."""
    token = county.watchers[0]
    took: list[float] = []
    async with httpx.AsyncClient(base_url=county.url, cookies={"whistle": token}, timeout=30) as client:
        for _ in range(READS):
            began = time.monotonic()
            (await client.get(QUEUE)).raise_for_status()
            took.append(time.monotonic() - began)
    usable: list[float] = []
    async with page_of(browser, county.url, token) as page:
        for _ in range(LOADS):
            await page.goto(QUEUE)
            usable.append(await page.evaluate(USABLE))
        nodes: float = await page.evaluate("document.querySelectorAll('*').length")
    return [
        ("5,000 open: server p95", quantile(sorted(took), 0.95) * 1000, "ms"),
        ("5,000 open: usable", statistics.median(usable), "ms"),
        ("5,000 open: nodes", float(nodes), ""),
    ]


async def pixels(browser: Browser, county: County, seconds: float) -> list[Row]:
    """Cases of the page are claimed and given back while 199 others hear of each."""
    streams = Streams(county.url)
    await streams.add(county.watchers[1 : STREAMS + 1])
    async with page_of(browser, county.url, county.watchers[0], scripts=[DRAWN]) as page:
        await page.goto(QUEUE)
        await becomes(page, LIVE)
        cases: list[str] = await page.eval_on_selector_all("#cases > li", "rows => rows.map(one => one.dataset.case)")
        kafka = _Kafka(county)
        await kafka.start()
        refused = await _commands(county, cases, seconds)
        await asyncio.sleep(2.0)
        sent = await kafka.stop()
        drawn: list[tuple[str, int, float]] = await page.evaluate("window.drawn")
    heard = streams.events
    await streams.end()
    late = [found - at for (case, version), at in sent.items() if (found := _drawn(drawn, case, version))]
    late.sort()
    return [
        ("event in Kafka → pixel: events", float(len(sent)), f"in {seconds:.0f} s, beside {STREAMS} streams"),
        ("event in Kafka → pixel: drawn", len(late) / max(1, len(sent)), "of them"),
        ("event in Kafka → pixel: heard by the others", heard / max(1, len(sent) * STREAMS), "of them"),
        ("event in Kafka → pixel: refused commands", float(refused), ""),
        ("event in Kafka → pixel: p50", quantile(late, 0.5), "ms"),
        ("event in Kafka → pixel: p95", quantile(late, 0.95), "ms"),
        ("event in Kafka → pixel: p99", quantile(late, 0.99), "ms"),
    ]


def _drawn(drawn: list[tuple[str, int, float]], case: str, version: int) -> float | None:
    """When the case was drawn first as it was then, or as it was later."""
    return next((at for id_, shown, at in drawn if id_ == case and shown >= version), None)


async def _commands(county: County, cases: list[str], seconds: float) -> int:
    """Claims and releases by each case's own desk, evenly; how many were refused."""
    numbers, turns, turn = number_of(cases), count(), asyncio.Semaphore(AT_ONCE)
    desks = {one["id"]: one["token"] for one in county.stack.city(ROOT)["people"]}
    refused = 0

    async def press(case: str, name: str, key: str) -> None:
        nonlocal refused
        token = desks[f"desk{numbers[case] % CITY.communities}"]
        headers = {"authorization": f"Bearer {token}", "idempotency-key": key}
        async with turn:
            body = {"reason": "measured"} if name == "release" else {}
            answer = await client.post(f"/v1/cases/{case}/{name}", json=body, headers=headers)
        refused += answer.status_code != 200

    async with httpx.AsyncClient(base_url=county.stack.urls["router"], timeout=30) as client:
        began, going = time.monotonic(), []
        while time.monotonic() - began < seconds:
            number = next(turns)
            name = "claim" if number // len(cases) % 2 == 0 else "release"
            going.append(asyncio.create_task(press(cases[number % len(cases)], name, f"pixel-{began}-{number}")))
            await asyncio.sleep(max(0.0, began + (number + 1) / A_SECOND - time.monotonic()))
        await asyncio.gather(*going)
    return refused


class _Kafka:
    """Reads the topics of cases: when each change was put there."""

    def __init__(self, county: County) -> None:
        self._consumer = AIOKafkaConsumer(bootstrap_servers=county.stack.dev["kafka"], enable_auto_commit=False)
        self._sent: dict[tuple[str, int], float] = {}
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._consumer.start()
        self._consumer.subscribe(pattern=r"^whistle\.cases.*")
        await self._consumer.getmany(timeout_ms=2000)  # the topics are found, and read from here on
        self._reading = asyncio.create_task(self._read())

    async def stop(self) -> dict[tuple[str, int], float]:
        """Case and version → milliseconds since 1970, of the first event that told of it."""
        if self._reading is not None:
            self._reading.cancel()
        await self._consumer.stop()
        return self._sent

    async def _read(self) -> None:
        async for record in self._consumer:
            told: dict[str, Any] = {name: value.decode() for name, value in record.headers}
            self._sent.setdefault((told["ce_subject"], int(told["ce_sequence"])), float(record.timestamp))


async def presses(browser: Browser, county: County, seconds: float) -> list[Row]:
    """A row is ticked and claimed, thirty times, each on a page read anew. ``seconds``: as they are."""
    found: list[dict[str, float]] = []
    async with page_of(browser, county.url, county.session("desk7"), scripts=[PRESSED]) as page:
        for _ in range(PRESSES):
            found.append(await _pressed(page))
    rows: list[Row] = []
    for name, words in (("visible", "something visible"), ("confirmed", "confirmed")):
        values = sorted(one[name] for one in found)
        rows += [
            (f"press → {words}: p50", quantile(values, 0.5), "ms"),
            (f"press → {words}: p95", quantile(values, 0.95), "ms"),
        ]
    return rows


async def _pressed(page: Page) -> dict[str, float]:
    await page.goto("/queues/c7?state=queued")
    await becomes(page, LIVE)
    await page.locator("#cases > li input").first.check()
    await page.locator("button[name=do][value=claim]").click()
    await becomes(page, "Boolean(window.pressed.confirmed)")
    found: dict[str, float] = await page.evaluate("window.pressed")
    return found
