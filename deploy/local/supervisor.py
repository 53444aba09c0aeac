"""Runs the whole stack: Kafka, and MongoDB then the services, side by side; then the cities. Stops in reverse."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from deploy.local.cities import JsonObject, held, load_cities, open_router
from deploy.local.forked import fork_server
from deploy.local.keeper import Elsewhere, Keeper, Kept, Say
from deploy.local.parts import Stack, service_part
from deploy.local.ports import refuse_taken_ports
from deploy.local.servers.kafka import kafka_problem
from deploy.local.servers.mongo import primary_problem
from deploy.local.servers.servers import kafka_server, mongo_server
from deploy.local.state import Board, hold, read_secret
from shared.runtime.kafka.security import client_security
from shared.runtime.settings import Settings


@dataclass(frozen=True)
class Up:
    """The stack is ready: what the router told of each city, `{"city", "version"}`."""

    stack: Stack
    cities: Sequence[JsonObject]


async def run(stack: Stack, cities: Sequence[Path], say: Say, on_ready: Callable[[Up], None]) -> None:
    """Run the stack until SIGINT or SIGTERM; raises what kept it from starting.

    The first signal stops everything in order; each further one ends at once what is being waited for.
    """
    whole = asyncio.create_task(_run(stack, cities, say, on_ready))
    loop, numbers = asyncio.get_running_loop(), (signal.SIGINT, signal.SIGTERM)
    stopping = False

    def stop() -> None:
        nonlocal stopping
        stopping = True
        whole.cancel()

    for number in numbers:
        loop.add_signal_handler(number, stop)
    try:
        await whole
    except asyncio.CancelledError:
        if not stopping:
            raise
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


async def _run(stack: Stack, cities: Sequence[Path], say: Say, on_ready: Callable[[Up], None]) -> None:
    """Everything from the lock to the last readiness, then for ever; cancelling it stops the stack in reverse."""
    with hold(stack.data):
        secret, board = read_secret(stack.data, stack.secret), Board(stack.data)
        async with (
            httpx.AsyncClient(timeout=3.0, trust_env=False) as client,
            fork_server(stack.log_file("services")) as forks,
        ):
            kafka, mongo = _servers(stack, board, say)
            services = [
                # A service needs its store to start; Kafka it can wait for, and its start hides behind Kafka's.
                Keeper(service_part(stack, service, secret, client, forks), board, say, after=mongo.up)
                for service in stack.services
            ]
            keepers = [kept for kept in (kafka, mongo, *services) if isinstance(kept, Keeper)]
            refuse_taken_ports(keeper.part for keeper in keepers)
            async with _kept([kafka, mongo], services):
                router = await open_router(client, stack.urls["router"], secret)
                loaded = await load_cities(router, cities, stack)
                await _side_by_side([service.ready() for service in services])
                await held(client, stack, loaded)
                on_ready(Up(stack, loaded))
                # Nothing that is done for the next start may end this one.
                await asyncio.gather(*(keeper.part.afterwards() for keeper in keepers), return_exceptions=True)
                await asyncio.Event().wait()


def _servers(stack: Stack, board: Board, say: Say) -> tuple[Kept, Kept]:
    """Kafka and MongoDB: those that run elsewhere are looked at, the others started."""

    async def ask_kafka() -> str | None:
        return await kafka_problem(stack.kafka_address.partition(",")[0], security=client_security(Settings()))

    async def ask_mongo() -> str | None:
        return await primary_problem(stack.mongo_address)

    kafka: Kept = (
        Elsewhere("kafka", stack.kafka, ask_kafka, board, say)
        if stack.kafka
        else Keeper(kafka_server(stack.data, stack.port_base), board, say)
    )
    mongo: Kept = (
        Elsewhere("mongo", stack.mongo_shown, ask_mongo, board, say)
        if stack.mongo
        else Keeper(mongo_server(stack.data, stack.port_base), board, say)
    )
    return kafka, mongo


@asynccontextmanager
async def _kept(*groups: Sequence[Kept]) -> AsyncIterator[None]:
    """Open all parts side by side and keep them; at the end close them, the last group first."""
    parts = [part for group in groups for part in group]
    tasks: list[asyncio.Task[None]] = []
    # An exit stack, because a second signal may cut one group's closing short, but not the next one's.
    async with AsyncExitStack() as at_end:
        for group in groups:
            at_end.push_async_callback(_close, group)
        at_end.push_async_callback(_end, tasks)
        await _side_by_side([part.open() for part in parts])
        tasks += [asyncio.create_task(part.keep()) for part in parts]
        yield


async def _close(group: Sequence[Kept]) -> None:
    await asyncio.gather(*(part.close() for part in group))


async def _side_by_side(works: Sequence[Coroutine[None, None, None]]) -> None:
    """Await all; the first failure cancels the rest and is raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        await _end(tasks)


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait for them; again after a second, because a client may swallow a cancellation."""
    while running := [task for task in tasks if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=1.0)
