"""The HTTP edge: who may call, what a request must look like, and that every refusal is a problem that helps."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.kit.made_api import APP, OFFICER, OPS, Lamp, SampleApi

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
KEY = {"idempotency-key": "k-1"}


@pytest.fixture
def house() -> SampleApi:
    return SampleApi()


@pytest.fixture
async def client(house: SampleApi) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=house.application)
    headers = {"authorization": f"Bearer {APP}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as made:
        yield made


def problem(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """The problem document, after what every one has."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["type"] == f"urn:whistle:problem:{kind}"
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    assert document["trace_id"]
    return document


def pointers(document: dict[str, Any]) -> set[str]:
    return {error["pointer"] for error in document["errors"]}


GOOD = {"pole": 7, "words": "dark"}


async def test_a_good_request_gets_through(client: httpx.AsyncClient, house: SampleApi) -> None:
    answer = await client.post("/lamps", json=GOOD, headers=KEY)
    assert (answer.status_code, answer.json(), answer.headers["etag"]) == (201, {"key": "k-1"}, '"1"')
    assert house.calls[0].body_as(Lamp) == Lamp(7, "dark")
    assert house.calls[0].principal.who == "rider-app-1"


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic whk_app",
        "whk_app",
        "Bearer nobody",
        f"Bearer {'x' * 100_000}",
        "Bearer a b",
    ],
)
async def test_without_a_valid_token_it_is_401_and_always_in_the_same_words(
    house: SampleApi, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=house.application), base_url="http://test") as anon:
        document = problem(await anon.get("/lamps/1", headers=headers), 401, "unauthorized")
    assert document["detail"] == "Send a valid key or token as Authorization: Bearer."
    assert house.calls == []


async def test_an_oversized_token_is_not_looked_up(house: SampleApi, client: httpx.AsyncClient) -> None:
    await client.get("/lamps/1", headers={"authorization": f"Bearer {'x' * 600}"})
    assert house.directory.asked == []


async def test_the_scheme_may_be_written_as_one_likes(client: httpx.AsyncClient) -> None:
    assert (await client.get("/lamps/1", headers={"authorization": f"bEARER {APP}"})).status_code == 201


async def test_a_token_of_another_kind_is_403(client: httpx.AsyncClient) -> None:
    document = problem(await client.get("/lamps/1", headers={"authorization": f"Bearer {OFFICER}"}), 403, "forbidden")
    assert "officer" in document["detail"]


async def test_who_asks_is_checked_before_what_is_asked(house: SampleApi, client: httpx.AsyncClient) -> None:
    nobody = {"authorization": "Bearer nobody"}
    problem(await client.post("/lamps", content=b"not json", headers=nobody), 401, "unauthorized")
    problem(await client.post("/photo", content=b"x" * 200, headers=nobody), 401, "unauthorized")
    officer = {"authorization": f"Bearer {OFFICER}"}
    problem(await client.post("/lamps", content=b"not json", headers=officer), 403, "forbidden")


@pytest.mark.parametrize("key", [None, "", "with space", "täglich".encode(), "x" * 256, "a\tb", "x" * 1024])
async def test_a_key_is_1_to_255_visible_ascii_characters(client: httpx.AsyncClient, key: str | bytes | None) -> None:
    headers = {} if key is None else {"idempotency-key": key}
    problem(await client.post("/lamps", json=GOOD, headers=headers), 400, "idempotency-key")  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ["a", "!~", "x" * 255])
async def test_any_visible_key_is_taken_as_it_is(client: httpx.AsyncClient, key: str) -> None:
    assert (await client.post("/lamps", json=GOOD, headers={"idempotency-key": key})).json() == {"key": key}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"pole": 7, "words": "dark"} trailing',
        b"\xef\xbb\xbf{}",
        b"\xff\xfe",
        b'{"pole": NaN, "words": "a"}',
        b'{"pole": Infinity, "words": "a"}',
        b'{"pole": 7, "words": "\\ud800"}',
        b'{"pole": 7, "words": "a\x00b"}',
        b"[" * 10_00,
    ],
)
async def test_what_is_not_json_is_400(client: httpx.AsyncClient, body: bytes) -> None:
    problem(await client.post("/lamps", content=body, headers=KEY), 400, "not-json")


