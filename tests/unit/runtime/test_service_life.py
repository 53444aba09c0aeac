"""A service ends when it is told to."""

import asyncio
from datetime import timedelta

import httpx
from pydantic import SecretStr

from services.router import app as router
from shared.runtime.movable_clock import MovableClock
from shared.runtime.service import cancelled
from shared.runtime.settings import Settings


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


async def test_what_is_given_to_build_is_used_in_place_of_the_real_thing() -> None:
    """Clock, HTTP transport and ids: an application can be run whole without any of the real ones."""
    asked: list[str] = []

    async def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(404)

    clock = MovableClock()
    clock.move([], timedelta(days=365))
    service = router.assemble(
        Settings(secret=SecretStr("s" * 32)),
        clock=clock,
        transport=httpx.MockTransport(serve),
        ids=lambda size: "0" * 2 * size,
    )
    assert service.clock is clock
    assert service.ids(4) == "00000000"
    async with httpx.AsyncClient(transport=service.transport) as client:
        assert (await client.get("http://anywhere/x")).status_code == 404
    assert asked == ["/x"]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(service.application()), base_url="http://it") as client:
        assert (await client.get("/nowhere")).headers["traceparent"] == f"00-{'0' * 32}-{'0' * 16}-01"
    await service.mongo.close()
