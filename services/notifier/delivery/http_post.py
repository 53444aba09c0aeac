"""A request to an address that somebody outside gave: the address is checked, time and answer are bounded."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from shared.runtime.http_client.ssrf_guard import Guard

ANSWER_MAX = 64 * 1024
SECONDS_MAX = 8.0


class UnreachableError(Exception):
    """No answer; the message is the error's name and nothing of the address."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, the first 64 KiB of the body, and the seconds of ``Retry-After``."""

    status: int
    content: bytes
    retry_after: float | None


class Poster:
    """Sends to the address that was checked, follows no redirect, and is done within eight seconds."""

    def __init__(self, guard: Guard, client: httpx.AsyncClient) -> None:
        self._guard = guard
        self._client = client

    async def post(self, url: str, body: str, headers: Mapping[str, str]) -> Reply:
        """``body`` is JSON. Raises ``AddressRefusedError`` or ``UnreachableError``."""
        return await self._answer("POST", url, body.encode(), {"content-type": "application/json", **headers})

    async def get(self, url: str) -> Reply:
        """Raises ``AddressRefusedError`` or ``UnreachableError``."""
        return await self._answer("GET", url, None, {})

    async def _answer(self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]) -> Reply:
        try:
            async with asyncio.timeout(SECONDS_MAX):
                return await self._send(method, url, content, headers)
        except (httpx.HTTPError, OSError, TimeoutError, ValueError) as error:
            raise UnreachableError(type(error).__name__) from None

    async def _send(self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]) -> Reply:
        target = await self._guard.checked(url)
        request = self._client.build_request(
            method,
            target.url,
            content=content,
            headers={"accept-encoding": "identity", **headers, **target.headers},
            extensions=target.extensions,
        )
        answer = await self._client.send(request, stream=True)
        try:
            said = b""
            async for chunk in answer.aiter_raw():
                said += chunk
                if len(said) > ANSWER_MAX:
                    break
        finally:
            await answer.aclose()
        return Reply(answer.status_code, said[:ANSWER_MAX], _seconds(answer.headers.get("retry-after")))


def _seconds(header: str | None) -> float | None:
    """The seconds of a ``Retry-After`` header; None for a date, for other text, and for zero or less."""
    try:
        seconds = float(header) if header is not None else 0.0
    except ValueError:
        return None
    return seconds if seconds > 0 else None
