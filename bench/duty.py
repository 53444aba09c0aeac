"""An officer's day among all those cases: a queue is read, and a command shows in everybody's view."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Sequence

import httpx

from bench.pipeline import quantile
from tests.kit.stack import RunningStack, until

READS = 100
"""Of each filter."""
FILTERS = ("", "&state=claimed", "&category=k7", "&priority=danger", "&state=queued&priority=urgent")
COMMANDS_A_SECOND = 20


def queue_reads(stack: RunningStack) -> dict[str, list[float]]:
    """Filter → seconds of reading fifty rows of the whole city's queue, ascending."""
    headers = {"authorization": f"Bearer {stack.person('root-desk', 'metropolis').token}"}
    path = f"{stack.urls['router']}/v1/queues/metropolis/cases?subtree=true&limit=50"
    taken: dict[str, list[float]] = {}
    with httpx.Client(headers=headers, timeout=30) as client:
        for filtered in FILTERS:
            client.get(path + filtered).raise_for_status()
            times = []
            for _ in range(READS):
                began = time.monotonic()
                answer = client.get(path + filtered)
                times.append(time.monotonic() - began)
                assert len(answer.raise_for_status().json()["items"]) == 50
            taken[filtered] = sorted(times)
    return taken


async def commands_shown(stack: RunningStack, cases: Sequence[str]) -> list[float]:
    """Seconds from an officer's press until the city's live queue shows it, ascending; one press for each case."""
    pressed: dict[str, float] = {}
    shown: dict[str, float] = {}
    watching = asyncio.create_task(_watch(stack, shown))
    headers = {"authorization": f"Bearer {stack.person('root-desk', 'metropolis').token}"}
    async with httpx.AsyncClient(headers=headers, timeout=10) as client:
        await asyncio.sleep(1.0)
        for case in cases:
            pressed[case] = time.monotonic()
            url = f"{stack.urls['router']}/v1/cases/{case}/acknowledge"
            answer = await client.post(url, json={}, headers={"idempotency-key": uuid.uuid4().hex})
            answer.raise_for_status()
            await asyncio.sleep(max(0.0, 1 / COMMANDS_A_SECOND - (time.monotonic() - pressed[case])))
        await asyncio.to_thread(until, lambda: pressed.keys() <= shown.keys(), what="every command in the live queue")
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError, httpx.HTTPError):
        await watching
    return sorted(shown[case] - at for case, at in pressed.items())


async def _watch(stack: RunningStack, shown: dict[str, float]) -> None:
    headers = {"authorization": f"Bearer {stack.person('root-desk', 'metropolis').token}"}
    url = stack.urls["router"] + "/v1/queues/metropolis/stream?subtree=true"
    async with (
        httpx.AsyncClient(timeout=httpx.Timeout(5.0, read=60.0)) as client,
        client.stream("GET", url, headers=headers) as answer,
    ):
        async for line in answer.aiter_lines():
            if line.startswith('data: {"id":"c'):
                shown.setdefault(line[13:40], time.monotonic())


def p99(seconds: list[float]) -> float:
    """In milliseconds."""
    return quantile(seconds, 0.99) * 1000
