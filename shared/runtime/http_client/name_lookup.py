"""DNS lookups without threads, so that a name server that does not answer delays no other lookup.

``getaddrinfo`` blocks one of the loop's few threads, and a time-out does not free the thread: eight names at one silent
server stopped every other lookup. Here a lookup is a datagram with a time-out. As the system does it, ``/etc/hosts``
and ``localhost`` come first, then the servers and search domains of ``/etc/resolv.conf``.
"""

import asyncio
import socket
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path

from dns.asyncresolver import Resolver
from dns.exception import DNSException
from dns.rdatatype import AAAA, A, RdataType

SECONDS_MAX = 2.0
SERVER_SECONDS = 0.8
"""How long one server has to answer before the next one is asked."""
FRESH_SECONDS = 30.0
FAILED_SECONDS = 3.0
CACHE_MAX = 2000
HOSTS = Path("/etc/hosts")
_LOCAL = ("127.0.0.1", "::1")


class NameLookup:
    """Looks up host names, with a cache: answers for ``FRESH_SECONDS``, failures for ``FAILED_SECONDS``.

    Callers that ask for the same name at the same time share one lookup.
    """

    def __init__(self, resolver: Callable[[], Resolver] = Resolver, hosts: Path = HOSTS) -> None:
        self._resolver = resolver
        self._hosts = hosts
        self._asked: dict[str, asyncio.Future[Sequence[str]]] = {}
        self._known: OrderedDict[str, tuple[float, Sequence[str]]] = OrderedDict()
        """Name → until when (monotonic seconds) it holds, and the addresses; none after a failure."""

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """The addresses of ``host``; those to which this machine has a route come first.

        Raises ``OSError`` when there are none within ``SECONDS_MAX``.
        """
        name = host.lower().rstrip(".")
        ends, found = self._known.get(name, (0.0, ()))
        if ends <= time.monotonic():
            found = await self._one(name)
        if not found:
            raise OSError("the name has no address now")
        return sorted(found, key=lambda address: not _reachable(address, port))

    async def _one(self, name: str) -> Sequence[str]:
        if name not in self._asked:
            self._asked[name] = asyncio.ensure_future(self._look_up(name))
            self._asked[name].add_done_callback(lambda _: self._asked.pop(name))
        return await asyncio.shield(self._asked[name])

    async def _look_up(self, name: str) -> Sequence[str]:
        found = _in_hosts(self._hosts, name) or (_LOCAL if f".{name}".endswith(".localhost") else ())
        if not found:
            answers = await asyncio.gather(self._ask(name, A), self._ask(name, AAAA))
            found = [address for answer in answers for address in answer]
        kept = FRESH_SECONDS if found else FAILED_SECONDS
        self._known[name] = (time.monotonic() + kept, found)
        self._known.move_to_end(name)
        while len(self._known) > CACHE_MAX:
            self._known.popitem(last=False)
        return found

    async def _ask(self, name: str, kind: RdataType) -> Sequence[str]:
        try:
            resolver = self._resolver()
            resolver.timeout = SERVER_SECONDS
            async with asyncio.timeout(SECONDS_MAX):
                answer = await resolver.resolve(name, kind, search=True, lifetime=SECONDS_MAX)
        except (DNSException, OSError, TimeoutError, UnicodeError):
            return ()
        return [record.to_text() for record in answer]


def _in_hosts(file: Path, name: str) -> Sequence[str]:
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    rows = (line.partition("#")[0].split() for line in lines)
    return [row[0] for row in rows if name in (word.lower() for word in row[1:])]


def _reachable(address: str, port: int) -> bool:
    """Whether there is a route to the address. Connecting a datagram socket tells, and sends nothing."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, port))
    except OSError:
        return False
    return True
