"""The counts above a queue: asked for once for all who read them before anything changes."""

import asyncio
import functools
from random import Random

import httpx
import msgspec
import pytest

from services.console.live.feed import Feed
from services.console.pages.shared_counts import SharedCounts
from services.console.queue_client import QueueCalls
from services.console.router_client import Me, Services
from shared.kernel.errors import Refusal
from tests.kit.live_changes import change, wake
from tests.kit.made_router import NOW


def officer(person: str, unit: str = "quayside") -> Me:
    return Me("harbour", person, unit, NOW)


@pytest.fixture
def feed() -> Feed:
    chance = Random(7)
    made = Feed(lambda n: chance.randbytes(n).hex())
    wake(made)
    return made


@pytest.fixture
def answers() -> list[httpx.Response]:
    return []


@pytest.fixture
def counts(feed: Feed, answers: list[httpx.Response]) -> SharedCounts:
    router = httpx.AsyncClient(base_url="http://r", transport=httpx.MockTransport(lambda _: answers.pop(0)))
    return SharedCounts(QueueCalls(Services(router, router, router)), feed, lambda: 100.0)


async def test_a_queue_is_counted_once_for_its_unit_until_something_changes(
    feed: Feed, counts: SharedCounts, answers: list[httpx.Response]
) -> None:
    async def read(me: Me, *, anew: bool = False) -> int:
        return (await counts.of("t", me, "quayside", below=False, anew=anew)).open

    answers += [httpx.Response(200, json={"open": n}) for n in range(1, 6)]
    assert await asyncio.gather(*(read(officer(f"p{n}")) for n in range(50))) == [1] * 50
    assert [await read(officer("boss", "county")), await read(officer("aide", "county"))] == [2, 3], "each what he sees"
    assert [await read(officer("p1"), anew=True), await read(officer("p2"))] == [4, 4], "after a press"
    feed.take(change(1, 5))
    assert await read(officer("p2")) == 5


async def test_a_change_elsewhere_has_nothing_counted_again(
    feed: Feed, counts: SharedCounts, answers: list[httpx.Response]
) -> None:
    answers += [httpx.Response(200, json={"open": n}) for n in (1, 2)]
    read = functools.partial(counts.of, "t", officer("p1"), "quayside", below=False)
    assert (await read()).open == 1
    feed.take(msgspec.structs.replace(change(1, 5), seen_by=("millfield", "@mf-desk"), was_seen_by=()))
    assert (await read()).open == 1
    feed.take(msgspec.structs.replace(change(1, 6), seen_by=(), was_seen_by=("quayside",)))
    assert (await read()).open == 2


async def test_what_took_long_to_count_is_counted_again_only_after_a_rest(feed: Feed) -> None:
    now, asked = 100.0, 0

    async def slow(_: httpx.Request) -> httpx.Response:
        nonlocal now, asked
        now, asked = now + 0.2, asked + 1
        return httpx.Response(200, json={"open": asked})

    router = httpx.AsyncClient(base_url="http://r", transport=httpx.MockTransport(slow))
    counts = SharedCounts(QueueCalls(Services(router, router, router)), feed, lambda: now)
    read = functools.partial(counts.of, "t", officer("p1"), "quayside", below=False)
    assert (await read()).open == 1
    for number, later in enumerate((1.0, 6.0), 5):
        now += later
        feed.take(change(1, number))
        assert (await read()).open == 1, "one fortieth of the time"
    assert (await read(anew=True)).open == 2, "after one's own press"
    now += 8.1
    feed.take(change(1, 9))
    assert (await read()).open == 3


async def test_what_one_is_refused_is_not_refused_to_others(
    counts: SharedCounts, answers: list[httpx.Response]
) -> None:
    answers += [httpx.Response(401, json={"type": "urn:x:unauthorized"}), httpx.Response(200, json={"open": 7})]
    with pytest.raises(Refusal):
        await counts.of("ended", officer("p1"), "quayside", below=False)
    assert (await counts.of("t", officer("p2"), "quayside", below=False)).open == 7
