"""Below HTTP: slow, endless and lying requests are let go, and nobody else notices."""

import asyncio
import contextlib
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import uvicorn

from shared.runtime.http_server import slow_client_guard
from shared.runtime.http_server.route import Answer, Call
from shared.runtime.http_server.slow_client_guard import Connection
from shared.runtime.process import _Server
from tests.kit.made_api import APP, SampleApi
from tests.kit.places import QUAY
from tests.kit.stack import RunningStack

HEAD = (
    f"POST /lamps HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {APP}\r\nidempotency-key: k\r\n"
    "content-type: application/json\r\n"
)
GOOD = b'{"pole": 7, "words": "dark"}'
SLOW_CONNECTIONS = 2000


class Served:
    """The edge on a port of its own, impatient."""

    def __init__(self, house: SampleApi, server: _Server, port: int) -> None:
        self.house = house
        self.port = port
        self._server = server

    async def nobody_is_connected(self) -> None:
        while self._server.server_state.connections:  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(0.05)

    async def talk(self, *sent: bytes, gap: float = 0.0) -> bytes:
        """What the server says until it hangs up (or falls silent for five seconds: then the test fails).

        ``gap``: seconds between two pieces. That they come slowly is what such a test is about.
        """
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for piece in sent:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(gap)
        except ConnectionError:
            pass
        try:
            async with asyncio.timeout(5):
                return await _rest(reader)
        finally:
            writer.close()


async def _rest(reader: asyncio.StreamReader) -> bytes:
    said = b""
    try:
        while piece := await reader.read(65536):
            said += piece
    except ConnectionError:
        pass
    return said


@pytest.fixture
async def served(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    monkeypatch.setattr(slow_client_guard, "GRACE_SECONDS", 0.3)
    async with serving(SampleApi()) as one:
        yield one


@contextlib.asynccontextmanager
async def serving(house: SampleApi) -> AsyncIterator[Served]:
    application: Any = house.application
    application.state.on_stop = []
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        config = uvicorn.Config(
            application, http=Connection, ws="none", log_level="critical", lifespan="off", timeout_keep_alive=1
        )
        server = _Server(config)
        running = asyncio.create_task(server.serve(sockets=[listening]))
        yield Served(house, server, listening.getsockname()[1])
        server.should_exit = True
        await running


def pieces(whole: bytes, size: int) -> Iterator[bytes]:
    return (whole[at : at + size] for at in range(0, len(whole), size))


def whole(body: bytes = GOOD, more: str = "") -> bytes:
    return f"{HEAD}{more}content-length: {len(body)}\r\n\r\n".encode() + body


async def test_a_whole_request_is_answered_and_the_idle_connection_ends(served: Served) -> None:
    assert (await served.talk(whole())).startswith(b"HTTP/1.1 201 ")


async def test_who_does_not_finish_a_request_is_told_408_and_let_go(served: Served) -> None:
    """B23: slowloris, and a Content-Length that promises more than comes."""
    unfinished: list[tuple[bytes, ...]] = [
        (),
        (b"POST /lam",),
        (HEAD.encode(),),
        (HEAD.encode() + b"content-length: 28\r\n\r\n" + GOOD[:5],),
        (HEAD.encode() + b"transfer-encoding: chunked\r\n\r\n5\r\n" + GOOD[:5],),
    ]
    for said in await asyncio.gather(*(served.talk(*sent) for sent in unfinished)):
        assert said.startswith(b"HTTP/1.1 408 ")
    assert served.house.calls == []


async def test_a_byte_now_and_then_buys_no_time(served: Served) -> None:
    """B23: 1 byte a second. Who still sends when the server hangs up may never read why."""
    drips = [GOOD[i : i + 1] for i in range(len(GOOD))]
    said = await served.talk(HEAD.encode() + b"content-length: 28\r\n\r\n", *drips, gap=0.08)
    assert said == b"" or said.startswith(b"HTTP/1.1 408 ")
    assert served.house.calls == []


async def test_bytes_between_requests_keep_no_connection_open(served: Served) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    async with asyncio.timeout(5):
        writer.write(whole())
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 201 ")
        writer.write(b"\r\n")
        await _rest(reader)
    writer.close()


async def test_a_body_framed_in_two_ways_or_none_is_400(served: Served) -> None:
    """B23: what a proxy before us may read otherwise."""
    framings = [
        "content-length: 28\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 28\r\n",
        "content-length: 28\r\ncontent-length: 2\r\n",
        "content-length: -1\r\n",
        "content-length: 0x1c\r\n",
        "transfer-encoding: chunked, identity\r\n",
        "content-length : 28\r\n",
    ]
    for framing in framings:
        said = await served.talk(f"{HEAD}{framing}\r\n".encode() + GOOD)
        assert said.startswith(b"HTTP/1.1 400 "), framing
    assert served.house.calls == []


async def test_what_follows_a_body_that_says_less_than_it_sends_is_no_second_request(served: Served) -> None:
    """B23: a Content-Length that is too small."""
    said = await served.talk(f"{HEAD}content-length: 27\r\n\r\n".encode() + GOOD)
    assert said.count(b"HTTP/1.1 ") <= 2
    assert b" 201 " not in said
    assert served.house.calls == []


async def test_endless_headers_are_431(served: Served) -> None:
    """B22, B23: memory stays flat."""
    for line in (b"x-long: " + b"a" * 1000 + b"\r\n", b"cookie: b=c\r\n", b"a" * 1000):
        many = line * (slow_client_guard.HEADERS_MAX // len(line) + 10)
        said = await served.talk(HEAD.encode() + many, b"x-more: 1\r\n")
        assert said.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))
    assert served.house.calls == []


