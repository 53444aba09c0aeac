"""One public address: requests for the services' own paths are passed on, bodies and streams as they come.

The client's address goes on in ``X-Forwarded-For``; what the client itself sends under that name is believed only from
a proxy in ``WHISTLE_TRUSTED_PROXIES``, which uvicorn has looked at before. A path is passed on as exactly the one that
``service_of`` judged: a client library that resolves ``..`` afterwards would reach what is not public.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from urllib.parse import quote

import httpx
import structlog
from prometheus_client import Counter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from services.console.service_paths import ServiceName, service_of
from shared.kernel.errors import Refusal
from shared.runtime.http_server.server import problem

log = structlog.get_logger()
_FORWARDED = Counter(
    "whistle_requests_forwarded_total",
    "Requests passed on, by service and status of the answer; 503 also where the service did not answer.",
    ["service", "status"],
)
HOP_BY_HOP = frozenset(
    (
        "connection",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
"""RFC 9110, section 7.6.1: of one connection, not of the message; so are those that its ``Connection`` names."""
OURS = frozenset(("forwarded", "cookie", "whistle-city", "whistle-person", "x-real-ip"))
"""Headers that only we may say, as all of ``X-Forwarded-…``, and the console's own cookie, which is no service's."""
IN_PATHS = "/:@!$&'()*+,;=-._~"
"""Characters that stand for themselves in a path (RFC 3986); all others are escaped, ``%`` among them."""
QUIET_SECONDS = 60.0
"""A live stream says something every fifteen."""


class Forwarding:
    """An ASGI application: the services behind ``pages``."""

    def __init__(self, pages: ASGIApp, clients: Mapping[ServiceName, httpx.AsyncClient]) -> None:
        self._pages = pages
        self._clients = clients

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        service = service_of(scope["path"]) if scope["type"] == "http" else None
        if service is None:
            await self._pages(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            answer = await self._asked(self._clients[service], request)
        except ClientDisconnect:
            return
        except (httpx.HTTPError, httpx.InvalidURL) as away:
            log.warning("forward.failed", path=service, kind=type(away).__name__)
            _FORWARDED.labels(service, "503").inc()
            await _away(request)(scope, receive, send)
            return
        _FORWARDED.labels(service, str(answer.status_code)).inc()
        try:
            await _passed_on(answer)(scope, receive, send)
        finally:  # also where the client went before the first byte: the service's connection is free again
            await answer.aclose()

    async def _asked(self, client: httpx.AsyncClient, request: Request) -> httpx.Response:
        """The service's answer, its body still to come. Raises ``ClientDisconnect`` and what httpx does."""
        outgoing = client.build_request(
            request.method,
            httpx.URL(path=quote(request.scope["path"], safe=IN_PATHS), query=request.scope["query_string"] or None),
            headers=_headers(request),
            content=request.stream() if _has_body(request) else None,
            timeout=httpx.Timeout(QUIET_SECONDS, connect=2.0),
        )
        return await client.send(outgoing, stream=True)


def _passed_on(answer: httpx.Response) -> Response:
    response = StreamingResponse(_body(answer), answer.status_code)
    response.raw_headers = _of_the_message(answer.headers.raw)
    return response


def _away(request: Request) -> Response:
    refusal = Refusal(503, "unavailable", "The service does not answer. Repeat with the same key.", retry_after=2)
    return problem(refusal, request.headers.get("traceparent", ""))


async def _body(answer: httpx.Response) -> AsyncIterator[bytes]:
    """What comes, as it comes."""
    async for piece in answer.aiter_raw():
        yield piece


def _has_body(request: Request) -> bool:
    return "content-length" in request.headers or "transfer-encoding" in request.headers


def _headers(request: Request) -> list[tuple[bytes, bytes]]:
    """As bytes: what is no ASCII in them is not ours to judge."""
    kept = [
        (name, value)
        for name, value in _of_the_message(request.headers.raw)
        if name.decode("latin-1") not in OURS and not name.startswith(b"x-forwarded-")
    ]
    client = request.client.host if request.client is not None else ""
    scheme: str = request.scope["scheme"]
    return [*kept, (b"x-forwarded-for", client.encode()), (b"x-forwarded-proto", scheme.encode())]


def _of_the_message(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Without those of the connection; names in lower case."""
    lower = [(name.lower(), value) for name, value in headers]
    named = b",".join(value for name, value in lower if name == b"connection").decode("latin-1")
    dropped = HOP_BY_HOP | {one.strip().lower() for one in named.split(",")} - {"content-length"}
    return [(name, value) for name, value in lower if name.decode("latin-1") not in dropped]
