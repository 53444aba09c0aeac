"""Names: as the system resolves them, and a server that does not answer keeps nobody else waiting."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import dns.message
import dns.rrset
import httpx
import pytest
import uvloop
from dns.asyncresolver import Resolver

from services.notifier.delivery import http_post
from services.notifier.delivery.http_post import Poster
from shared.runtime.http_client import client as http_client
from shared.runtime.http_client import name_lookup
from shared.runtime.http_client.name_lookup import NameLookup
from shared.runtime.http_client.ssrf_guard import Guard
from tests.kit.waiting import until

PUBLIC, PUBLIC_6 = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"


class NameServer(asyncio.DatagramProtocol):
    """Answers what ``records`` has, NXDOMAIN for the rest, and nothing at all for names under ``silent.example``."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], str] = {("app.example.", "A"): PUBLIC, ("app.example.", "AAAA"): PUBLIC_6}
        self.asked: list[str] = []
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: Any) -> None:
        question = dns.message.from_wire(data)
        name, kind = question.question[0].name.to_text(), question.question[0].rdtype.name
        self.asked.append(name)
        if name.endswith("silent.example."):
            return
        answer = dns.message.make_response(question)
        if (name, kind) in self.records:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, self.records[name, kind]))
        elif not any(name == known for known, _ in self.records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(answer.to_wire(), address)


@asynccontextmanager
async def name_server() -> AsyncIterator[tuple[NameServer, Callable[[], Resolver]]]:
    """A server on loopback, and resolvers that ask it alone."""
    made: Any = asyncio.get_running_loop().create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    transport, server = await made

    def resolver() -> Resolver:
        asks = Resolver(configure=False)
        asks.nameservers, asks.port = ["127.0.0.1"], transport.get_extra_info("sockname")[1]
        return asks

    try:
        yield server, resolver
    finally:
        transport.close()


async def failed(looking_up: Any) -> float:
    """The seconds that it took to have no address."""
    began = time.monotonic()
    with pytest.raises(OSError):
        await looking_up
    return time.monotonic() - began


async def test_a_name_has_the_addresses_of_both_families_and_is_asked_for_once_in_a_while() -> None:
    async with name_server() as (server, resolver):
        asked = NameLookup(resolver)
        found = await asyncio.gather(*(asked("App.Example", 443) for _ in range(20)))
        assert all(set(addresses) == {PUBLIC, PUBLIC_6} for addresses in found)
        assert set(await asked("app.example.", 443)) == {PUBLIC, PUBLIC_6}
        assert len(server.asked) == 2


async def test_a_name_that_is_unknown_fails_at_once_and_for_a_moment_without_asking_again() -> None:
    async with name_server() as (server, resolver):
        asked = NameLookup(resolver)
        for _ in range(3):
            assert await failed(asked("nobody.example", 443)) < 1
        assert len(server.asked) == 2


async def test_names_of_the_hosts_file_and_localhost_need_no_server(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("10.0.0.5 mongo1 Mongo.Example # ours\n# 10.0.0.6 gone\n::1 six\n")
    async with name_server() as (server, resolver):
        asked = NameLookup(resolver, hosts)
        assert await asked("mongo.example", 27017) == ["10.0.0.5"]
        assert await asked("six", 80) == ["::1"]
        assert "127.0.0.1" in await asked("localhost", 80)
        assert "127.0.0.1" in await asked("app.localhost", 80)
        assert server.asked == []
        await failed(asked("gone", 80))
        assert server.asked != []


async def test_what_is_no_name_has_no_address() -> None:
    async with name_server() as (_, resolver):
        for host in ("", "a..b", "x" * 64 + ".example", "a" * 300, "ü.example"):
            assert await failed(NameLookup(resolver)(host, 443)) < 1


async def test_without_any_name_server_there_is_no_address_and_no_fault(tmp_path: Path) -> None:
    empty = tmp_path / "resolv.conf"
    empty.write_text("")
    assert await failed(NameLookup(lambda: Resolver(filename=str(empty)))("app.example", 443)) < 1


async def _healthy(asked: NameLookup, server: NameServer) -> None:
    """A receiver that answers, asked by the notifier's own means."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    client: httpx.AsyncClient = http_client.client()
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        poster = Poster(Guard("127.0.0.0/8", asked), client)
        silent = [asyncio.create_task(poster.post(f"http://h{n}.silent.example:{port}/", "{}", {})) for n in range(40)]

        async def all_wait_for_the_name_server() -> bool:
            return len({name for name in server.asked if "silent" in name}) == len(silent)

        await until(all_wait_for_the_name_server)
        assert (await poster.post(f"http://well.example:{port}/", "{}", {})).status == 204
        assert not any(task.done() for task in silent)
        for task in silent:
            task.cancel()
        await asyncio.gather(*silent, return_exceptions=True)
    await http_client.close_all()


def test_forty_names_of_a_silent_server_keep_no_other_receiver_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """B60: on the loop that the services run on, whose own look-ups have four threads."""
    monkeypatch.setattr(name_lookup, "SECONDS_MAX", 60.0)
    monkeypatch.setattr(http_post, "SECONDS_MAX", 60.0)

    async def looked_up() -> None:
        async with name_server() as (server, resolver):
            server.records["well.example.", "A"] = "127.0.0.1"
            await _healthy(NameLookup(resolver), server)

    uvloop.run(looked_up())


async def test_a_look_up_ends_after_two_seconds() -> None:
    """B60: whoever adds a webhook is answered, and an attempt fails in time."""
    async with name_server() as (_, resolver):
        assert await failed(NameLookup(resolver)("one.silent.example", 443)) < name_lookup.SECONDS_MAX + 1.5


async def test_an_internal_answer_is_refused_and_the_checked_address_is_the_one_that_is_called() -> None:
    async with name_server() as (server, resolver):
        server.records["inside.example.", "A"] = "10.0.0.1"
        guard = Guard("", NameLookup(resolver))
        with pytest.raises(Exception, match="internal"):
            await guard.checked("https://inside.example/")
        target = await guard.checked("https://app.example/in")
        assert target.url in (f"https://{PUBLIC}/in", f"https://[{PUBLIC_6}]/in")
        assert target.headers == {"host": "app.example"}
