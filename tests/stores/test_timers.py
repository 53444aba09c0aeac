"""Timers: any number of them fire each clock once."""

import asyncio
from datetime import timedelta

import pytest

from services.router.domain.case import Case
from services.router.timers import Timers
from shared.kernel.clock import StoppedClock
from shared.runtime.mongo import Database
from tests.stores.made_services import Routing, routed, routing
from tests.stores.waiting import running, until
from tests.unit.made_reports import NOW


@pytest.fixture
async def router(database: Database) -> Routing:
    return await routing(database)


async def opened(router: Routing, count: int) -> list[Case]:
    made = [routed(f"k{n}") for n in range(count)]
    await router.store.insert_opened(made)
    return [case for case, _, _ in made]


def timers(router: Routing, clock: StoppedClock) -> Timers:
    return Timers(router.store, router.changes, clock)


async def pending(router: Routing, type_: str) -> list[str]:
    """Subjects of the pending events of a type, one for each event."""
    found = await router.store.cases.find({}, {"pending": 1}, limit=1000)
    return sorted(d["_id"] for d in found for event in d.get("pending", ()) if event["type"] == type_)


async def test_two_timers_on_the_same_store_fire_each_breach_once(router: Routing) -> None:
    cases = await opened(router, 40)
    clock = StoppedClock(NOW + timedelta(minutes=31))
    one, other = timers(router, clock), timers(router, clock)
    for _ in range(3):
        await asyncio.gather(one.fire_due(), other.fire_due())
    assert await pending(router, "clock.breached.v1") == sorted(case.id for case in cases)
    assert await pending(router, "clock.warned.v1") == sorted(case.id for case in cases)


async def test_nothing_due_fires_nothing(router: Routing) -> None:
    await opened(router, 2)
    assert await timers(router, StoppedClock(NOW)).fire_due() == 0
    assert await pending(router, "clock.breached.v1") == []


async def test_a_timer_that_slept_fires_all_that_was_missed_at_the_time_that_it_is(router: Routing) -> None:
    (case,) = await opened(router, 1)
    now = NOW + timedelta(days=30)
    assert await timers(router, StoppedClock(now)).fire_due() == 1
    found = await router.store.load(case.id)
    assert found is not None
    after = found[0]
    assert [c.state for c in after.clocks] == ["breached"] * len(case.clocks)
    assert after.next_due is None
    assert {entry.at for entry in after.history[1:]} == {now}


async def test_a_clock_that_steps_back_fires_nothing_again(router: Routing) -> None:
    await opened(router, 1)
    clock = StoppedClock(NOW + timedelta(minutes=31))
    timer = timers(router, clock)
    assert await timer.fire_due() == 1
    clock.move_to(NOW + timedelta(minutes=29))
    assert await timer.fire_due() == 0
    clock.move_to(NOW + timedelta(minutes=31))
    assert await timer.fire_due() == 0


async def test_a_case_that_cannot_be_decided_holds_up_nobody(router: Routing, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, well = await opened(router, 2)
    decide = router.changes.of

    def fails_for_one(case: Case, *rest: object, **more: object) -> object:
        if case.id == broken.id:
            raise LookupError("its pack is gone")
        return decide(case, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(router.changes, "of", fails_for_one)
    timer = timers(router, StoppedClock(NOW + timedelta(minutes=31)))
    assert await timer.fire_due() == 1
    assert await timer.fire_due() == 0
    assert await pending(router, "clock.breached.v1") == [well.id]


async def test_the_loop_fires_by_itself_when_the_clock_gets_there(router: Routing) -> None:
    cases = await opened(router, 3)
    clock = StoppedClock(NOW)
    async with running(timers(router, clock).run()):
        clock.move_to(NOW + timedelta(minutes=31))

        async def all_breached() -> bool:
            return len(await pending(router, "clock.breached.v1")) == len(cases)

        await until(all_breached)
