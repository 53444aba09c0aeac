"""A request to an address that somebody outside gave: the address is checked, time and answer are bounded."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from shared.runtime.http_client.ssrf_guard import Guard


class UnreachableError(Exception):
    """No answer; the message is the error's name and nothing of the address."""


@dataclass(frozen=True, slots=True)
class BoundedAnswer:
    """Status, headers, and as much of the body as was asked for."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class BoundedRequests:
    """Sends to the address that was checked, and follows no redirect. ``most``: bytes that are read of an answer;
    ``seconds``: within which it is there."""

    def __init__(self, guard: Guard, client: httpx.AsyncClient, *, most: int, seconds: float) -> None:
        self._guard = guard
        self._client = client
        self._most = most
        self._seconds = seconds

    async def send(
        self, method: str, url: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> BoundedAnswer:
        """Raises ``AddressRefusedError`` or ``UnreachableError``."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._sent(method, url, content, headers or {})
        except (httpx.HTTPError, OSError, TimeoutError, ValueError) as error:
            raise UnreachableError(type(error).__name__) from None

    async def _sent(self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]) -> BoundedAnswer:
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
                if len(said) > self._most:
                    break
        finally:
            await answer.aclose()
        return BoundedAnswer(answer.status_code, answer.headers, said[: self._most])
