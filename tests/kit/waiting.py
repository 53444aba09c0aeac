"""Loops that run beside a test, and waiting for what they do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from shared.runtime.service import cancelled

T = TypeVar("T")


async def until(check: Callable[[], Awaitable[T]], *, within: float = 30.0) -> T:
    """What ``check`` answers as soon as it is true. TimeoutError after ``within`` seconds."""
    async with asyncio.timeout(within):
        while not (found := await check()):  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.005)
    return found


@asynccontextmanager
async def running(*loops: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """The loops run while the block does. A loop that ends by itself fails the test."""
    tasks = [asyncio.ensure_future(loop) for loop in loops]
    try:
        yield
        for task in tasks:
            if task.done():
                task.result()
                raise AssertionError("a loop ended by itself")
    finally:
        await cancelled(tasks)
