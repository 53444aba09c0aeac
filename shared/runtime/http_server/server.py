"""The HTTP edge: routes declare path, roles, body, query and answers; this module authenticates, validates and answers.

It uses Starlette and msgspec: parsing, validating and answering take 129 µs of CPU, with FastAPI 358 (measured,
decision 0002). Order of checks: 401, the form of the request, then in the handler: repeated idempotency key, 404, 403,
412, 409. Errors are RFC 9457 problems; every wrong field is named by a JSON pointer.
"""

import asyncio
import re
import time
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import msgspec
import structlog
from prometheus_client import Counter, Histogram
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.routing import compile_path
from starlette.types import Receive, Scope, Send

from shared.kernel.errors import Refusal, bad_request, forbidden, unauthorized, unavailable
from shared.kernel.ids import Ids
from shared.runtime.confined_process import ProcessEndedError
from shared.runtime.http_server.decoding import Body, NoParameters, parameters, query, read_in_process
from shared.runtime.http_server.problem_types import URN, title
from shared.runtime.http_server.rate_limits import Quotas
from shared.runtime.http_server.route import READ_ON_LOOP_MAX, Answer, Call, Route
from shared.runtime.identity.directory import Directory, Principal
from shared.runtime.identity.security_log import SecurityLog
from shared.runtime.observability.log_ids import ids_in
from shared.runtime.observability.telemetry import OFF, Endpoint, Telemetry
from shared.runtime.observability.trace_id import new_trace
from shared.runtime.storage.mongo import MongoError

log = structlog.get_logger()
T = TypeVar("T")

