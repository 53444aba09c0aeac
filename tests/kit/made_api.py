"""An HTTP application with one route of each sort, behind the edge that every service has."""

import contextlib
from collections.abc import AsyncIterator
from secrets import token_hex
from typing import Annotated, Any

import msgspec
from pymongo.errors import AutoReconnect
from starlette.responses import Response

from shared.kernel.errors import Refusal, not_found, second_factor
from shared.runtime.http_server.rate_limits import Quotas
from shared.runtime.http_server.route import Answer, Call, Route
from shared.runtime.http_server.server import Edge
from shared.runtime.identity.directory import Directory, Principal
from shared.runtime.settings import Settings

APP, OFFICER, OPS = "whk_app", "whk_officer", "whk_ops"
"""``OPS``: an officer whom the pack appoints to operations."""


class Lamp(msgspec.Struct, forbid_unknown_fields=True):
    pole: int
    words: Annotated[str, msgspec.Meta(max_length=10)]
    where: "Where | None" = None
    tags: list[str] = []


class Where(msgspec.Struct, forbid_unknown_fields=True):
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)]


class Page(msgspec.Struct, forbid_unknown_fields=True):
    limit: int = 50


class FakeDirectory(Directory):
    """Three tokens, no database."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.away = False
        self.confirmed = True

    async def principal(self, token: str) -> Principal | None:
        self.asked.append(token)
        if self.away:
            raise AutoReconnect("away")
        return {
            APP: Principal(kind="rider_app", city="harbour", app="rider-app-1"),
            OFFICER: Principal(kind="officer", city="harbour", person="qs-desk"),
            OPS: Principal(kind="officer", city="harbour", person="qs-walk", offices=("ops",)),
        }.get(token)

    async def check_confirmed(self, who: Principal, token: str) -> None:
        if not self.confirmed:
            raise second_factor()


class SampleApi:
    """An application with one route of each sort, and what its handlers were called with."""

    def __init__(self, rate: int = 1000) -> None:
        self.directory = FakeDirectory()
        self.calls: list[Call] = []
        apps = frozenset({"rider_app"})
        quotas = Quotas(Settings(key_rate=rate))
        routes = [
            Route(method="GET", path="/open", handler=self.answers, summary="anybody"),
            Route(method="GET", path="/lamps/{id}", handler=self.one, summary="one", roles=apps, query=Page),
            Route(
                method="POST",
                path="/lamps",
                handler=self.answers,
                summary="new",
                roles=apps,
                body=Lamp,
                keyed=True,
                json_max=2000,
            ),
            Route(
                method="POST", path="/photo", handler=self.answers, summary="raw", roles=apps, raw_max=100, keyed=True
            ),
            Route(
                method="POST",
                path="/link/{token}",
                handler=self.answers,
                summary="a link",
                raw_max=100,
                reads_body=lambda request: request.path_params["token"] == "ours",
            ),
            Route(
                method="POST",
                path="/page",
                handler=self.answers,
                summary="a page",
                raw_max=100,
                refusal_page=lambda _, refusal: Response(f"refused: {refusal.kind}", refusal.status),
            ),
            Route(
                method="GET",
                path="/both",
                handler=self.answers,
                summary="seen differently by officers and ops",
                roles=frozenset({"officer", "ops", "rider_app"}),
            ),
            Route(method="GET", path="/ops", handler=self.answers, summary="of ops", roles=frozenset({"ops"})),
            Route(method="GET", path="/fault", handler=self.fails, summary="fault"),
        ]
        self.application = Edge("test", self.directory, quotas, token_hex).application(routes, no_lifespan)

    async def answers(self, call: Call) -> Answer:
        self.calls.append(call)
        return Answer({"key": call.key}, 201, {"etag": '"1"'})

    async def one(self, call: Call) -> Answer:
        match call.path["id"]:
            case "away":
                raise AutoReconnect("the primary is away: secret-host:27017")
            case "picture":
                raise Refusal(415, "unsupported-media", "Send a JPEG.")
            case "busy":
                raise Refusal(503, "unavailable", "Too many.", retry_after=2)
            case "again":
                raise Refusal(409, "not-open", "Not now.", extra={"commands": ["claim"]}, replayed=True)
            case "none":
                raise not_found("lamp")
        return await self.answers(call)

    async def fails(self, _: Call) -> Answer:
        raise RuntimeError("the password is hunter2")


@contextlib.asynccontextmanager
async def no_lifespan(_: Any) -> AsyncIterator[None]:
    yield
