"""Below HTTP: slow, endless and lying requests are let go, and nobody else notices."""

import asyncio
import resource
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn

from shared.runtime.http_server import slow_client_guard
from shared.runtime.http_server.slow_client_guard import Connection
from shared.runtime.process import _Server
from tests.flows.test_reports import QUAY
from tests.kit.stack import RunningStack
from tests.unit.runtime.test_http_server import APP, House

HEAD = (
    f"POST /lamps HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {APP}\r\nidempotency-key: k\r\n"
    "content-type: application/json\r\n"
)
GOOD = b'{"pole": 7, "words": "dark"}'
SLOW_CONNECTIONS = 2000


class Served:
    """The edge on a port of its own, impatient."""

    def __init__(self, house: House, port: int) -> None:
        self.house = house
        self.port = port

    async def talk(self, *sent: bytes, gap: float = 0.0) -> bytes:
        """What the server says until it hangs up (or falls silent for five seconds: then the test fails)."""
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
    house = House()
    application: Any = house.application
    application.state.on_stop = []
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            application, http=Connection, ws="none", log_level="critical", lifespan="off", timeout_keep_alive=1
        )
        server = _Server(config)
        running = asyncio.create_task(server.serve(sockets=[listening]))
        yield Served(house, listening.getsockname()[1])
        server.should_exit = True
        await running


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
    said = await served.talk(whole(), b"\r\n", gap=0.1)
    assert said.startswith(b"HTTP/1.1 201 ")


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
