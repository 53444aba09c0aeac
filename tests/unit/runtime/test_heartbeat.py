"""The heartbeat beats while the service is well, on a clock that costs no time, and goes where callbacks may go."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from shared.runtime.health.heartbeat import Heartbeat
from shared.runtime.http_client.ssrf_guard import Guard
from tests.simulation.loop import VirtualLoop

PUBLIC = "https://watcher.example/ping/{service}"


async def public(_: str, __: int) -> list[str]:
    return ["93.184.215.14"]


class Watcher:
    """Who listens; ``status`` is what it answers."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self.status = 200

    def client(self) -> httpx.AsyncClient:
        def answer(request: httpx.Request) -> httpx.Response:
            self.heard.append((request.method, f"{request.headers['host']}{request.url.path}"))
            return httpx.Response(self.status)

        return httpx.AsyncClient(transport=httpx.MockTransport(answer))


def heartbeat(watcher: Watcher, unwell: dict[str, str], address: str = PUBLIC, allow: str = "") -> Heartbeat:
    return Heartbeat(address, "router", lambda: unwell, Guard(allow, public), watcher.client())


def passing(seconds: float, *loops: Callable[[], Any]) -> None:
    """Virtual time passes while the loops run."""
    virtual = VirtualLoop(random.Random(0), 0.0)

    async def run() -> None:
        tasks = [asyncio.ensure_future(loop()) for loop in loops]
        await asyncio.sleep(seconds)
        for task in tasks:
            task.cancel()

    try:
        virtual.run_until_complete(run())
    finally:
        virtual.close()


def test_a_service_that_is_well_beats_every_minute_at_its_own_address() -> None:
    watcher = Watcher()
    passing(601, heartbeat(watcher, {}).run)
    assert watcher.heard == [("POST", "watcher.example/ping/router")] * 11


def test_a_service_that_is_not_well_is_missed_and_beats_again_soon_after() -> None:
    watcher, unwell = Watcher(), {}

    async def ails() -> None:
        await asyncio.sleep(90)
        unwell["relay"] = "events cannot be published"
        await asyncio.sleep(300)
        assert len(watcher.heard) == 2
        unwell.clear()
        await asyncio.sleep(15)
        assert len(watcher.heard) == 3

    passing(420, heartbeat(watcher, unwell).run, ails)
    assert len(watcher.heard) == 3


def test_a_watcher_that_does_not_take_it_is_tried_again() -> None:
    watcher = Watcher()
    watcher.status = 503
    passing(35, heartbeat(watcher, {}).run)
    assert len(watcher.heard) == 4


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:9/{service}", "https://10.0.0.1/", "file:///etc/passwd", "https://watcher.example:8443/"],
)
async def test_a_heartbeat_goes_only_where_callbacks_may_go(address: str) -> None:
    watcher = Watcher()
    assert await heartbeat(watcher, {}, address).beat() == "failed"
    assert not watcher.heard
    if "127" in address:
        assert await heartbeat(watcher, {}, address, allow="127.0.0.0/8").beat() == "sent"
        assert watcher.heard == [("POST", "127.0.0.1:9/router")]
