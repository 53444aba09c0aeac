"""Receivers of webhooks that answer with malice: capped, counted as failures, and in time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import httpx
import pytest

from services.notifier.delivery import http_post
from services.notifier.delivery.http_post import Poster
from services.notifier.delivery.webhook_sender import WebhookSender
from services.notifier.delivery.webhook_signing import Secrets
from services.notifier.documents.delivery import WebhookDelivery
from services.notifier.documents.webhook import Webhook
from services.notifier.domain.retry import next_attempt
from shared.runtime.http_client import client as http_client
from shared.runtime.http_client.single_connection_pools import SingleConnectionPools
from shared.runtime.http_client.ssrf_guard import Guard
from tests.kit.made_reports import NOW, SECRET

BUFFERED_MAX = 32 * 1024 * 1024
"""What the machine itself may hold of an answer that nobody reads any more."""
Answers = Callable[[asyncio.StreamWriter], AsyncIterator[bytes]]


async def endless_body(_: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n"
    while True:
        yield b"x" * 65536


async def huge_body(_: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 500 Oh\r\ncontent-length: 10737418240\r\n\r\n"
    while True:
        yield b"x" * 65536


async def endless_headers(_: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    while True:
        yield b"x-more: " + b"y" * 1000 + b"\r\n"


async def drips(_: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n"
    while True:
        await asyncio.sleep(0.02)  # the slowness itself: less than any read time-out
        yield b"x"


async def loops(_: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 302 Found\r\nlocation: /again\r\ncontent-length: 0\r\n\r\n"


async def leads_inside(_: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 307 Temporary Redirect\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n"


async def asks_for_patience(_: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 503 Busy\r\nretry-after: nan\r\ncontent-length: 0\r\n\r\n"


async def talks_nonsense(_: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    yield b"\x00\x01 SSH-2.0 nonsense\r\n\r\n"


class Trap:
    """A receiver on a port of its own."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self.asked = 0
        self.sent = 0
        self.url = ""

    async def __aenter__(self) -> "Trap":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/hook"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        try:
            await reader.readuntil(b"\r\n\r\n")
            async for piece in self._answers(writer):
                writer.write(piece)
                self.sent += len(piece)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    yield http_client.client(transport=SingleConnectionPools())
    await http_client.close_all()


async def attempt(client: httpx.AsyncClient, trap: Trap) -> tuple[str, int | None, float | None]:
    sender = WebhookSender(None, Poster(Guard("127.0.0.0/8"), client), Secrets(SECRET))  # type: ignore[arg-type]
    webhook = Webhook(id="w1", city="harbour", app="app", url=trap.url, state="active", made_at=NOW)
    delivery = WebhookDelivery(
        id="d1",
        city="harbour",
        receiver="w1",
        case="c1",
        event="e1",
        type="case.closed.v1",
        body="{}",
        state="pending",
        attempts=0,
        next_at=NOW,
        made_at=NOW,
    )
    outcome = await sender.attempt(webhook, delivery)
    return outcome.name, outcome.status, outcome.wait


async def test_an_answer_without_an_end_is_read_so_far_and_no_further(client: httpx.AsyncClient) -> None:
    """B32: ten gigabytes."""
    async with Trap(endless_body) as trap:
        assert await attempt(client, trap) == ("delivered", 200, None)
        assert trap.sent < BUFFERED_MAX
    async with Trap(huge_body) as trap:
        assert (await attempt(client, trap))[:2] == ("refused", 500)
        assert trap.sent < BUFFERED_MAX


@pytest.mark.parametrize("answers", [endless_headers, talks_nonsense])
async def test_what_is_no_answer_is_a_failure(client: httpx.AsyncClient, answers: Answers) -> None:
    """B32."""
    async with Trap(answers) as trap:
        assert await attempt(client, trap) == ("unreachable", None, None)


async def test_an_answer_that_drips_is_a_failure_in_time(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B32: every byte comes before the read time-out, and the whole never."""
    monkeypatch.setattr(http_post, "SECONDS_MAX", 0.5)
    async with Trap(drips) as trap:
        assert await attempt(client, trap) == ("unreachable", None, None)


@pytest.mark.parametrize("answers", [loops, leads_inside])
async def test_a_redirect_is_a_refusal_and_never_followed(client: httpx.AsyncClient, answers: Answers) -> None:
    """B31, B32."""
    async with Trap(answers) as trap:
        outcome, status, _ = await attempt(client, trap)
        assert (outcome, status in (302, 307), trap.asked) == ("refused", True, 1)


async def test_patience_that_is_no_number_is_not_asked_for(client: httpx.AsyncClient) -> None:
    """B32."""
    async with Trap(asks_for_patience) as trap:
        outcome, status, patience = await attempt(client, trap)
    assert (outcome, status) == ("refused", 503)
    now = datetime(2026, 3, 2, tzinfo=UTC)
    for asked in (patience, float("inf"), -5.0):
        again = next_attempt(1, now, 0.0, asked)
        assert again is not None
        assert 0 < (again - now).total_seconds() <= 3600
