"""The network between everybody and the servers: each server is reached through a link that a test can trouble.

Why not toxiproxy: it would have to be had first (it is a Go program), and it does not know who calls. Members of a
replica set and brokers reach each other under the same addresses as their clients do, so that a link must tell them
apart to part a primary from its secondaries and leave it its clients.
"""

import asyncio
import random
import threading
from collections.abc import Callable, Collection, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import psutil

PIECE = 64 * 1024
AGAIN_SECONDS = 0.3
"""Until TCP sends again what was lost."""
T = TypeVar("T")
Caller = Callable[[int], bool]
"""Whether the process that calls from this port is meant."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happens to a link's traffic, in each direction."""

    latency: float = 0.0
    """Seconds that each piece is late; what is sent meanwhile waits behind it."""
    lost: float = 0.0
    """Share of the pieces that have to be sent again."""
    stuck: bool = False
    """Nothing arrives and nobody is told: connections stay open, further ones are made and say nothing."""


class Network:
    """Runs the links, in a thread of its own."""

    def __init__(self, seed: int = 0) -> None:
        self.chance = random.Random(seed)
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="network", daemon=True)
        self._thread.start()

    def link(self, to: int) -> "Link":
        """A new one, to a port of this machine."""
        link = Link(self, to)
        self.run(link.open())
        return link

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)


class Link:
    """The way to one server."""

    def __init__(self, network: Network, to: int) -> None:
        self._network = network
        self._to = to
        self._troubles: list[tuple[Trouble, Caller]] = []
        self._eased = asyncio.Event()
        self._callers: dict[asyncio.StreamWriter, int] = {}
        self.port = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def open(self) -> None:
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0, limit=PIECE)
        self.port = server.sockets[0].getsockname()[1]
        self._server = server

    def callers(self) -> frozenset[int]:
        """The ports of all connections that there are now."""

        async def seen() -> frozenset[int]:
            return frozenset(self._callers.values())

        return self._network.run(seen())

    @contextmanager
    def troubled(self, trouble: Trouble, caller: Caller, *, forgets: bool = False) -> Iterator[None]:
        """``forgets``: afterwards the troubled connections are gone, as behind a firewall that lost its table; else
        what was held back arrives."""
        self._network.run(self._begin(trouble, caller))
        try:
            yield
        finally:
            self._network.run(self._end(trouble, caller, forgets))

    async def _begin(self, trouble: Trouble, caller: Caller) -> None:
        self._troubles.append((trouble, caller))

    async def _end(self, trouble: Trouble, caller: Caller, forgets: bool) -> None:
        self._troubles.remove((trouble, caller))
        if forgets:
            for writer, port in self._callers.items():
                if caller(port):
                    writer.transport.abort()
        self._eased.set()
        self._eased = asyncio.Event()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = writer.get_extra_info("peername")[1]
        self._callers[writer] = port
        try:
            on, onward = await asyncio.open_connection("127.0.0.1", self._to, limit=PIECE)
        except OSError:
            writer.transport.abort()
            del self._callers[writer]
            return
        ways = [
            asyncio.ensure_future(self._pass(reader, onward, port)),
            asyncio.ensure_future(self._pass(on, writer, port)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            del self._callers[writer]
            for end in (writer, onward):
                end.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
        with suppress(OSError):
            while piece := await reader.read(PIECE):
                while (trouble := self._trouble(port)) is not None:
                    if not trouble.stuck:
                        again = self._network.chance.random() < trouble.lost
                        await asyncio.sleep(trouble.latency + again * AGAIN_SECONDS)
                        break
                    await self._eased.wait()
                writer.write(piece)
                await writer.drain()

    def _trouble(self, port: int) -> Trouble | None:
        return next((trouble for trouble, caller in self._troubles if caller(port)), None)


def calls_of(pids: Collection[int]) -> Caller:
    """Connections that one of these processes opened."""
    known: dict[int, bool] = {}

    def is_one(port: int) -> bool:
        if port not in known:
            known[port] = port in _ports(pids)
        return known[port]

    return is_one


def calls_of_others(pids: Collection[int]) -> Caller:
    """Connections that none of these processes opened."""
    theirs = calls_of(pids)
    return lambda port: not theirs(port)


def _ports(pids: Collection[int]) -> set[int]:
    found: set[int] = set()
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            found |= {connection.laddr.port for connection in psutil.Process(pid).net_connections("tcp")}
    return found
