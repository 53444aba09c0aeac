"""What a route answers is what it declares: the edge sends nothing else, and the kit's clients would see it."""

from secrets import token_hex
from typing import Any

import httpx
import msgspec
import pytest

from shared.runtime.http_server.rate_limits import Quotas
from shared.runtime.http_server.route import Answer, Call, get
from shared.runtime.http_server.server import Edge
from shared.runtime.settings import Settings
from tests.kit.declared_answers import check, declared
from tests.kit.made_api import no_lifespan


class Pole(msgspec.Struct):
    height: int


class Lamp(msgspec.Struct):
    pole: int


async def asked(body: object, shape: Any = Lamp) -> httpx.Response:
    async def handler(_: Call) -> Answer:
        return Answer(body)

    route = get("/lamps", handler, "A lamp", answers={200: shape})
    application = Edge("test", None, Quotas(Settings()), token_hex).application([route], no_lifespan)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=application), base_url="http://test") as client:
        return await client.get("/lamps")


async def test_what_is_declared_is_answered() -> None:
    assert (await asked(Lamp(3))).json() == {"pole": 3}
    assert (await asked(msgspec.Raw(b'{"pole":3}'))).json() == {"pole": 3}


@pytest.mark.parametrize("body", [{"pole": 3}, Pole(3), [Lamp(3)], None])
async def test_anything_else_is_a_fault_of_ours(body: object) -> None:
    answer = await asked(body)
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:whistle:problem:fault")


def test_the_kit_knows_what_every_service_declares() -> None:
    for method, path, name in (
        ("GET", "/v1/cases/c1", "CaseAnswer"),
        ("POST", "/v1/cases/c1/claim", "CaseAnswer"),
        ("GET", "/v1/reports", "ReportPage"),
        ("GET", "/v1/alerts", "AlertPage"),
    ):
        shape = declared(method, path, 200)
        assert shape is not None and shape.__name__ == name


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"items": [], "next": None, "more": 1}, "/more"),
        ({"items": 3, "next": None}, "AlertPage"),
        ({"next": None}, "items"),
    ],
)
def test_an_answer_that_differs_is_seen(body: object, says: str) -> None:
    request = httpx.Request("GET", "http://127.0.0.1/v1/alerts")
    with pytest.raises(AssertionError, match=says):
        check(httpx.Response(200, json=body, request=request))
    check(httpx.Response(200, json={"items": [], "next": None}, request=request))
