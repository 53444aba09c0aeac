"""The loop of a service's periodic background work."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import NoReturn

import structlog

from shared.runtime.storage.mongo import MongoError

log = structlog.get_logger()

STORE_ERRORS: tuple[type[Exception], ...] = (MongoError, TimeoutError)


async def every(
    seconds: float,
    work: Callable[[], Awaitable[object]],
    name: str,
    *,
    wake: asyncio.Event | None = None,
    outages: tuple[type[Exception], ...] = STORE_ERRORS,
) -> NoReturn:
    """Call ``work`` and pause for ``seconds``, again and again, until the task is cancelled (when the service stops).

    When ``work`` returns True, more is to be done and there is no pause. ``wake`` ends a pause early. ``outages`` are
    logged as ``loop.retry`` with ``name``, and the work is tried again after the pause. Any other exception ends the
    loop, and with it the process (``Service.background``).
    """
    while True:
        if wake is not None:
            wake.clear()
        more = False
        try:
            more = await work() is True
        except outages as error:
            log.warning("loop.retry", loop=name, error=str(error), kind=type(error).__name__)
        if more:
            continue
        if wake is None:
            await asyncio.sleep(seconds)
            continue
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await wake.wait()
