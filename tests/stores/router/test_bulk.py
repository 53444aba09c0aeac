"""Promises of one command on many cases: each is its own command, with its own rights, key and outcome."""

from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from services.router.http.bulk_routes import BulkAnswer, BulkBody, BulkRoutes
from shared.kernel.errors import Refusal
from shared.runtime.http_server.route import Call
from shared.runtime.identity.directory import Principal
from shared.runtime.storage.mongo import Database
from tests.kit.made_commands import DESK, commands
from tests.kit.made_services import Routing, routed, routing

OUTSIDE = Principal(kind="officer", city="harbour", person="mf-desk", unit="millfield", role="duty_officer", post="A")


@pytest.fixture
async def router(database: Database) -> Routing:
    return await routing(database)


async def made(router: Routing, count: int) -> list[str]:
    opened = [routed(f"report {n}") for n in range(count)]
    await router.store.insert_opened(opened)
    return [case.id for case, _, _ in opened]


async def sent(router: Routing, body: dict[str, Any], who: Principal = DESK, key: str = "k") -> tuple[BulkAnswer, bool]:
    routes = BulkRoutes(commands(router), cast(Any, None))
    read = msgspec.json.decode(msgspec.json.encode(body), type=BulkBody)
    request = cast(Any, SimpleNamespace(headers={}))
    answer = await routes.bulk(Call(request, who, {}, key, "", b"", body=read))
    assert isinstance(answer.body, BulkAnswer)
    return answer.body, "idempotent-replayed" in answer.headers


async def test_each_case_has_an_outcome_of_its_own(router: Routing) -> None:
    one, two, three = await made(router, 3)
    await sent(router, {"command": "claim", "cases": [{"id": two}]}, key="before")
    cases = [{"id": one}, {"id": two, "if_match": '"1"'}, {"id": "cnone"}, {"id": three, "if_match": "*"}]
    told, repeated = await sent(router, {"command": "claim", "cases": cases})
    assert ([item.status for item in told.items], told.done, repeated) == ([200, 412, 404, 200], 2, False)
    assert (told.items[0].state, told.items[0].assignee) == ("claimed", DESK.person)
    stale = told.items[1].problem
    assert isinstance(stale, msgspec.Struct)
    assert (stale.type, stale.etag) == ("urn:whistle:problem:stale", '"2"')


async def test_a_bulk_that_is_sent_again_does_nothing_twice_and_says_so(router: Routing) -> None:
    cases = [{"id": id_} for id_ in await made(router, 3)]
    body = {"command": "note", "body": {"text": "seen"}, "cases": cases}
    first, again = await sent(router, body), await sent(router, body)
    assert (first[0], first[1], again[1]) == (again[0], False, True)
    more, repeated = await sent(router, {**body, "cases": [*cases, {"id": (await made(router, 4))[3]}]})
    assert (more.done, repeated) == (4, False), "what is new is done"
    other, _ = await sent(router, {**body, "body": {"text": "other"}})
    assert [item.status for item in other.items] == [422] * 3


async def test_nobody_does_by_bulk_what_he_may_not_do_to_one_case(router: Routing) -> None:
    cases = [{"id": id_} for id_ in await made(router, 2)]
    told, _ = await sent(router, {"command": "claim", "cases": cases}, who=OUTSIDE)
    assert [item.status for item in told.items] == [404, 404]
    walker = msgspec.structs.replace(DESK, person="qs-walk", role="member", post="B")
    told, _ = await sent(router, {"command": "assign", "body": {"to": "qs-walk"}, "cases": cases}, who=walker)
    assert [item.status for item in told.items] == [403, 403]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"command": "unmask", "body": {"report": "r", "reason": "x"}, "cases": [{"id": "c1"}]}, "/command"),
        ({"command": "fly", "cases": [{"id": "c1"}]}, "/command"),
        ({"command": "note", "body": {"text": ""}, "cases": [{"id": "c1"}]}, "/body/text"),
        ({"command": "note", "body": [], "cases": [{"id": "c1"}]}, "/body"),
        ({"command": "claim", "cases": [{"id": "c1"}, {"id": "c1"}]}, "/cases"),
    ],
)
async def test_a_bulk_that_means_nothing_is_refused_as_a_whole(
    router: Routing, body: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Refusal) as refusal:
        await sent(router, body)
    assert [error.pointer for error in refusal.value.errors] == [pointer]