@pytest.mark.parametrize(
    "body",
    [
        b'{"pole": "seven", "words": "dark"',
        b'{"pole": "seven", "words": "dark"} trailing',
        b'{"pole": "seven", "tags": ' + b"[" * 1900,
        b'{"pole": "seven", "words": "\xff"}',
        b'{"pole": "seven", "words": NaN}',
    ],
)
async def test_wrong_fields_in_what_is_not_json_are_400_and_no_fault(client: httpx.AsyncClient, body: bytes) -> None:
    problem(await client.post("/lamps", content=body, headers=KEY), 400, "not-json")


async def test_a_number_of_a_thousand_digits_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/lamps", content=b'{"pole": ' + b"9" * 1900 + b"}", headers=KEY)
    assert answer.status_code in (400, 422)


async def test_every_wrong_field_is_named_at_once(client: httpx.AsyncClient) -> None:
    body = {"pole": "seven", "where": {"lon": 181, "lat": -91, "alt": 3}, "tags": ["a", 5], "$where": "1", "a/b~c": 0}
    document = problem(await client.post("/lamps", json=body, headers=KEY), 422, "invalid")
    assert pointers(document) == {
        "/pole",
        "/words",
        "/where/lon",
        "/where/lat",
        "/where/alt",
        "/tags/1",
        "/$where",
        "/a~1b~0c",
    }
    assert all(error["detail"] for error in document["errors"])


@pytest.mark.parametrize("body", [b"[]", b'"words"', b"null", b"7"])
async def test_a_body_that_is_no_object_is_422(client: httpx.AsyncClient, body: bytes) -> None:
    assert pointers(problem(await client.post("/lamps", content=body, headers=KEY), 422, "invalid")) == {""}


async def test_an_operator_where_a_number_belongs_is_422(client: httpx.AsyncClient) -> None:
    body = {**GOOD, "where": {"lon": {"$gt": 0}, "lat": 1}}
    assert pointers(problem(await client.post("/lamps", json=body, headers=KEY), 422, "invalid")) == {"/where/lon"}


