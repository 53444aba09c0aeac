"""The console: the one public address. Its own pages, and behind it the services' paths.

It keeps nothing and talks to no broker: what it shows it asks the services, with the session of whoever looks.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Unpack

import httpx
import prometheus_client
import structlog
from starlette.datastructures import State
from starlette.responses import Response
from starlette.types import ASGIApp

from services.console.forwarding import Forwarding
from services.console.frame.built_files import BuiltFiles
from services.console.frame.page import Page
from services.console.frame.site import Site
from services.console.live.rights import Rights
from services.console.live.router_stream import RouterStream
from services.console.live.service_token import ServiceToken
from services.console.page_list import PAGES
from services.console.queue_client import QueueCalls
from services.console.readiness import Readiness
from services.console.rider_client import RiderServices
from services.console.router_client import Services
from services.console.service_paths import ServiceName
from services.console.sign_in_client import DevelopmentCalls
from services.console.typesetting import Typesetter
from shared.kernel.ids import Ids
from shared.runtime.http_client import client as http_client
from shared.runtime.http_server.rate_limits import Quotas
from shared.runtime.http_server.route import Answer, Call, Route, get
from shared.runtime.http_server.server import Edge
from shared.runtime.identity.development_keys import app_key
from shared.runtime.observability.metrics_page import MetricsPage
from shared.runtime.ops_answers import AliveAnswer, ReadyAnswer, UnreadyAnswer
from shared.runtime.service import ServiceOverrides, ids_of
from shared.runtime.settings import Settings

log = structlog.get_logger()
PORT = 8800
FORWARDED_MAX = 10_000
"""Requests passed on at once to each service. A live stream is one for hours: pages have connections of their own."""


class Console(Forwarding):
    """The ASGI application, with the ``state`` that ``serve`` asks for: at its stop the live streams end."""

    def __init__(self, pages: ASGIApp, clients: Mapping[ServiceName, httpx.AsyncClient], site: Site) -> None:
        super().__init__(pages, clients)
        self.site = site
        self.state = State({"on_stop": [site.feed.close]})


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
    development = DevelopmentCalls(services, ServiceToken(settings.secret_text)) if settings.dev_tokens else None
    site = site_of(
        services,
        ids_of(given),
        _rider_key(settings, services),
        settings.cookie_key,
        typesetter=Typesetter(settings.pdf_font),
        development=development,
    )
    edge = Edge("console", None, Quotas(settings), ids_of(given))
    lifespan = _life(site, settings, asked["router"])
    return Console(edge.application(own_routes(site), lifespan, Page(site).refused), behind, site)


def site_of(
    services: Services,
    ids: Ids,
    rider_key: Callable[[], Awaitable[str]],
    cookie_key: bytes,
    *,
    typesetter: Typesetter | None = None,
    development: DevelopmentCalls | None = None,
) -> Site:
    """What the pages share. Raises ``NotBuiltError``."""
    links = tuple(link for page in PAGES for link in page.links)
    riders = RiderServices(services, rider_key)
    return Site(
        services,
        BuiltFiles(),
        ids,
        links,
        riders=riders,
        cookie_key=cookie_key,
        typesetter=typesetter,
        development=development,
    )


def _rider_key(settings: Settings, services: Services) -> Callable[[], Awaitable[str]]:
    """The key of the installation's own rider app; in development that of the first city's app."""

    async def key() -> str:
        given = settings.rider_key_text
        if given or not settings.dev_tokens:
            return given
        cities, _ = await services.readiness()
        city = settings.city or min(cities, default="")
        return app_key(settings.secret_text, "rider_app", city, "app_key") if city else ""

    return key


def own_routes(site: Site) -> list[Route]:
    """The console's own; every other path is a service's."""
    pages = [route for page in PAGES for route in page(site).routes()]
    return [*pages, *site.built.routes(), *_common_routes(site.services)]


def _life(
    site: Site, settings: Settings, router: httpx.AsyncClient
) -> Callable[[Any], contextlib.AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        """The router's stream is followed as long as the process runs. Raises ``ValueError`` without a secret."""
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        token = ServiceToken(settings.secret_text)
        stream, rights = RouterStream(router, token, site.feed), Rights(QueueCalls(site.services), token, site.feed)
        loops = [asyncio.create_task(_kept_up(run)) for run in (stream.run, rights.run)]
        yield
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        site.typesetter.close()
        await http_client.close_all()

    return lifespan


async def _kept_up(run: Callable[[], Awaitable[None]]) -> None:
    """A fault of a loop is logged, and the loop goes on: pages work without it."""
    while True:
        try:
            await run()
        except Exception:
            log.exception("live.failed")
        await asyncio.sleep(1.0)


def _common_routes(services: Services) -> list[Route]:
    metrics_page, readiness = MetricsPage(), Readiness(services)

    async def live(_: Call) -> Answer:
        return Answer(AliveAnswer())

    async def ready(_: Call) -> Answer:
        cities, reasons = await readiness.of_all()
        if reasons:
            return Answer(UnreadyAnswer(reasons=reasons), 503)
        return Answer(ReadyAnswer(cities=cities, behind={}))

    async def metrics(_: Call) -> Response:
        return Response(await metrics_page.text(), media_type=prometheus_client.CONTENT_TYPE_LATEST)

    return [
        get("/healthz", live, "The process answers", answers={200: AliveAnswer}),
        get("/livez", live, "The process answers", answers={200: AliveAnswer}),
        get("/readyz", ready, "Ready to work", answers={200: ReadyAnswer, 503: UnreadyAnswer}),
        get("/metrics", metrics, "Prometheus metrics", media=("text/plain",)),
    ]