async def test_methods_that_no_route_declares_are_405(served: Served) -> None:
    """B29."""
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        said = await served.talk(f"{method} /lamps HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
        assert said.startswith(b"HTTP/1.1 405 "), method
        assert b"allow: POST" in said


async def test_an_upgrade_to_a_websocket_is_an_ordinary_request(served: Served) -> None:
    """B28: there is no second way in."""
    upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: x\r\nsec-websocket-version: 13\r\n"
    said = await served.talk(f"GET /lamps/1 HTTP/1.1\r\nhost: x\r\n{upgrade}\r\n".encode())
    assert said.startswith(b"HTTP/1.1 401 ")


CHUNKED = HEAD.encode() + b"transfer-encoding: chunked\r\n\r\n"
WHOLE_IN_CHUNKS = b"%x\r\n%b\r\n0\r\n" % (len(GOOD), GOOD)


@pytest.mark.parametrize(
    "endless",
    [
        b"0\r\n" + b"a:b\r\n" * 30_000,
        b"0\r\na: " + b"b" * 150_000,
        WHOLE_IN_CHUNKS + b"a:b\r\n" * 30_000,
        b"1;" + b"x" * 150_000,
        b"1\r\n \r\n" * 30_000,
    ],
    ids=["small trailers", "one trailer", "after a body", "a chunk's extension", "chunks of a byte"],
)
async def test_what_is_no_body_is_bounded_wherever_it_stands(served: Served, endless: bytes) -> None:
    """B78: trailers without end cost memory, and a long one time that grew with its square."""
    said = await served.talk(CHUNKED + endless[:1000], endless[1000:100_000], endless[100_000:])
    assert said == b"" or said.startswith(b"HTTP/1.1 431 ")
    assert served.house.calls == []


async def test_chunks_as_small_as_programs_send_them_are_taken(served: Served) -> None:
    """B78: a body written word by word."""
    padded = GOOD + b" " * 1500
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces(padded, 10))
    assert (await served.talk(CHUNKED + body + b"0\r\n\r\n")).startswith(b"HTTP/1.1 201 ")


