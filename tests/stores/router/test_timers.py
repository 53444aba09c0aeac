"""Timers: any number of them fire each clock once."""

import asyncio
from datetime import timedelta

import msgspec
import pytest
from prometheus_client import REGISTRY

from services.router.cases import sla_timers as timers_module
from services.router.cases.sla_timers import SET_ASIDE, Timers
from services.router.domain.case import Case
from services.router.domain.events import Resolved
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from shared.kernel.clock import StoppedClock
from shared.runtime.storage.mongo import Database, Document
from tests.kit.made_reports import NOW
from tests.kit.made_services import Routing, routed, routing
from tests.kit.waiting import running, until


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


async def test_a_page_of_cases_that_cannot_be_decided_hides_nobody_behind_it(
    router: Routing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B48: they are set aside in their documents, by whichever router met them, and looked at again later."""
    cases = await opened(router, 5)
    broken = {case.id for case in cases[:4]}
    decide = router.changes.of

    def fails_for_some(case: Case, *rest: object, **more: object) -> object:
        if case.id in broken:
            raise LookupError("its pack is gone")
        return decide(case, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(router.changes, "of", fails_for_some)
    monkeypatch.setattr(timers_module, "PAGE", 2)
    for number, case in enumerate(cases[:4]):
        await router.store.cases.update({"_id": case.id}, {"$set": {"next_due": NOW - timedelta(minutes=9 - number)}})
    clock = StoppedClock(NOW + timedelta(minutes=31))
    assert await timers(router, clock).fire_due() == 1
    assert await pending(router, "clock.breached.v1") == [cases[4].id]
    assert await timers(router, clock).fire_due() == 0, "another router does not try them again at once"
    await router.store.set_gauges(clock.now())
    assert REGISTRY.get_sample_value("whistle_due_cases") == 4, "the alarm still hears of them"
    broken.clear()
    clock.move_to(clock.now() + SET_ASIDE)
    fired = 0
    while took := await timers(router, clock).fire_due():
        fired += took
    assert fired == 4
    assert not await router.store.cases.find({"aside": {"$exists": True}}, {"_id": 1}, limit=9)


async def test_a_resolve_that_overtakes_the_timer_loses_no_breach(router: Routing) -> None:
    """B45: a hundred are resolved late, while two timers fire them."""
    cases = await opened(router, 100)
    late = max(clock.due_at for clock in cases[0].clocks) + timedelta(seconds=1)
    one, other = timers(router, StoppedClock(late)), timers(router, StoppedClock(late))

    async def resolved(case: Case) -> None:
        while True:
            stored = (await router.store.load(case.id) or pytest.fail("gone"))[0]
            how = Resolved(at=late, by="qs-desk", by_unit="quayside", how="repair", text="mended")
            if await router.changes.save(router.changes.of(stored, [how], key=f"k.{case.id}")):
                return

    before = breaches()
    await asyncio.gather(one.fire_due(), *map(resolved, cases), other.fire_due())
    owed = [(case.id, clock.kind) for case in cases for clock in case.clocks]
    found = await router.store.cases.find({}, {"pending": 1, "clocks": 1}, limit=1000)
    told = [(d["_id"], decode(as_event(e), CaseEvent).clock) for d in found for e in d["pending"] if is_breach(e)]
    assert sorted(told, key=str) == sorted(owed, key=str), "each once"
    assert {clock["state"] for document in found for clock in document["clocks"]} == {"breached"}
    assert breaches() - before == len(owed), "and counted once, whoever wrote it"


def is_breach(event: Document) -> bool:
    return bool(event["type"] == "clock.breached.v1")


def as_event(event: Document) -> Envelope:
    return msgspec.convert(event, Envelope)


def breaches() -> float:
    """What this process has counted."""
    samples = [s for metric in REGISTRY.collect() if metric.name == "whistle_clock_breaches" for s in metric.samples]
    return sum(sample.value for sample in samples if sample.name.endswith("_total"))


async def test_a_breach_is_counted_by_the_router_that_wrote_it(
    router: Routing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B49: of two that fire the same page each counts what it won."""
    cases = await opened(router, 6)
    now = NOW + timedelta(minutes=31)
    for case in cases[:2]:
        await router.store.save(router.changes.of(case, (), at=now))
    page = router.store.due

    async def as_it_was(*_: object) -> list[Case]:
        await page(now, 10)
        return cases

    monkeypatch.setattr(router.store, "due", as_it_was)
    before = breaches()
    assert await timers(router, StoppedClock(now)).fire_due() == 4
    per_case = sum(clock.due_at <= now for clock in cases[0].clocks)
    assert breaches() - before == 4 * per_case


async def test_the_loop_fires_by_itself_when_the_clock_gets_there(router: Routing) -> None:
    cases = await opened(router, 3)
    clock = StoppedClock(NOW)
    async with running(timers(router, clock).run()):
        clock.move_to(NOW + timedelta(minutes=31))

        async def all_breached() -> bool:
            return len(await pending(router, "clock.breached.v1")) == len(cases)

        await until(all_breached)
