"""``python -m bench.console [--only ROW]… [--seconds 60]``: the figures of the console's pages, in real browsers.

Rows whose subject is the page have services that are made up behind the console; the others have the running county.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
from playwright.async_api import Browser, Error

from bench.console import busy_page, engine, live_rows, many_streams, rider_page, silence, sizes
from bench.console.browser import chromium
from bench.console.county import County, county
from bench.report import Row, show

Measured = Callable[[Browser], Awaitable[list[Row]]]
OnPage = Callable[[Browser, float], Awaitable[list[Row]]]
OnCounty = Callable[[Browser, County, float], Awaitable[list[Row]]]
PAGES: dict[str, OnPage] = {
    "sizes": sizes.sizes,
    "slowed": busy_page.slowed,
    "hidden": busy_page.hidden,
    "silence": silence.silence,
    "tabs": silence.tabs,
    "rider": rider_page.rider_page,
}
COUNTY: dict[str, OnCounty] = {
    "full": live_rows.full_queue,
    "pixels": live_rows.pixels,
    "presses": live_rows.presses,
    "streams": many_streams.many_streams,
    "stop": many_streams.stopped,
}
ENGINE = "engine"
REACH = {
    what: reach
    for module in (sizes, busy_page, silence, rider_page, live_rows, many_streams, engine)
    for what, reach in module.REACH.items()
}


def _on_page(name: str, seconds: float) -> Measured:
    return lambda browser: PAGES[name](browser, seconds)


def _on_county(name: str, running: County, seconds: float) -> Measured:
    return lambda browser: COUNTY[name](browser, running, seconds)


async def in_browser(asked: dict[str, Measured], failed: list[str]) -> list[Row]:
    """One after the other, each in a Chromium of its own; what could not be measured is said, and the rest goes on."""
    rows: list[Row] = []
    for name, measured in asked.items():
        began = time.monotonic()
        try:
            async with chromium() as browser:
                found = await measured(browser)
        except (SystemExit, Error, OSError, httpx.HTTPError) as reason:
            failed.append(name)
            print(f"{name}: not measured: {reason}", file=sys.stderr)
            continue
        rows += found
        print(f"{name}, within {time.monotonic() - began:.0f} s: {found}", file=sys.stderr)
    return rows


def main() -> None:
    """All rows, or those that are asked for."""
    names = (*PAGES, *COUNTY, ENGINE)
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", action="append", choices=names, help="may be given several times")
    parser.add_argument("--seconds", type=float, default=60.0, help="of a run that is to last a minute")
    given = parser.parse_args()
    wanted, seconds = tuple(given.only or names), given.seconds
    rows: list[Row] = []
    failed: list[str] = []
    if pages := {name: _on_page(name, seconds) for name in PAGES if name in wanted}:
        rows += asyncio.run(in_browser(pages, failed))
    if any(name in wanted for name in COUNTY):
        with tempfile.TemporaryDirectory() as folder, county(Path(folder)) as running:
            asked = {name: _on_county(name, running, seconds) for name in COUNTY if name in wanted}
            rows += asyncio.run(in_browser(asked, failed))
    if ENGINE in wanted:
        rows += engine.engine(seconds)
    name = "console" if wanted == names else "console-part"
    show(name, f"the console's pages, runs of {seconds:.0f} s", rows, REACH)
    if failed:
        raise SystemExit(f"not measured: {', '.join(failed)}")


if __name__ == "__main__":
    main()
