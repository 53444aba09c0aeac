"""Promises under too much: 429 and 503 before anything is written, and the same key works later."""

import asyncio
from typing import Any

import httpx
import pytest

from services.intake.reports import group_commit as commit_module
from services.intake.reports.batch_pace import WAITING_MAX, Backlog
from services.intake.reports.group_commit import HISTORY_KEEPS_FREE
from shared.city.pack import Pack
from shared.contracts.envelope import HISTORY
from shared.kernel.errors import unavailable
from shared.runtime.kafka import outbox_relay as relay_module
from shared.runtime.pack_library import PackLibrary
from tests.kit.intake_door import OpenDoor
from tests.kit.made_reports import TRACE, submission
from tests.kit.waiting import running, until


def refused(answer: httpx.Response, status: int) -> int:
    """The seconds to wait that a refusal says."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return int(answer.headers["retry-after"])


async def test_a_key_over_its_quota_is_429_before_any_write(open_door: OpenDoor) -> None:
    door = await open_door(key_rate=1)
    answers = await asyncio.gather(*(door.report(f"k{n}") for n in range(20)))
    taken = [answer for answer in answers if answer.status_code == 202]
    assert 2 <= len(taken) < 20
    assert all(refused(answer, 429) >= 1 for answer in answers if answer not in taken)
    assert await door.stored() == len(taken)


async def test_reports_of_a_batch_beyond_the_quota_are_429_each_and_the_others_are_stored(open_door: OpenDoor) -> None:
    door = await open_door(key_rate=2)
    items = await door.batch(6)
    assert [item["status"] for item in items] == [202, 202, 202, 429, 429, 429]
    assert items[-1]["problem"]["type"] == "too-many"
    assert items[-1]["problem"]["retry_after"] >= 1
    assert await door.stored() == 3


async def test_a_key_may_have_a_rate_of_its_own(open_door: OpenDoor) -> None:
    door = await open_door(key_rate=1)
    door.directory.rate = 1000
    assert {item["status"] for item in await door.batch(50)} == {202}


async def test_one_reporter_is_slowed_and_neither_the_app_nor_an_importer(open_door: OpenDoor) -> None:
    """B30, B40: who floods is the only one to wait."""
    door = await open_door(reporter_rate=4)
    ana, ben = {"ref": "ana"}, {"ref": "ben"}
    assert [(await door.report(key, reporter=ana)).status_code for key in ("a", "b")] == [202, 202]
    assert refused(await door.report("c", reporter=ana), 429) > 10
    assert (await door.report("d", reporter=ben)).status_code == 202
    assert (await door.report("e")).status_code == 202
    assert {(await door.report(key, "importer", reporter=ana)).status_code for key in ("f", "g", "h")} == {202}
    assert await door.stored() == 7


async def test_a_danger_of_a_batch_does_not_wait_for_a_router_that_is_behind(open_door: OpenDoor) -> None:
    taken = iter(range(1, 10**6))
    caught_up = asyncio.Event()

    async def backlog() -> Backlog:
        return Backlog(0 if caught_up.is_set() else 10 * WAITING_MAX, next(taken))

    door = await open_door(backlog=backlog)
    lamps = asyncio.create_task(door.batch(2))
    fires = await door.batch(2, description="the street is under flood", key="fire")
    assert [item["status"] for item in fires] == [202, 202]
    assert not lamps.done()
    assert await door.stored() == 2
    caught_up.set()
    assert [item["status"] for item in await lamps] == [202, 202]


async def test_before_there_is_a_pack_each_report_of_a_batch_is_refused_for_itself(
    open_door: OpenDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while the router is behind, when each is looked at for danger."""
    taken = iter(range(1, 10**6))

    async def backlog() -> Backlog:
        return Backlog(10 * WAITING_MAX, next(taken))

    def none_yet(_: PackLibrary, city: str) -> Pack:
        raise unavailable(f"no pack of {city}")

    door = await open_door(backlog=backlog)
    monkeypatch.setattr(PackLibrary, "current", none_yet)
    assert [item["status"] for item in await door.batch(3)] == [503, 503, 503]
    assert await door.stored() == 0


@pytest.mark.parametrize("full", ["old", "long"])
async def test_an_overloaded_intake_says_503_before_any_write_and_the_same_key_works_later(
    open_door: OpenDoor, monkeypatch: pytest.MonkeyPatch, full: str
) -> None:
    door = await open_door(runs=False)
    waiting = door.intake.commit.enqueue(submission("waits"), TRACE, None)
    with monkeypatch.context() as overloaded:
        if full == "old":
            overloaded.setattr(commit_module, "WAIT_SECONDS_MAX", -1.0)
        else:
            overloaded.setattr(commit_module, "WAITING_MAX", 1)
        assert refused(await door.report("late"), 503) >= 1
        assert {item["status"] for item in await door.batch(3)} == {503}
        assert await door.stored() == 0
    run = asyncio.create_task(door.intake.commit.run())
    try:
        assert not (await waiting).replayed
        later = await door.report("late")
        assert later.status_code == 202
        assert "idempotent-replayed" not in later.headers
    finally:
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)


async def test_history_that_the_relay_cannot_take_is_refused_each_and_what_is_live_is_not(
    open_door: OpenDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import faster than Kafka is 503 before any write, and taken as its events leave: none waits for a sweep."""
    monkeypatch.setattr(relay_module, "OFFERED_MAX", HISTORY_KEEPS_FREE + 2)
    door = await open_door()
    old: dict[str, Any] = {"historic": True, "received_at": "2024-03-02T09:00:00Z"}
    items = await door.batch(5, "importer", **old)
    assert [item["status"] for item in items] == [202, 202, 503, 503, 503]
    assert items[-1]["problem"]["retry_after"] >= 1
    assert refused(await door.report("old", "importer", **old), 503) >= 1
    assert (await door.report("live")).status_code == 202
    assert (await door.report("flood", description="the street is under flood")).status_code == 202
    assert await door.stored() == 4
    async with running(door.intake.relay.run()):
        await until(lambda: asyncio.sleep(0, door.intake.relay.room(HISTORY) == relay_module.OFFERED_MAX))
    assert (await door.report("old", "importer", **old)).status_code == 202
