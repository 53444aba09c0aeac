"""HTTP out: the one module that makes httpx clients, with limits on time, redirects and answers."""

import httpx

CONNECT_SECONDS = 2.0
READ_SECONDS = 5.0
_open: list[httpx.AsyncClient] = []


def client(base_url: str = "", *, transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """A client that follows no redirects and reads no proxy settings; closed when the service stops."""
    made = httpx.AsyncClient(
        base_url=base_url,
        transport=transport,
        timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        limits=httpx.Limits(max_connections=100, max_keepalive_connections=50),
        follow_redirects=False,
        trust_env=False,
    )
    _open.append(made)
    return made


async def close_all() -> None:
    """Close every client that was made."""
    while _open:
        await _open.pop().aclose()