@pytest.mark.parametrize(("path", "limit"), [("/lamps", 2000), ("/photo", 100)])
async def test_too_large_is_413_whether_it_says_so_or_not(client: httpx.AsyncClient, path: str, limit: int) -> None:
    async def drips() -> AsyncIterator[bytes]:
        for _ in range(limit // 50 + 1):
            yield b"x" * 50

    problem(await client.post(path, content=b"x" * (limit + 1), headers=KEY), 413, "too-large")
    problem(await client.post(path, content=drips(), headers=KEY), 413, "too-large")


async def test_exactly_the_limit_is_taken(client: httpx.AsyncClient, house: SampleApi) -> None:
    assert (await client.post("/photo", content=b"x" * 100, headers=KEY)).status_code == 201
    assert house.calls[0].raw == b"x" * 100


async def test_a_wrong_query_names_its_parameter(client: httpx.AsyncClient) -> None:
    assert pointers(problem(await client.get("/lamps/1?limit=many"), 422, "invalid")) == {"?limit"}
    problem(await client.get("/lamps/1?unit=x"), 422, "invalid")
    assert (await client.get("/lamps/1?limit=7")).status_code == 201


async def test_there_is_nothing_there_and_not_that_way(client: httpx.AsyncClient) -> None:
    problem(await client.get("/nowhere"), 404, "not-found")
    problem(await client.delete("/lamps"), 405, "method-not-allowed")
    override = {**KEY, "x-http-method-override": "GET"}
    problem(await client.post("/lamps/1", json={}, headers=override), 405, "method-not-allowed")


@pytest.mark.parametrize("host", ["evil.example", "[", "a b", "%00", "x" * 5000])
@pytest.mark.parametrize("path", ["/open/", "/lamps/", "/nowhere", "/lamps/1/"])
async def test_no_host_header_leads_anywhere(house: SampleApi, host: str, path: str) -> None:
    """B53: a slash too many was redirected to whatever the Host header named; ``[`` was a fault."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=house.application), base_url="http://test") as anon:
        answer = await anon.get(path, headers={"host": host})
    problem(answer, 404, "not-found")
    assert "location" not in answer.headers
    assert host == "[" or host not in answer.text


async def test_a_route_that_asks_for_nothing_takes_no_parameter(client: httpx.AsyncClient) -> None:
    """B54; what nobody needs a token for is a page, and messengers add to the addresses of pages."""
    refused = await client.post("/lamps?dry_run=1", json=GOOD, headers=KEY)
    assert pointers(problem(refused, 422, "invalid")) == {"?dry_run"}
    assert (await client.get("/open?from=messenger")).status_code == 201


async def test_refusals_of_handlers_are_problems_with_their_headers(client: httpx.AsyncClient) -> None:
    problem(await client.get("/lamps/none"), 404, "not-found")
    problem(await client.get("/lamps/picture"), 415, "unsupported-media")
    busy = await client.get("/lamps/busy")
    problem(busy, 503, "unavailable")
    assert busy.headers["retry-after"] == "2"
    again = await client.get("/lamps/again")
    assert problem(again, 409, "not-open")["commands"] == ["claim"]
    assert again.headers["idempotent-replayed"] == "true"


async def test_a_store_that_is_away_is_503_without_its_address(client: httpx.AsyncClient, house: SampleApi) -> None:
    answer = await client.get("/lamps/away")
    problem(answer, 503, "unavailable")
    assert answer.headers["retry-after"]
    assert "secret-host" not in answer.text
    house.directory.away = True
    problem(await client.get("/lamps/1"), 503, "unavailable")


async def test_a_fault_of_ours_tells_nobody_what_it_was(client: httpx.AsyncClient) -> None:
    answer = await client.get("/fault", headers={"traceparent": TRACE})
    assert problem(answer, 500, "fault")["trace_id"] == TRACE.split("-")[1]
    assert "hunter2" not in answer.text


async def test_a_trace_goes_on_and_without_one_begins(client: httpx.AsyncClient, house: SampleApi) -> None:
    answer = await client.get("/open", headers={"traceparent": TRACE})
    assert answer.headers["traceparent"] == TRACE
    assert house.calls[0].trace == TRACE
    fresh = (await client.get("/open")).headers["traceparent"]
    assert len(fresh) == 55
    assert fresh != TRACE


@pytest.mark.parametrize(
    "given",
    [
        "nonsense",
        "00-" + "g" * 32 + "-b7ad6b7169203331-01",
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-<script>alert(1)-01",
    ],
)
async def test_a_trace_that_is_none_is_not_taken_over(client: httpx.AsyncClient, given: str) -> None:
    answer = await client.get("/open", headers={"traceparent": given})
    assert answer.headers["traceparent"] != given


async def test_a_route_for_anybody_asks_for_no_token(house: SampleApi) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=house.application), base_url="http://test") as anon:
        assert (await anon.get("/open")).status_code == 201
    assert house.directory.asked == []


@pytest.mark.parametrize(
    "body",
    [
        b'{"pole": 1, "pole": 2, "words": "a"}',
        b'{"pole": 1, "words": "a", "\\u0070ole": 2}',
        b' {"pole": 1, "words": "a", "where": {"lon": 1, "lat": 1, "lon": 2}}',
    ],
)
async def test_a_name_said_twice_is_400(client: httpx.AsyncClient, house: SampleApi, body: bytes) -> None:
    """B6: readers disagree on which one counts."""
    problem(await client.post("/lamps", content=body, headers=KEY), 400, "not-json")
    assert house.calls == []


async def test_a_name_may_come_again_in_another_object_and_inside_words(client: httpx.AsyncClient) -> None:
    body = b'{"pole": 1, "words": "\\"pole\\": 2", "where": {"lon": 1, "lat": 1}}'
    assert (await client.post("/lamps", content=body, headers=KEY)).status_code in (201, 422)
    again = b'{"pole": 1, "words": "a", "tags": ["pole", "words"]}'
    assert (await client.post("/lamps", content=again, headers=KEY)).status_code == 201


async def test_a_key_that_asks_for_too_much_waits_and_no_other_does() -> None:
    house = SampleApi(rate=1)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=house.application), base_url="http://test") as anon:
        app, officer = ({"authorization": f"Bearer {token}"} for token in (APP, OFFICER))
        statuses = [(await anon.get("/lamps/1", headers=app)).status_code for _ in range(2)]
        assert statuses == [201, 201]
        refused = await anon.post("/lamps", json=GOOD, headers={**app, **KEY})
        problem(refused, 429, "too-many")
        assert refused.headers["retry-after"] == "1"
        assert len(house.calls) == 2, "nothing was done"
        assert (await anon.get("/lamps/1", headers=officer)).status_code == 403
        assert (await anon.get("/open")).status_code == 201


async def test_the_body_of_a_link_that_is_not_ours_is_not_read(client: httpx.AsyncClient, house: SampleApi) -> None:
    for token, body in (("ours", b"x" * 100), ("forged", b"x" * 100_000)):
        assert (await client.post(f"/link/{token}", content=body)).status_code == 201
    assert [len(call.raw) for call in house.calls] == [100, 0]
    problem(await client.post("/link/ours", content=b"x" * 101), 413, "too-large")


async def test_a_page_that_people_open_refuses_in_words(client: httpx.AsyncClient) -> None:
    answer = await client.post("/page", content=b"x" * 101)
    assert (answer.status_code, answer.text) == (413, "refused: too-large")
    assert answer.headers["traceparent"]


@pytest.mark.parametrize(
    ("token", "office", "asks_as"),
    [
        (OPS, "ops", "ops"),
        (OPS, None, "officer"),
        (OPS, "auditor", "officer"),
        (OPS, "ops, officer", "officer"),
        (OFFICER, "ops", "officer"),
        (OFFICER, "officer", "officer"),
        (APP, "ops", "rider_app"),
        (APP, "officer", "rider_app"),
    ],
)
async def test_only_who_has_an_office_asks_in_it(
    client: httpx.AsyncClient, house: SampleApi, token: str, office: str | None, asks_as: str
) -> None:
    """``Whistle-Office`` gives nobody a right that he has not: it chooses between his own."""
    headers = {"authorization": f"Bearer {token}", **({"whistle-office": office} if office is not None else {})}
    assert (await client.get("/both", headers=headers)).status_code == 201
    assert house.calls[0].principal.kind == asks_as


@pytest.mark.parametrize("token", [OFFICER, APP])
async def test_nobody_enters_an_office_by_saying_so(client: httpx.AsyncClient, house: SampleApi, token: str) -> None:
    headers = {"authorization": f"Bearer {token}", "whistle-office": "ops"}
    problem(await client.get("/ops", headers=headers), 403, "forbidden")
    assert house.calls == []


async def test_an_office_is_entered_with_a_one_time_code_only(client: httpx.AsyncClient, house: SampleApi) -> None:
    house.directory.confirmed = False
    headers = {"authorization": f"Bearer {OPS}", "whistle-office": "ops"}
    problem(await client.get("/both", headers=headers), 403, "second-factor")
    assert (await client.get("/both", headers={"authorization": f"Bearer {OPS}"})).status_code == 201
