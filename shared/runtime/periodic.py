"""Background work that is repeated: the loop that most of a service's tasks are."""

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
    """Do ``work``, pause for ``seconds``, and again, until the task is cancelled: the service does so when it stops.

    ``work`` answers True when it left more to do: then there is no pause. ``wake`` ends a pause early. One of
    ``outages`` is logged as ``loop.retry`` with ``name``, and the work is tried again after the pause; any other
    exception ends the loop, and with it the process (``Service.background``).
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
