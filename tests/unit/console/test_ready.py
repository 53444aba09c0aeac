"""``/readyz`` of the console: which service behind it is not ready, and why."""

import httpx

from services.console.readiness import Readiness
from services.console.router_client import Services
from shared.runtime.http_client import client as http_client
from tests.kit.console_door import ConsoleDoor


async def readiness(answers: dict[str, httpx.Response]) -> tuple[int, dict[str, object]]:
    def answer(request: httpx.Request) -> httpx.Response:
        found = answers[{8801: "intake", 8802: "router", 8803: "notifier"}[request.url.port or 0]]
        if found.status_code == 599:
            raise httpx.ConnectError("refused")
        return found

    got = await ConsoleDoor(answer).get("/readyz")
    return got.status, httpx.Response(200, content=got.body).json()


READY = httpx.Response(200, json={"status": "ready", "cities": {"harbour": "v1"}})


async def test_it_names_the_cities_when_all_are_ready() -> None:
    told = await readiness({"intake": READY, "router": READY, "notifier": READY})
    assert told == (200, {"status": "ready", "cities": {"harbour": "v1"}, "behind": {}})


async def test_it_says_which_service_is_not_ready_and_why() -> None:
    waiting = httpx.Response(503, json={"status": "not ready", "reasons": {"pack": "no city pack is loaded yet"}})
    status, told = await readiness({"intake": waiting, "router": READY, "notifier": httpx.Response(599)})
    assert status == 503
    assert told["reasons"] == {"intake": "pack: no city pack is loaded yet", "notifier": "http: does not answer"}


async def test_an_answer_that_nobody_can_read_is_no_readiness() -> None:
    status, told = await readiness({"intake": READY, "router": httpx.Response(502, text="<html>"), "notifier": READY})
    assert (status, told["reasons"]) == (503, {"router": "does not say that it is"})


async def test_however_many_ask_each_service_is_asked_once_a_second() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"status": "ready", "cities": {"harbour": "v1"}})

    behind = [
        http_client.client(f"http://127.0.0.1:{port}", transport=httpx.MockTransport(answer))
        for port in (8802, 8801, 8803)
    ]
    now = [0.0]
    ready = Readiness(Services(*behind), lambda: now[0])
    for at, times in ((0.0, 3), (0.5, 3), (0.99, 3), (1.0, 6)):
        now[0] = at
        assert await ready.of_all() == ({"harbour": "v1"}, {})
        assert len(asked) == times