QUERY_MAX = 1024
"""The same for a query; it is smaller because percent escapes are slow to decode."""
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""W3C Trace Context. Anything else is ignored and a new trace begins, so that no foreign text gets into the logs."""
PATH_SHOWN = 200
OFFICE = "whistle-office"
"""By this header an officer asks in an office that he has, where the route answers both: ops that look into a case see
what ops see, and not what their unit sees."""
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_REQUESTS = Counter("whistle_http_requests_total", "HTTP answers.", ["service", "route", "status"])
_SECONDS = Histogram(
    "whistle_http_request_duration_seconds",
    "Time to answer.",
    ["service", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
_encoder = msgspec.json.Encoder()


def problem(refusal: Refusal, trace: str) -> Response:
    """``refusal`` as application/problem+json."""
    document: dict[str, object] = {
        "type": f"{URN}{refusal.kind}",
        "title": title(refusal.kind),
        "status": refusal.status,
        "detail": refusal.detail,
        "trace_id": trace.split("-")[1] if trace else "",
        **refusal.extra,
    }
    if refusal.errors:
        document["errors"] = [{"pointer": e.pointer, "detail": e.detail} for e in refusal.errors]
    headers = {"retry-after": str(refusal.retry_after)} if refusal.retry_after is not None else {}
    if refusal.replayed:
        headers["idempotent-replayed"] = "true"
    return Response(_encoder.encode(document), refusal.status, headers, "application/problem+json")


class Application(Starlette):
    """A Starlette application that finds routes without path parameters by a dict lookup, before Starlette's routing.

    On ``POST /v1/reports``, Starlette's middlewares and its matching of one route after the other took 30 % of the
    request's CPU (measured). They are not needed there: our endpoints catch every exception themselves.
    """

    fixed: dict[tuple[str, str], Endpoint]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self.fixed.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if endpoint is None:
            await super().__call__(scope, receive, send)
        else:
            response = await endpoint(Request(scope, receive, send))
            await response(scope, receive, send)


class Edge:
    """Builds the application of a service from its declared routes."""

    def __init__(
        self,
        service: str,
        directory: Directory | None,
        quotas: Quotas,
        ids: Ids,
        telemetry: Telemetry = OFF,
        security_log: SecurityLog | None = None,
    ) -> None:
        """``directory``: needed where a route has roles; ``security_log``: where one is ``logged``."""
        self._security_log = security_log
        self._service = service
        self._directory = directory
        self._quotas = quotas
        self._ids = ids
        self._telemetry = telemetry

    def application(
        self,
        routes: list[Route],
        lifespan: Callable[[Any], Any],
        lost_page: Callable[[Request, Refusal], Response] | None = None,
    ) -> Application:
        """The ASGI application. ``lost_page``: what people read at an address that is none, in place of a problem
        document."""

        async def lost(request: Request, _: Exception) -> Response:
            unknown = Refusal(404, "not-found", f"There is no {_path(request)[:PATH_SHOWN]} here.")
            if lost_page is not None and "text/html" in request.headers.get("accept", ""):
                return lost_page(request, unknown)
            return _unserved(request, unknown, self._ids)

        async def wrong_method(request: Request, _: Exception) -> Response:
            refusal = Refusal(405, "method-not-allowed", f"{request.method} is not served here.")
            answer = _unserved(request, refusal, self._ids)
            answer.headers["allow"] = ", ".join(sorted(methods[_pattern(request, routes)]))
            return answer

        methods: dict[str, set[str]] = {}
        for route in routes:
            methods.setdefault(route.path, set()).add(route.method)

        bound = [(route, self._bound(route)) for route in routes]
        application = Application(
            routes=[StarletteRoute(r.path, endpoint, methods=[r.method]) for r, endpoint in bound],
            lifespan=lifespan,
            exception_handlers={404: lost, 405: wrong_method},
        )
        application.router.redirect_slashes = False  # it would send callers to whatever their Host header says
        application.fixed = {(r.method, r.path): endpoint for r, endpoint in bound if "{" not in r.path}
        return application

    def _bound(self, route: Route) -> Endpoint:
        body = Body(route.body) if route.body is not None else None
        name = f"{route.method} {route.path}"
        seconds = _SECONDS.labels(self._service, name)
        requests = cache(lambda status: _REQUESTS.labels(self._service, name, str(status)))

        async def endpoint(request: Request) -> Response:
            began = time.perf_counter()
            trace = self._telemetry.traceparent() or _trace(request, self._ids)
            try:
                call = await self._checked(route, body, request, trace)
                response = await self._handled(route, call)
            except Refusal as refusal:
                response = _refused(route, request, refusal, trace)
            except MongoError as error:
                log.warning("http.store_away", route=name, error=str(error), kind=type(error).__name__)
                away = unavailable("The store does not answer. Repeat with the same key.")
                response = _refused(route, request, away, trace)
            except ClientDisconnect:
                return Response(status_code=499)
            except Exception:
                log.exception("http.failed", route=name, trace=trace, **_ids(request))
                fault = Refusal(500, "fault", "A fault of ours; it is logged under trace_id.")
                response = _refused(route, request, fault, trace)
            response.headers["traceparent"] = trace
            took = time.perf_counter() - began
            seconds.observe(took)
            requests(response.status_code).inc()
            if route.method != "GET" and response.status_code >= 400:
                told = {"status": response.status_code, "took_ms": round(took * 1000, 1), "trace": trace}
                log.info("http.refused", route=name, **told, **_ids(request))
            return response

        return self._telemetry.served(route.method, route.path, endpoint)

    async def _handled(self, route: Route, call: Call) -> Response:
        """The handler's answer. Where the route is logged, the entry is stored before anybody has the answer."""
        try:
            answer = await route.handler(call)
        except Refusal as refusal:
            await self._log(route, call, refusal.status)
            raise
        response = answer if isinstance(answer, Response) else _json(answer, route)
        await self._log(route, call, response.status_code)
        return response

    async def _log(self, route: Route, call: Call, status: int) -> None:
        if route.logged is None:
            return
        if self._security_log is None:
            raise ValueError(f"{route.path} is to be logged, and there is no security log")
        who = call.principal
        await self._security_log.write(
            city=call.city or who.city,
            kind=route.logged,
            what=f"{route.method} {route.path}",
            who=who.person or who.name or who.who,
            role=who.kind,
            on=call.on or call.path.get("id", ""),
            outcome=str(status),
            session=who.session or "",
            address=call.address,
            trace=call.trace,
        )

    async def _checked(self, route: Route, body: Body | None, request: Request, trace: str) -> Call:
        principal = await self._principal(route, request)
        key = _idempotency_key(request) if route.keyed else ""
        raw = b""
        if route.method != "GET" and (route.reads_body is None or route.reads_body(request)):
            raw = await _body(request, route.raw_max or route.json_max)
        call = Call(request, principal, request.path_params, key, trace, raw, token=_token(request))
        asked = request.scope["query_string"]
        if route.query is not None or (route.roles and asked):  # of a page messengers add to it
            shape = route.query or NoParameters
            call.query = (
                _query(asked, shape) if len(asked) <= QUERY_MAX else await asyncio.to_thread(_query, asked, shape)
            )
        if body is not None:
            call.body = await _read(route, body, raw)
        return call

    async def _principal(self, route: Route, request: Request) -> Principal:
        if not route.roles:
            return Principal(kind="anybody", city="")
        token = _token(request)
        if not token or self._directory is None:
            raise unauthorized()
        principal = await self._directory.principal(token)
        if principal is None:
            raise unauthorized()
        self._quotas.charge_key(principal)
        offices = [office for office in principal.offices if office in route.roles]
        if principal.kind in route.roles and request.headers.get(OFFICE) not in offices:
            return principal
        office = next(iter(offices), None)
        if office is None:
            raise forbidden(f"This is for {', '.join(sorted(route.roles))}; the token is of kind {principal.kind}.")
        await self._directory.check_confirmed(principal, token)
        return msgspec.structs.replace(principal, kind=office)


