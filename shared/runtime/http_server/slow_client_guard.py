"""Closes connections of clients that send too slowly, send endless headers, or do not read their answers.

uvicorn limits neither the time nor the size of an incoming request, nor how long an answer waits to be read. Here a
request must arrive within a grace period plus its bytes at the slowest accepted rate (a phone's photo on a bad line
passes), and an answer must be read likewise. Both are checked once a second for all connections, so that a request
costs only two clock readings.

Everything of a request but its body counts as its head: request line and headers, trailers, chunk framing. A large read
is parsed in pieces of ``STRETCH`` bytes, so that an oversized head is noticed early.
"""

import resource
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

HEADERS_MAX = 64 * 1024
"""Bytes of a request's head; a chunked body may add an eighth of its length as framing."""
FIELDS_MAX = 200
"""Header fields of a request."""
PATH_MAX = 2048
"""Bytes of the path as it was sent (percent-encoded)."""
PIPELINED_MAX = 16
"""Requests that one connection may send before the first of them is answered."""
STRETCH = HEADERS_MAX // 2
GRACE_SECONDS = 10.0
UNREAD_SECONDS = 30.0
"""How long an answer may wait while the client reads nothing. A stream's client can reconnect and continue."""
BYTES_A_SECOND = 2048
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_LONG = b"HTTP/1.1 414 URI Too Long\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_UNANSWERED = b""


class _RefusedError(Exception):
    """Raised in a parser callback to stop parsing."""


class Connection(HttpToolsProtocol):
    """uvicorn's connection that also notes since when a request is incomplete, its bytes so far, and unread answers."""

    waits_since: float | None = None
    in_headers = True
    received = 0
    of_body = 0
    refused: bytes | None = None
    unread_since: float | None = None
    unread = 0
    taken = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.waits_since = self.loop.time()

    def on_message_begin(self) -> None:
        self.waits_since, self.in_headers = self.loop.time(), True
        self.received = self.of_body = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if len(self.headers) > FIELDS_MAX:
            self._refuse(_TOO_LARGE)
        if len(self.url) > PATH_MAX and len(self.url.partition(b"?")[0]) > PATH_MAX:
            self._refuse(_TOO_LONG)
        if len(self.pipeline) >= PIPELINED_MAX:
            self._refuse(_UNANSWERED)
        self.in_headers = False
        super().on_headers_complete()
        self.headers = []  # uvicorn puts trailers here; the application keeps the list that it was given

    def on_body(self, body: bytes) -> None:
        self.of_body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.waits_since = None
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        if len(data) <= STRETCH:
            self._parse(data)
            return
        whole = memoryview(data)
        for at in range(0, len(data), STRETCH):
            if self.parser is None or self.transport.is_closing():
                return
            self._parse(whole[at : at + STRETCH])
        if not self.transport.is_closing():
            self.transport.pause_reading()  # otherwise uvloop reads a fast sender 32 times before other connections
            self.loop.call_soon(self._read_on)

    def _read_on(self) -> None:
        if not (self.flow.read_paused or self.transport.is_closing()):
            self.transport.resume_reading()

    def _parse(self, data: bytes | memoryview) -> None:
        super().data_received(data)  # type: ignore[arg-type]
        self.received += len(data)
        if self.waits_since is None and (self.cycle is None or self.cycle.response_complete):
            self.waits_since = self.loop.time()  # bytes between requests, which stop uvicorn's own keep-alive timer
        if self.received - self.of_body > HEADERS_MAX + self.of_body // 8:
            self._let_go(_TOO_LARGE)

    def _refuse(self, answer: bytes) -> None:
        """Stop parsing, from a parser callback; ``send_400_response`` then sends ``answer``."""
        self.refused = answer
        raise _RefusedError

    def send_400_response(self, msg: str) -> None:
        """uvicorn calls this when parsing failed."""
        if self.refused is None:
            super().send_400_response(msg)
        else:
            self._let_go(self.refused)

    def resume_writing(self) -> None:
        self.unread_since = None
        super().resume_writing()

    def check_deadlines(self, now: float) -> None:
        """Close the connection when its request is late or its answer is not read. ``now``: loop time, seconds."""
        if self._is_unread(now):
            self.transport.abort()  # close() would wait until the client reads
        elif self.waits_since is None or self.transport.is_closing():
            return
        elif now - self.waits_since > GRACE_SECONDS + self.received / BYTES_A_SECOND:
            self._let_go(_TOO_SLOW)

    def _is_unread(self, now: float) -> bool:
        left = self.transport.get_write_buffer_size()
        if not left:
            self.unread_since = None
            return False
        if self.unread_since is None:
            self.unread_since, self.unread, self.taken = now, left, 0
        self.taken += max(0, self.unread - left)
        self.unread = left
        return now - self.unread_since > UNREAD_SECONDS + self.taken / BYTES_A_SECOND

    def _let_go(self, answer: bytes) -> None:
        if self._owes_nothing():
            self.transport.write(answer)
        self.waits_since = None
        self.transport.close()

    def _owes_nothing(self) -> bool:
        """Whether an error sent now would be taken as the answer to the incoming request, and not to an earlier one."""
        latest: RequestResponseCycle | None = self.cycle
        if latest is None:
            return True
        return latest.response_complete if self.in_headers else not (latest.response_started or self.pipeline)


def check_connections(state: ServerState, now: float) -> None:
    """Check the deadlines of all connections; called once a second."""
    for connection in list(state.connections):
        if isinstance(connection, Connection):
            connection.check_deadlines(now)


def raise_open_files_limit() -> None:
    """Raise the limit of open files to the hard limit: the usual soft limit of 1,024 is too low for many clients."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
