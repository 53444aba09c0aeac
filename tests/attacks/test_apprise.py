"""Apprise connects by itself: it still goes only where callbacks may go, knows nothing, and is ended in time."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.notifier.channels.apprise import ENVIRONMENT, Apprise
from services.notifier.channels.apprise_process import PORTS
from services.notifier.channels.channel import Message
from services.notifier.domain.retry import Outcome
from shared.city.people.receivers import Receiver
from shared.runtime.http_client.ssrf_guard import AddressRefusedError, Guard
from tests.kit.robots import robot

LOOPBACK = "127.0.0.1/32,::1/128"
MESSAGE = Message("m1", "【工单提醒】\n交通路社区 · 井盖")
_ATTEMPTS = """
import json, os, socket, subprocess
from services.notifier.channels.apprise_process import confine
confine("127.0.0.1/32")
def tried(act):
    try:
        act()
    except PermissionError:
        return "refused"
    except OSError as error:
        return type(error).__name__
    return "done"
def wrote():
    with open("written", "w") as file:
        file.write("x")
print(json.dumps({
    "program": tried(lambda: subprocess.run(["true"])),
    "shell": tried(lambda: os.system("true")),
    "fork": tried(os.fork),
    "file": tried(wrote),
    "inside": tried(lambda: socket.create_connection(("10.0.0.1", 443), 1)),
    "metadata": tried(lambda: socket.create_connection(("169.254.169.254", 80), 1)),
    "by name": tried(lambda: socket.socket().connect(("localhost", 9))),
    "port": tried(lambda: socket.create_connection(("93.184.215.14", 25), 1)),
    "datagram": tried(lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("10.0.0.1", 53))),
    "unix": tried(lambda: socket.socket(socket.AF_UNIX).connect("/run/docker.sock")),
    "allowed": tried(lambda: socket.create_connection(("127.0.0.1", 9), 1)),
}))
"""


def receiver(url: str) -> Receiver:
    return Receiver(id="v1", kind="apprise", url=url)


@pytest.fixture
async def allowed() -> AsyncIterator[Apprise]:
    made = Apprise(LOOPBACK)
    yield made
    made.close()


@pytest.fixture
async def strict() -> AsyncIterator[Apprise]:
    made = Apprise("")
    yield made
    made.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "[::1]"])
async def test_it_does_not_call_inside(strict: Apprise, host: str) -> None:
    with robot() as inside:
        port = inside.url.split(":")[2].partition("/")[0]
        outcome = await strict.send(receiver(f"json://{host}:{port}/x"), MESSAGE)
        assert outcome.name != "delivered"
        assert inside.got == []


async def test_it_says_that_the_address_was_refused(strict: Apprise) -> None:
    with robot() as inside:
        outcome = await strict.send(receiver(inside.url.replace("http", "json")), MESSAGE)
    assert (outcome.name, outcome.counts, outcome.final) == ("refused_address", True, False)


async def test_where_a_network_is_allowed_it_delivers_and_one_process_serves_many(allowed: Apprise) -> None:
    with robot(lambda _: 200) as end:
        for _ in range(3):
            assert await allowed.send(receiver(end.url.replace("http", "json")), MESSAGE) == Outcome("delivered")
        assert [(one["title"], one["message"]) for one in end.got] == [("【工单提醒】", "交通路社区 · 井盖")] * 3
        end.answer = lambda _: 500
        assert (await allowed.send(receiver(end.url.replace("http", "json")), MESSAGE)).name == "refused"
    assert len(allowed._idle) == 1


async def test_a_redirect_is_not_followed(allowed: Apprise) -> None:
    with robot(lambda _: 302) as end:
        assert (await allowed.send(receiver(end.url.replace("http", "json")), MESSAGE)).name == "refused"
        assert len(end.got) == 1


async def test_apprise_sends_mail_where_it_may(allowed: Apprise) -> None:
    heard: list[str] = []

    async def mailbox(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        data = False
        while line := (await reader.readline()).decode():
            heard.append(line.strip())
            data = line.strip() != "." if data else line.strip().lower() == "data"
            if data != (line.strip().lower() == "data"):
                continue
            writer.write(b"354 go on\r\n" if data else b"250 ok\r\n")
        writer.close()

    server = await asyncio.start_server(mailbox, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = f"mailto://127.0.0.1:{port}?from=desk@whistle.example&to=officer@whistle.example&mode=insecure"
    outcome = await allowed.send(receiver(url), MESSAGE)
    server.close()
    assert outcome.name == "delivered", heard
    assert "rcpt TO:<officer@whistle.example>" in heard


async def test_a_server_that_never_answers_is_given_up_and_its_process_ended(allowed: Apprise) -> None:
    began: asyncio.Queue[bool] = asyncio.Queue()

    async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await began.put(True)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hangs, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = f"mailto://127.0.0.1:{port}?from=desk@whistle.example&to=officer@whistle.example&rto=60&mode=insecure"
    sending = asyncio.create_task(allowed.send(receiver(url), MESSAGE))
    await asyncio.wait_for(began.get(), 30)
    allowed_seconds, allowed.seconds = allowed.seconds, 0.2
    with robot(lambda _: 200) as end:
        assert await allowed.send(receiver("json://127.0.0.1:1/"), MESSAGE) is not None
        allowed.seconds = allowed_seconds
        assert (await allowed.send(receiver(end.url.replace("http", "json")), MESSAGE)).name == "delivered"
        assert not sending.done(), "nobody waits for one that hangs"
    sending.cancel()
    await asyncio.wait([sending])
    server.close()


async def test_a_message_that_takes_too_long_fails(allowed: Apprise) -> None:
    allowed.seconds = 0.01
    assert await allowed.send(receiver("json://127.0.0.1:1/"), MESSAGE) == Outcome("unreachable")
    assert allowed._idle == []


@pytest.mark.parametrize("url", ["", "nonsense://x", "syslog://", "dbus://", "file:///etc/passwd", "json://"])
async def test_what_is_no_address_of_the_net_is_a_matter_of_settings(allowed: Apprise, url: str) -> None:
    assert (await allowed.send(receiver(url), MESSAGE)).name in ("settings", "refused_address", "refused")


async def test_its_processes_know_no_secret(allowed: Apprise, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHISTLE_SECRET", "a secret that must not be seen")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9/")
    process = await allowed._process()
    told = await asyncio.to_thread(Path(f"/proc/{process.pid}/environ").read_bytes)
    allowed._idle.append(process)
    assert {line.partition(b"=")[0].decode() for line in told.split(b"\0") if line} <= {*ENVIRONMENT, "LC_CTYPE"}


def test_below_every_plug_in_nothing_gets_out_that_may_not(tmp_path: Path) -> None:
    """Whatever a plug-in tries, by whichever library."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", _ATTEMPTS], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    found = json.loads(ran.stdout)
    assert found.pop("allowed") == "ConnectionRefusedError", "nobody listens there, but it may be asked"
    assert found.pop("file") == "OSError"
    assert set(found.values()) == {"refused"}, found
    assert not (tmp_path / "written").exists() or (tmp_path / "written").stat().st_size == 0


def test_public_addresses_are_reached_where_mail_and_the_web_listen_and_nowhere_else() -> None:
    guard = Guard("10.0.0.0/8")
    for port in (443, 465, 587):
        guard.check("93.184.215.14", port, PORTS)
    guard.check("10.1.2.3", 25, PORTS)
    for address, port in (("93.184.215.14", 25), ("93.184.215.14", 80), ("192.168.1.1", 443), ("a.example", 443)):
        with pytest.raises(AddressRefusedError):
            guard.check(address, port, PORTS)