def _refused(route: Route, request: Request, refusal: Refusal, trace: str) -> Response:
    """The problem document, or the page that people read instead."""
    return problem(refusal, trace) if route.refusal_page is None else route.refusal_page(request, refusal)


async def _read(route: Route, body: Body, raw: bytes) -> Any:
    if len(raw) <= READ_ON_LOOP_MAX:
        return body.read(raw)
    if route.large_body_process is None:
        return await asyncio.to_thread(body.read, raw)
    try:
        decoded, refused = await route.large_body_process.run(read_in_process, route.body, raw)
    except ProcessEndedError as ended:
        raise Refusal(422, "too-costly", "The body takes too much time or memory to read.") from ended
    if refused is not None:
        raise Refusal(*refused)
    return decoded


def _token(request: Request) -> str:
    """The bearer token; empty when there is none or it is too long for one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" and len(token) <= 512 else ""


def _unserved(request: Request, refusal: Refusal, ids: Ids) -> Response:
    trace = _trace(request, ids)
    answer = problem(refusal, trace)
    answer.headers["traceparent"] = trace
    return answer


def _pattern(request: Request, routes: list[Route]) -> str:
    """The declared path that matches a request whose method is not allowed there."""
    return next(r.path for r in routes if compile_path(r.path)[0].match(_path(request)))


def _ids(request: Request) -> dict[str, str]:
    """Our ids in the path."""
    return ids_in(*(str(value) for value in request.path_params.values()))


def _path(request: Request) -> str:
    """The request's path. ``request.url.path`` would parse the Host header, which may be malformed."""
    path: str = request.scope["path"]
    return path


def _json(answer: Answer, route: Route) -> Response:
    """Raises ``TypeError`` for a body that is not of the declared type, so that no answer differs from the page."""
    body, declared = answer.body, route.answers.get(answer.status)
    if declared is not None and type(body) is not declared and type(body) is not msgspec.Raw:
        found = type(body).__name__
        raise TypeError(f"{route.path} answers {answer.status} with {found}; declared is {declared.__name__}")
    if body is None:
        return Response(status_code=answer.status, headers=dict(answer.headers))
    return Response(_encoder.encode(answer.body), answer.status, dict(answer.headers), "application/json")


def _trace(request: Request, ids: Ids) -> str:
    given = request.headers.get("traceparent", "")
    return given if _TRACEPARENT.fullmatch(given) else new_trace(ids)


def _idempotency_key(request: Request) -> str:
    key = request.headers.get("idempotency-key", "")
    if not _KEY.fullmatch(key):
        raise bad_request(
            "idempotency-key",
            "Send an Idempotency-Key header of 1 to 255 visible ASCII characters; the same key repeats the answer.",
        )
    return key


def _query(asked: bytes, shape: type[msgspec.Struct]) -> object:
    return query(parameters(asked), shape)


async def _body(request: Request, limit: int) -> bytes:
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise Refusal(413, "too-large", f"At most {limit} bytes.")
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise Refusal(413, "too-large", f"At most {limit} bytes.")
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
