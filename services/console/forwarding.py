"""One public address: requests for the services' own paths are passed on, bodies and streams as they come.

The client's address goes on in ``X-Forwarded-For``; what the client itself sends under that name is believed only from
a proxy in ``WHISTLE_TRUSTED_PROXIES``, which uvicorn has looked at before.
"""

from collections.abc import AsyncIterator, Mapping

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
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
"""RFC 9110, section 7.6.1: of one connection, not of the message."""
OURS = frozenset(("x-forwarded-for", "x-forwarded-proto", "forwarded", "cookie", "whistle-city", "whistle-person"))
"""Headers that only we may say, and the console's own cookie, which is no service's."""
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
        response = await self._answer(self._clients[service], Request(scope, receive))
        _FORWARDED.labels(service, str(response.status_code)).inc()
        await response(scope, receive, send)

    async def _answer(self, client: httpx.AsyncClient, request: Request) -> Response:
        outgoing = client.build_request(
            request.method,
            httpx.URL(path=request.scope["path"], query=request.scope["query_string"]),
            headers=_headers(request),
            content=request.stream() if _has_body(request) else None,
            timeout=httpx.Timeout(QUIET_SECONDS, connect=2.0),
        )
        try:
            answer = await client.send(outgoing, stream=True)
        except ClientDisconnect:
            return Response(status_code=499)
        except httpx.HTTPError as away:
            log.warning("forward.failed", path=service_of(request.scope["path"]), kind=type(away).__name__)
            refusal = Refusal(
                503, "unavailable", "The service does not answer. Repeat with the same key.", retry_after=2
            )
            return problem(refusal, request.headers.get("traceparent", ""))
        kept = [(name, value) for name, value in answer.headers.multi_items() if name not in HOP_BY_HOP]
        response = StreamingResponse(_body(answer), answer.status_code)
        response.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in kept]
        return response


async def _body(answer: httpx.Response) -> AsyncIterator[bytes]:
    """What comes, as it comes; the service is let go when the client goes."""
    try:
        async for piece in answer.aiter_raw():
            yield piece
    finally:
        await answer.aclose()


def _has_body(request: Request) -> bool:
    return "content-length" in request.headers or "transfer-encoding" in request.headers


def _headers(request: Request) -> list[tuple[str, str]]:
    kept = [(name, value) for name, value in request.headers.items() if name not in HOP_BY_HOP | OURS]
    client = request.client.host if request.client is not None else ""
    return [*kept, ("x-forwarded-for", client), ("x-forwarded-proto", request.url.scheme)]
