"""What open streams cost a process of the console, and how it ends with two hundred of them."""

import asyncio
import os
import signal
import time
from collections import Counter

import psutil
from playwright.async_api import Browser

from bench.console.county import County, Streams
from bench.report import Row

FEW, MANY, AT_END = 100, 2000, 200
SETTLES_SECONDS = 3.0
REACH = {
    "streams: memory each": "≤ 48",
    "SIGTERM with 200 open: gone after": "≤ 5",
    "SIGTERM with 200 open: last page back within": "≤ 5",
}


async def many_streams(_: Browser, county: County, seconds: float) -> list[Row]:
    """Ten for each of two hundred officers. ``seconds``: as they are."""
    process = psutil.Process(county.stack.pid("console"))
    streams = Streams(county.url)
    await streams.add(county.watchers[:FEW])
    await streams.end()
    await asyncio.sleep(SETTLES_SECONDS)
    before = process.memory_info().rss
    tokens = [token for token in county.watchers for _ in range(MANY // len(county.watchers))]
    await streams.add(tokens)
    await asyncio.sleep(SETTLES_SECONDS)
    each = (process.memory_info().rss - before) / MANY
    held = sum(not one.done() for one in streams.open)
    await streams.end()
    return [("streams: held", float(held), ""), ("streams: memory each", each / 1024, "KiB")]


async def stopped(_: Browser, county: County, seconds: float) -> list[Row]:
    """The supervisor starts it again. ``seconds``: as they are."""
    streams = Streams(county.url)
    await streams.add(county.watchers[:AT_END])
    pid = county.stack.pid("console")
    os.kill(pid, signal.SIGTERM)
    began = time.monotonic()
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.02)
    gone = time.monotonic() - began
    await asyncio.wait(streams.open, timeout=5)
    retries = sorted(streams.retries)
    seconds_of = Counter(one // 1000 for one in retries)
    await streams.end()
    return [
        ("SIGTERM with 200 open: gone after", gone, "s"),
        ("SIGTERM with 200 open: told when to come back", float(len(retries)), f"of {AT_END}"),
        ("SIGTERM with 200 open: last page back within", max(retries, default=0) / 1000, "s"),
        ("SIGTERM with 200 open: most within one second", max(seconds_of.values(), default=0), f"of {AT_END}"),
    ]
