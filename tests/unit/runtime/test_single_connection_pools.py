"""Connections one by one: reused, never more than may be, never one server's for another."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from shared.runtime.http_client import client as http_client
from shared.runtime.http_client import single_connection_pools
from shared.runtime.http_client.single_connection_pools import SingleConnectionPools


class Counting:
    """Answers when it may, and counts connections and what is asked at once."""

    def __init__(self) -> None:
        self.connections = 0
        self.asked_at_once = 0
        self._asked = 0
        self.arrived = asyncio.Semaphore(0)
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self._asked += 1
                self.asked_at_once = max(self.asked_at_once, self._asked)
                self.arrived.release()
                await self.may_answer.wait()
                self._asked -= 1
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Counting]:
    counting = Counting()
    async with await asyncio.start_server(counting.serve, "127.0.0.1", 0) as listening:
        counting.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
        yield counting
        await http_client.close_all()


@pytest.fixture
def client(server: Counting) -> httpx.AsyncClient:
    return http_client.client(transport=SingleConnectionPools())


async def test_one_after_the_other_they_share_a_connection(server: Counting, client: httpx.AsyncClient) -> None:
    for _ in range(5):
        assert (await client.get(server.url)).text == "ok"
    assert server.connections == 1


async def test_at_once_each_has_its_own_and_all_are_used_again(server: Counting, client: httpx.AsyncClient) -> None:
    for _ in range(2):
        server.may_answer.clear()
        asked = asyncio.gather(*(client.get(server.url) for _ in range(4)))
        async with asyncio.timeout(5):
            for _ in range(4):
                await server.arrived.acquire()
        server.may_answer.set()
        assert [answer.text for answer in await asked] == ["ok"] * 4
    assert (server.connections, server.asked_at_once) == (4, 4)


async def test_no_more_than_may_be_are_open(server: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(single_connection_pools, "CONNECTIONS_MAX", 2)
    monkeypatch.setattr(single_connection_pools, "IDLE_MAX", 1)
    few = http_client.client(transport=SingleConnectionPools())
    await asyncio.gather(*(few.get(server.url) for _ in range(6)))
    assert server.asked_at_once <= 2


async def broken(client: httpx.AsyncClient, url: str) -> None:
    with pytest.raises(httpx.ConnectError):
        await client.get(url.replace("127.0.0.1", "127.0.0.2"))


async def given_up(client: httpx.AsyncClient, url: str) -> None:
    with pytest.raises(httpx.ReadTimeout):
        await client.get(url, timeout=httpx.Timeout(5.0, read=0.01))


async def left_unread(client: httpx.AsyncClient, url: str) -> None:
    async with client.stream("GET", url):
        pass


@pytest.mark.parametrize("ended", [broken, given_up, left_unread])
async def test_a_request_that_ends_badly_gives_back_its_place(
    server: Counting,
    monkeypatch: pytest.MonkeyPatch,
    ended: Callable[[httpx.AsyncClient, str], Awaitable[None]],
) -> None:
    monkeypatch.setattr(single_connection_pools, "CONNECTIONS_MAX", 1)
    one = http_client.client(transport=SingleConnectionPools())
    if ended is given_up:
        server.may_answer.clear()
    await ended(one, server.url)
    server.may_answer.set()
    assert (await one.get(server.url)).text == "ok"


async def test_a_connection_that_was_made_for_one_name_carries_no_others(
    server: Counting, client: httpx.AsyncClient
) -> None:
    """Two names at one address: TLS was checked for one of them."""
    for name in ("a.example", "b.example", "a.example"):
        await client.get(server.url, extensions={"sni_hostname": name})
    assert server.connections == 2
