"""The connection below the edge: who sends too slowly or endless headers is let go, and harms nobody else.

uvicorn limits neither the time nor the size of what is still coming in. Here a request must arrive within a grace and
the time its bytes need at the slowest rate taken (a phone's photo over a bad line does); checked once a second for all
connections, so that a request pays for two readings of the clock only.
"""

import resource
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

HEADERS_MAX = 64 * 1024
GRACE_SECONDS = 10.0
BYTES_A_SECOND = 2048
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Connection(HttpToolsProtocol):
    """uvicorn's connection, which knows since when it waits for a request and how much of it came."""

    waits_since: float | None = None
    in_headers = True
    received = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.waits_since = self.loop.time()

    def on_message_begin(self) -> None:
        self.waits_since, self.in_headers, self.received = self.loop.time(), True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self.in_headers = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self.waits_since = None
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self.received += len(data)
        if self.waits_since is None and (self.cycle is None or self.cycle.response_complete):
            self.waits_since = self.loop.time()  # bytes between requests, which stopped uvicorn's own keep-alive clock
        if self.in_headers and self.received > HEADERS_MAX:
            self._let_go(_TOO_LARGE)

    def look(self, now: float) -> None:
        """Let the connection go when its request is late."""
        if self.waits_since is None or self.transport.is_closing():
            return
        if now - self.waits_since > GRACE_SECONDS + self.received / BYTES_A_SECOND:
            self._let_go(_TOO_SLOW)

    def _let_go(self, answer: bytes) -> None:
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(answer)
        self.waits_since = None
        self.transport.close()


def look_at_all(state: ServerState, now: float) -> None:
    """Once a second."""
    for connection in list(state.connections):
        if isinstance(connection, Connection):
            connection.look(now)


def open_files_as_allowed() -> None:
    """As many connections as the machine allows at most: the usual 1,024 are used up by a handful of idle clients."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
