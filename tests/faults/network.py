"""The network between everybody and the servers: each server is reached through a link that a test can trouble.

Why not toxiproxy: it would have to be had first (it is a Go program), and it does not know who calls. Members of a
replica set and brokers reach each other under the same addresses as their clients do, so that a link must tell them
apart to part a primary from its secondaries and leave it its clients.
"""

import asyncio
import random
import threading
from collections.abc import Collection, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

PIECE = 1024 * 1024
"""What is read at once is late at once: smaller pieces would make a slow link a narrow one."""
AGAIN_SECONDS = 0.3
"""Until TCP sends again what was lost."""
LOOK_SECONDS = 0.1
T = TypeVar("T")


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
        """Whatever is under way ends."""
        self.run(self._ended())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)

    async def _ended(self) -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5.0)


class Link:
    """The way to one server."""

    def __init__(self, network: Network, to: int) -> None:
        self._network = network
        self._to = to
        self._troubles: list[tuple[Trouble, Calls]] = []
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
    def troubled(self, trouble: Trouble, calls: "Calls", *, forgets: bool = False) -> Iterator[None]:
        """``forgets``: afterwards the troubled connections are gone, as behind a firewall that lost its table; else
        what was held back arrives."""
        self._network.run(self._begin(trouble, calls))
        try:
            yield
        finally:
            self._network.run(self._end(trouble, calls, forgets))

    async def _begin(self, trouble: Trouble, calls: "Calls") -> None:
        self._troubles.append((trouble, calls))

    async def _end(self, trouble: Trouble, calls: "Calls", forgets: bool) -> None:
        self._troubles.remove((trouble, calls))
        if forgets:
            for writer, port in list(self._callers.items()):
                if await calls.made(port):
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
                while (trouble := await self._trouble(port)) is not None:
                    if not trouble.stuck:
                        again = self._network.chance.random() < trouble.lost
                        await asyncio.sleep(trouble.latency + again * AGAIN_SECONDS)
                        break
                    await self._eased.wait()
                writer.write(piece)
                await writer.drain()

    async def _trouble(self, port: int) -> Trouble | None:
        for trouble, calls in self._troubles:
            if await calls.made(port):
                return trouble
        return None


class Calls:
    """Connections that some processes opened, or that all others did.

    Told by the ports that the kernel says are theirs; looked up a few times a second at most, off the loop.
    """

    def __init__(self, pids: Collection[int], *, others: bool = False, only: frozenset[int] | None = None) -> None:
        """``only``: of these ports."""
        self._pids, self._others, self._only = pids, others, only
        self._known: dict[int, bool] = {}
        self._unknown: set[int] = set()
        self._look: asyncio.Task[None] | None = None

    async def made(self, port: int) -> bool:
        """Whether it is one of them that calls from this port."""
        if self._only is not None and port not in self._only:
            return False
        while port not in self._known:
            self._unknown.add(port)
            if self._look is None or self._look.done():
                self._look = asyncio.ensure_future(self._looked())
            await asyncio.shield(self._look)
        return self._known[port] != self._others

    async def _looked(self) -> None:
        await asyncio.sleep(LOOK_SECONDS)
        asked, self._unknown = self._unknown, set()
        theirs = await asyncio.to_thread(_ports, self._pids)
        self._known |= {port: port in theirs for port in asked}


def _ports(pids: Collection[int]) -> set[int]:
    """The local ports of these processes' TCP sockets."""
    sockets: set[str] = set()
    for pid in pids:
        with suppress(OSError):
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    sockets.add(str(descriptor.readlink()))
    rows = [line.split() for table in ("tcp", "tcp6") for line in _table(table)]
    return {int(row[1].rpartition(":")[2], 16) for row in rows if f"socket:[{row[9]}]" in sockets}


def _table(name: str) -> list[str]:
    try:
        return Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    except OSError:  # a kernel without IPv6
        return []
