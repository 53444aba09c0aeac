"""Outgoing HTTP: the one module that makes httpx clients, with time-outs and without redirects or proxy settings."""

from collections.abc import AsyncGenerator, Awaitable, Callable

import httpx

Transport = httpx.AsyncBaseTransport
"""What carries requests to a peer; tests pass their own."""

CONNECT_SECONDS = 2.0
READ_SECONDS = 5.0
CONNECTIONS = 100
_open: list[httpx.AsyncClient] = []


class ServiceAuth(httpx.Auth):
    """Authenticates requests between services with their token; after a 401, once more with the token read again."""

    def __init__(self, token: Callable[[bool], Awaitable[str]]) -> None:
        self._token = token
        """``Installation.service_token``."""

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        shown = await self._token(False)
        request.headers["authorization"] = f"Bearer {shown}"
        answer = yield request
        if answer.status_code == 401 and (fresh := await self._token(True)) != shown:
            request.headers["authorization"] = f"Bearer {fresh}"
            yield request


def client(
    base_url: str = "",
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    auth: httpx.Auth | None = None,
    most: int = CONNECTIONS,
) -> httpx.AsyncClient:
    """A client that follows no redirects and reads no proxy settings. ``close_all`` closes it at the service's stop.

    ``most``: connections that are open at once.
    """
    made = httpx.AsyncClient(
        base_url=base_url,
        auth=auth,
        transport=transport,
        timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        limits=httpx.Limits(max_connections=most, max_keepalive_connections=50),
        follow_redirects=False,
        trust_env=False,
    )
    _open.append(made)
    return made


async def close_all() -> None:
    """Close every client that was made."""
    while _open:
        await _open.pop().aclose()
