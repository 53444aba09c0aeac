"""One key, one thing: what is done under a key is done once, whoever comes at the same time and whoever dies."""

import asyncio
from datetime import timedelta
from secrets import token_hex
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from shared.kernel.errors import Refusal, conflict, forbidden
from shared.runtime.http_server import idempotent_requests as once_module
from shared.runtime.http_server.idempotent_requests import LEASE, IdempotentRequests
from shared.runtime.http_server.route import Answer, Call, Route, post
from shared.runtime.identity.directory import Principal
from shared.runtime.storage.idempotency_keys import KEPT, IdempotencyKeys
from shared.runtime.storage.mongo import Database
from shared.runtime.timekeeping.wall_clock import real_now

OPS = Principal(kind="ops", city="harbour")


class Body(msgspec.Struct):
    name: str = ""


class Door:
    """A route that is done once, and what its handler did. ``fails``: raised one by one."""

    def __init__(self, database: Database, **more: Any) -> None:
        self.did: list[str] = []
        self.fails: list[BaseException] = []
        self.began = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()
        self._once = IdempotentRequests(database.collection("asked"), "a secret of thirty-two characters", token_hex)
        self._more = more

    def route(self, path: str) -> Route:
        return self._once.bound(post(path, self._act, "", keyed=True, idempotent_as="things", **self._more))

    async def _act(self, call: Call) -> Answer:
        self.did.append(call.body.name)
        self.began.set()
        await self.may_end.wait()
        if self.fails:
            raise self.fails.pop(0)
        return Answer({"number": len(self.did), "secret": "s"}, 201, stored_body={"number": len(self.did)})

    async def ask(self, key: str, name: str = "", path: str = "/things", who: Principal = OPS) -> Answer:
        call = Call(SimpleNamespace(), who, {}, key, "", b"", Body(name))  # type: ignore[arg-type]
        answer = await self.route(path).handler(call)
        assert isinstance(answer, Answer)
        return answer


@pytest.fixture
def door(database: Database) -> Door:
    return Door(database)


def told(answer: Answer) -> Any:
    """The body as whoever asked reads it."""
    return msgspec.json.decode(msgspec.json.encode(answer.body))


async def refused(asking: Any) -> int:
    with pytest.raises(Refusal) as refusal:
        await asking
    return refusal.value.status


async def test_a_repetition_is_answered_as_the_first_was_without_what_is_told_once(door: Door) -> None:
    assert told(await door.ask("k")) == {"number": 1, "secret": "s"}
    again = await door.ask("k")
    assert (told(again), again.status, again.headers) == ({"number": 1}, 201, {"idempotent-replayed": "true"})
    assert len(door.did) == 1


async def test_of_many_at_once_one_is_done_and_equals_hear_its_answer(door: Door) -> None:
    answers = await asyncio.gather(*(door.ask("k") for _ in range(8)))
    assert [told(answer)["number"] for answer in answers] == [1] * 8
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 7
    assert len(door.did) == 1


async def test_another_thing_under_the_key_is_422_at_the_same_time_and_later(door: Door) -> None:
    door.may_end.clear()
    first = asyncio.create_task(door.ask("k", "a"))
    await door.began.wait()
    assert await refused(door.ask("k", "b")) == 422
    assert await refused(door.ask("k", "a", "/other-things")) == 422
    door.may_end.set()
    assert (await first).status == 201
    assert await refused(door.ask("k", "b")) == 422
    assert door.did == ["a"]


async def test_a_key_is_its_callers_own(door: Door) -> None:
    await door.ask("k", "a")
    other = Principal(kind="ops", city="sheyang")
    assert (await door.ask("k", "b", who=other)).headers == {}
    assert door.did == ["a", "b"]


async def test_not_now_is_the_answer_for_good_and_what_can_be_put_right_is_not(door: Door) -> None:
    door.fails = [conflict("taken", "Taken."), forbidden("Not you.")]
    assert [await refused(door.ask("k")) for _ in range(2)] == [409, 409]
    assert await refused(door.ask("k2", "wrong")) == 403
    assert (await door.ask("k2", "right")).status == 201
    assert door.did == ["", "wrong", "right"]


async def test_who_repeats_after_a_fault_need_not_wait(door: Door) -> None:
    door.fails = [RuntimeError("a fault")]
    with pytest.raises(RuntimeError):
        await door.ask("k")
    assert (await door.ask("k")).headers == {}
    assert len(door.did) == 2


async def test_who_claimed_a_key_and_died_is_followed_after_the_lease_by_an_equal_alone(
    door: Door, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(once_module, "WAIT_SECONDS", 0.05)
    await door.ask("k", "a")
    dead: dict[str, Any] = {"$unset": {"status": 1, "body": 1}, "$set": {"lease_until": real_now() + LEASE}}
    await database.collection("asked").update({}, dead)
    assert await refused(door.ask("k", "a")) == 503
    await database.collection("asked").update({}, {"$set": {"lease_until": real_now() - timedelta(seconds=1)}})
    assert await refused(door.ask("k", "b")) == 422
    assert (await door.ask("k", "a")).status == 201
    assert door.did == ["a", "a"]


async def test_what_is_not_kept_is_made_again(database: Database) -> None:
    async def again(_: Call, kept: Any) -> Answer:
        return Answer({**kept, "made": "again"})

    door = Door(database, replay_answer=again)
    await door.ask("k")
    assert (await door.ask("k")).body == {"number": 1, "made": "again"}


async def test_a_key_is_found_wherever_the_process_died_while_older_ones_were_moved(database: Database) -> None:
    owners, aside = database.collection("owners"), database.collection("aside")
    keys = IdempotencyKeys(owners, aside, "seen")
    whole = {"_id": "o", "seen": [{"id": f"k{n}"} for n in range(2 * KEPT)]}
    await owners.insert(dict(whole))
    await aside.insert({"_id": "o k0", "of": "o", "entry": {"id": "k0"}})  # and there it died
    assert await keys.find(whole, "k0") == {"id": "k0"}
    assert await keys.find(whole, "new") is None
    found = await owners.find_one({"_id": "o"})
    assert found is not None
    assert [entry["id"] for entry in found["seen"]] == [f"k{n}" for n in range(KEPT, 2 * KEPT)]
    for n in range(2 * KEPT):
        assert await keys.find(found, f"k{n}") == {"id": f"k{n}"}
    assert await keys.find(found, "another", "k3") == {"id": "k3"}
    await keys.forget(["o"])
    assert await aside.count({}, limit=1) == 0
