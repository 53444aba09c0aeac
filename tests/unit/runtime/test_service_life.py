"""A service ends when it is told to."""

import asyncio

from shared.runtime.service import cancelled


async def test_a_loop_that_swallows_its_cancellation_ends_all_the_same() -> None:
    swallowed: list[int] = []

    async def loop() -> None:
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if swallowed:
                    raise
                swallowed.append(1)

    task = asyncio.create_task(loop())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await cancelled([task])
    assert swallowed == [1]
    assert task.cancelled()


async def test_tasks_that_failed_or_ended_are_no_hindrance() -> None:
    async def fails() -> None:
        raise LookupError("it failed before")

    async def ends() -> None:
        return

    tasks = [asyncio.create_task(fails()), asyncio.create_task(ends())]
    await asyncio.wait(tasks)
    await cancelled(tasks)
    await cancelled([])
    assert isinstance(tasks[0].exception(), LookupError)
