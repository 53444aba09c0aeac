"""What the public address passes on to the services, and what no request may do to it."""

import httpx
import pytest

from tests.kit.console_door import ConsoleDoor

APP = (b"authorization", b"Bearer whk_app_1")


@pytest.fixture
def door() -> ConsoleDoor:
    return ConsoleDoor(lambda _: httpx.Response(200, json={"passed": True}))


def reached(door: ConsoleDoor) -> list[str]:
    return [request.url.raw_path.decode() for request in door.asked]


@pytest.mark.parametrize(
    "target",
    [
        "/v1/cases/../replay",
        "/v1/cases/../../metrics",
        "/v1/cases/%2e%2e/replay",
        "/v1/cases/.%2E/replay",
        "/v1/cases/x/..%2f..%2f..%2fmetrics",
        "/v1/cases/./c1",
        "/v1/cases/..\\replay",
        "/v1/cases//c1",
        "/q/..",
        "/a/.",
        "/v1/cases/c1%0d%0aX-Injected:%201",
        "/v1/cases/c1%00",
    ],
)
async def test_no_path_leads_to_what_is_not_public(door: ConsoleDoor, target: str) -> None:
    got = await door.get(target, [APP])
    assert got.status == 404
    assert reached(door) == []


async def test_a_path_arrives_as_it_was_judged(door: ConsoleDoor) -> None:
    for target in ("/v1/cases/c1/claim", "/v1/units/%E7%A0%81%E5%A4%B4", "/v1/cases/c%2520/%252e%252e", "/v1/photos:x"):
        await door.get(target, [APP])
    assert reached(door) == [
        "/v1/cases/c1/claim",
        "/v1/units/%E7%A0%81%E5%A4%B4",
        "/v1/cases/c%2520/%252e%252e",
        "/v1/photos:x",
    ]


async def test_bytes_that_are_no_ascii_pass_in_headers(door: ConsoleDoor) -> None:
    agent = "浏览器".encode()
    assert (await door.get("/v1/cases", [APP, (b"user-agent", agent)])).status == 200
    assert dict(door.asked[0].headers.raw)[b"user-agent"] == agent


async def test_headers_of_one_connection_are_not_passed_on() -> None:
    answered = {"connection": "close, x-mine", "x-mine": "1", "keep-alive": "timeout=5", "x-other": "2"}
    door = ConsoleDoor(lambda _: httpx.Response(200, headers=answered))
    sent = [
        APP,
        (b"connection", b"close, X-Once"),
        (b"x-once", b"1"),
        (b"proxy-connection", b"x"),
        (b"te", b"trailers"),
    ]
    got = await door.get("/v1/cases", sent)
    passed = door.asked[0].headers
    assert {"x-once", "proxy-connection", "te"} & set(passed) == set()
    assert passed["authorization"] == "Bearer whk_app_1"
    assert {"x-mine", "keep-alive", "connection"} & {name.lower() for name, _ in got.headers} == set()
    assert got.header("x-other") == "2"


async def test_nobody_speaks_for_another_address_city_or_person(door: ConsoleDoor) -> None:
    forged = [
        (b"x-forwarded-for", b"10.9.9.9"),
        (b"x-forwarded-proto", b"https"),
        (b"x-real-ip", b"10.9.9.9"),
        (b"forwarded", b"for=10.9.9.9"),
        (b"whistle-city", b"harbour"),
        (b"whistle-person", b"oh-chief"),
        (b"cookie", b"whistle=whk_session_1"),
    ]
    await door.get("/v1/cases", [APP, *forged])
    passed = door.asked[0].headers
    assert passed["x-forwarded-for"] == "192.0.2.7"
    assert passed["x-forwarded-proto"] == "http"
    assert {"x-real-ip", "forwarded", "whistle-city", "whistle-person", "cookie"} & set(passed) == set()


async def test_a_malformed_host_is_answered(door: ConsoleDoor) -> None:
    for host in (b"[", b"a:b:c", b""):
        assert (await door.get("/v1/cases", [APP, (b"host", host)])).status == 200
        assert (await door.get("/signin", [(b"host", host)])).status == 200


async def test_a_body_arrives_once_and_whole(door: ConsoleDoor) -> None:
    await door.request("POST", "/v1/reports", [APP], b'{"kind": "hazard"}')
    assert door.asked[0].content == b'{"kind": "hazard"}'
    assert "transfer-encoding" not in door.asked[0].headers


async def test_a_service_that_is_away_is_a_problem_that_says_what_to_do() -> None:
    def away(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    got = await ConsoleDoor(away).get("/v1/cases", [APP])
    assert (got.status, got.header("content-type"), got.header("retry-after")) == (503, "application/problem+json", "2")