async def test_a_chunked_body_is_taken_and_its_trailers_are_nobodys(served: Served) -> None:
    """B79: nothing that comes after the body is a header."""
    bare = b"POST /lamps HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n"
    late = f"authorization: Bearer {APP}\r\nidempotency-key: k\r\n\r\n".encode()
    assert (await served.talk(CHUNKED + WHOLE_IN_CHUNKS + b"x-sum: 1\r\n\r\n")).startswith(b"HTTP/1.1 201 ")
    for before in (bare, bare + b"idempotency-key: k\r\n"):
        said = await served.talk(before + b"\r\n" + WHOLE_IN_CHUNKS + late)
        assert said.startswith(b"HTTP/1.1 401 ")
    only_key = bare + f"authorization: Bearer {APP}\r\n\r\n".encode()
    assert (await served.talk(only_key + WHOLE_IN_CHUNKS + late)).startswith(b"HTTP/1.1 400 ")
    assert len(served.house.calls) == 1


async def test_of_thousands_of_requests_sent_at_once_a_few_are_begun(served: Served) -> None:
    """B80: 14,000 of them in one read held the loop for three seconds."""
    one = f"GET /lamps/1 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {APP}\r\n\r\n".encode()
    few = slow_client_guard.PIPELINED_MAX
    said = await served.talk(one * few)
    assert said.count(b"HTTP/1.1 201 ") == few
    await served.talk(one * 5000)
    await served.talk(*[one * 10] * 500)
    assert len(served.house.calls) < few * 500


async def test_a_header_of_many_fields_or_a_long_path_is_refused(served: Served) -> None:
    """B81: whatever fits into one read."""
    fields = b"GET /open HTTP/1.1\r\nhost: x\r\n%b\r\n"
    assert (await served.talk(fields % (b"a:b\r\n" * 190))).startswith(b"HTTP/1.1 201 ")
    assert (await served.talk(fields % (b"a:b\r\n" * 300))).startswith(b"HTTP/1.1 431 ")
    assert (await served.talk(fields % (b"a:" + b"b" * 200_000 + b"\r\n"))).startswith((b"HTTP/1.1 431 ", b""))
    for path in (b"%" * 30_000, b"a/" * 15_000, b"%41" * 1000):
        said = await served.talk(b"GET /" + path + b" HTTP/1.1\r\nhost: x\r\n\r\n")
        assert said.startswith(b"HTTP/1.1 414 "), path[:3]
    said = await served.talk(b"GET /open?text=" + b"%E4%BA%95" * 4000 + b" HTTP/1.1\r\nhost: x\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 201 ")


class Library(SampleApi):
    """Each answer is several times what a socket holds."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = asyncio.Event()

    async def answers(self, call: Call) -> Answer:
        self.begun.set()
        return Answer("x" * 10_000_000)


async def test_who_does_not_read_an_answer_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """B82: also while the connection is being closed, which waits for its reader."""
    monkeypatch.setattr(slow_client_guard, "UNREAD_SECONDS", 0.3)
    house = Library()
    async with serving(house) as served:
        for more in (b"", b"connection: close\r\n"):
            _, writer = await asyncio.open_connection("127.0.0.1", served.port, limit=1024)
            writer.write(b"GET /open HTTP/1.1\r\nhost: x\r\n" + more + b"\r\n")
            async with asyncio.timeout(20):
                await house.begun.wait()
                house.begun.clear()
                await served.nobody_is_connected()
            writer.close()


async def test_who_reads_slowly_gets_all_of_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """B82."""
    monkeypatch.setattr(slow_client_guard, "UNREAD_SECONDS", 2.0)
    async with serving(Library()) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port, limit=1024)
        writer.write(b"GET /open HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        got = 0
        while piece := await reader.read(250_000):
            got += len(piece)
            await asyncio.sleep(0.05)  # the slowness itself
        writer.close()
    assert got > 10_000_000


def test_thousands_of_slow_connections_hinder_no_report(stack: RunningStack) -> None:
    """B24: more of them than the usual limit on open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, SLOW_CONNECTIONS * 2), hard))
    port = int(stack.urls["intake"].rsplit(":", 1)[1])
    slow = []
    try:
        for _ in range(SLOW_CONNECTIONS):
            opened = socket.create_connection(("127.0.0.1", port), timeout=5)
            opened.sendall(b"POST /v1/reports HTTP/1.1\r\nhost: x\r\n")
            slow.append(opened)
        answers = [stack.rider().report("the lamp is dark", QUAY).status_code for _ in range(5)]
    finally:
        for opened in slow:
            opened.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert answers == [202] * 5
