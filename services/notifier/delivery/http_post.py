"""A request to an address that somebody outside gave, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from shared.runtime.http_client.bounded_requests import BoundedRequests
from shared.runtime.http_client.bounded_requests import UnreachableError as UnreachableError
from shared.runtime.http_client.ssrf_guard import Guard

ANSWER_MAX = 64 * 1024
SECONDS_MAX = 8.0


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, the first 64 KiB of the body, and the seconds of ``Retry-After``."""

    status: int
    content: bytes
    retry_after: float | None


class Poster:
    """Sends to the address that was checked, follows no redirect, and is done within eight seconds."""

    def __init__(self, guard: Guard, client: httpx.AsyncClient) -> None:
        self._requests = BoundedRequests(guard, client, most=ANSWER_MAX, seconds=SECONDS_MAX)

    async def post(self, url: str, body: str, headers: Mapping[str, str]) -> Reply:
        """``body`` is JSON. Raises ``AddressRefusedError`` or ``UnreachableError``."""
        return await self._reply("POST", url, body.encode(), {"content-type": "application/json", **headers})

    async def get(self, url: str) -> Reply:
        """Raises ``AddressRefusedError`` or ``UnreachableError``."""
        return await self._reply("GET", url, None, {})

    async def _reply(self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]) -> Reply:
        answer = await self._requests.send(method, url, content, headers)
        return Reply(answer.status, answer.content, _seconds(answer.headers.get("retry-after")))


def _seconds(header: str | None) -> float | None:
    """The seconds of a ``Retry-After`` header; None for a date, for other text, and for zero or less."""
    try:
        seconds = float(header) if header is not None else 0.0
    except ValueError:
        return None
    return seconds if seconds > 0 else None
