"""Repeated work goes on after an outage, at once while there is more, and ends with anything else."""

import asyncio
from collections.abc import Callable

import pytest

from shared.runtime.periodic import every
from tests.kit.waiting import running, until


class Work:
    """Does what it is told, one by one: answers it or raises it; then it has nothing more to do."""

    def __init__(self, *does: object) -> None:
        self.does = list(does)
        self.times = 0

    async def __call__(self) -> object:
        self.times += 1
        done = self.does.pop(0) if self.does else None
        if isinstance(done, Exception):
            raise done
        return done


async def holds(what: Callable[[], bool]) -> bool:
    return what()


async def test_an_outage_is_tried_again_after_the_pause() -> None:
    work = Work(TimeoutError("away"), TimeoutError("away"))
    async with running(every(0.001, work, "test")):
        await until(lambda: holds(lambda: work.times >= 4))


async def test_while_there_is_more_there_is_no_pause() -> None:
    work = Work(True, True, False)
    async with running(every(3600, work, "test")):
        await until(lambda: holds(lambda: work.times == 3))


async def test_what_is_no_outage_ends_the_loop() -> None:
    with pytest.raises(LookupError):
        await every(0.001, Work(None, LookupError("a fault")), "test")


async def test_a_wake_ends_the_pause_and_one_during_the_work_is_not_lost() -> None:
    wake = asyncio.Event()
    times = 0

    async def work() -> None:
        nonlocal times
        times += 1
        if times == 1:
            wake.set()

    async with running(every(3600, work, "test", wake=wake)):
        await until(lambda: holds(lambda: times == 2))
        wake.set()
        await until(lambda: holds(lambda: times == 3))
