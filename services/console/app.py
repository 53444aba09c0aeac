"""The console: the one public address. Its own pages, and behind it the services' paths.

It keeps nothing and talks to no broker: what it shows it asks the services, with the session of whoever looks.
"""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Unpack

import prometheus_client
from starlette.datastructures import State
from starlette.responses import Response

from services.console.forwarding import Forwarding
from services.console.pages.case import CasePage
from services.console.pages.my_work import MyWork
from services.console.pages.signing_in import SigningIn
from services.console.router_client import Services
from services.console.service_paths import ServiceName
from shared.case_page.rendering import STYLE as CASE_STYLE
from shared.runtime.http_client import client as http_client
from shared.runtime.http_server.rate_limits import Quotas
from shared.runtime.http_server.route import Answer, Call, Route, get
from shared.runtime.http_server.server import Edge
from shared.runtime.observability.metrics_page import MetricsPage
from shared.runtime.ops_answers import AliveAnswer, ReadyAnswer, UnreadyAnswer
from shared.runtime.service import ServiceOverrides, ids_of
from shared.runtime.settings import Settings

PORT = 8800
FORWARDED_MAX = 10_000
"""Requests passed on at once to each service. A live stream is one for hours: pages have connections of their own."""
STYLE = (Path(__file__).parent / "templates" / "console.css").read_text() + CASE_STYLE


class Console(Forwarding):
    """The ASGI application, with the ``state`` that ``serve`` asks for."""

    state = State({"on_stop": []})


def build(settings: Settings, **given: Unpack[ServiceOverrides]) -> Console:
    """The application. Nothing connects before it starts; what is not ``given`` is the real thing."""
    transport = given.get("transport")
    urls: dict[ServiceName, str] = {
        "intake": settings.intake_url,
        "router": settings.router_url,
        "notifier": settings.notifier_url,
    }
    asked = {name: http_client.client(url, transport=transport) for name, url in urls.items()}
    behind = {name: http_client.client(url, transport=transport, most=FORWARDED_MAX) for name, url in urls.items()}
    services = Services(asked["router"], asked["intake"], asked["notifier"])
    routes = own_routes(services)
    edge = Edge("console", None, Quotas(settings), ids_of(given))
    return Console(edge.application(routes, _lifespan), behind)


def own_routes(services: Services) -> list[Route]:
    """The console's own; every other path is a service's."""
    pages = (SigningIn(services), MyWork(services), CasePage(services))
    return [*(route for each in pages for route in each.routes()), *_common_routes(services)]


@contextlib.asynccontextmanager
async def _lifespan(_: Any) -> AsyncIterator[None]:
    prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
    yield
    await http_client.close_all()


def _common_routes(services: Services) -> list[Route]:
    metrics_page = MetricsPage()

    async def style(_: Call) -> Response:
        return Response(STYLE, media_type="text/css", headers={"cache-control": "max-age=300"})

    async def live(_: Call) -> Answer:
        return Answer(AliveAnswer())

    async def ready(_: Call) -> Answer:
        cities, reasons = await services.readiness()
        if reasons:
            return Answer(UnreadyAnswer(reasons=reasons), 503)
        return Answer(ReadyAnswer(cities=cities, behind={}))

    async def metrics(_: Call) -> Response:
        return Response(await metrics_page.text(), media_type=prometheus_client.CONTENT_TYPE_LATEST)

    return [
        get("/console.css", style, "The pages' style", media=("text/css",)),
        get("/healthz", live, "The process answers", answers={200: AliveAnswer}),
        get("/livez", live, "The process answers", answers={200: AliveAnswer}),
        get("/readyz", ready, "Ready to work", answers={200: ReadyAnswer, 503: UnreadyAnswer}),
        get("/metrics", metrics, "Prometheus metrics", media=("text/plain",)),
    ]
