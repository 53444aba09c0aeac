"""Promises about a clock that begins at another time: written down once, the same for all, kept over restarts."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from shared.runtime.movable_clock import ClockMovedError, MovableClock, SharedShift
from shared.runtime.storage.mongo import Database

NEAR = timedelta(seconds=30)
PAST, FUTURE = datetime(2001, 2, 3, 4, 5, tzinfo=UTC), datetime(2093, 2, 3, 4, 5, tzinfo=UTC)


@pytest_asyncio.fixture(autouse=True)
async def nobody_has_begun(database: Database) -> AsyncIterator[None]:
    await database.collection("clock").delete({"_id": "shift"})
    yield


async def service(database: Database, at: datetime | None) -> MovableClock:
    """The clock of a service that starts."""
    clock = MovableClock()
    await SharedShift(database, clock).begin(at)
    return clock


@pytest.mark.parametrize("at", [PAST, FUTURE], ids=["past", "future"])
async def test_whoever_starts_first_says_when_it_is_and_all_others_follow(database: Database, at: datetime) -> None:
    clocks = await asyncio.gather(*(service(database, at + n * timedelta(days=1)) for n in range(3)))
    assert len({clock.shift for clock in clocks}) == 1, "one time for all"
    assert clocks[0].now() - at < 3 * timedelta(days=1)
    again = await service(database, at + timedelta(days=77))
    assert again.shift == clocks[0].shift, "a restart changes nothing"
    assert (await service(database, None)).shift == clocks[0].shift


async def test_data_that_began_in_real_time_is_not_thrown_into_another(database: Database) -> None:
    assert (await service(database, None)).shift == timedelta()
    assert (await service(database, PAST)).shift == timedelta()


@pytest.mark.parametrize("moves", [[], [{"from": 1.0, "millis": 5000}], [{"from": 9e12, "millis": 5000}]])
@pytest.mark.parametrize("start", [0, -60_000])
async def test_without_development_a_clock_that_was_moved_is_refused_in_words(
    database: Database, start: int, moves: list[dict[str, float]]
) -> None:
    """It went on to be applied: breaches at times that nobody lives in."""
    shift = {"start_millis": start, "moves": moves}
    await database.collection("clock").update({"_id": "shift"}, {"$set": shift}, upsert=True)
    clock = MovableClock()
    if start or moves:
        with pytest.raises(ClockMovedError, match="WHISTLE_DEV_TOKENS=1"):
            await SharedShift(database, clock).refuse_moved()
    else:
        await SharedShift(database, clock).refuse_moved()
        assert clock.shift == timedelta()


async def test_a_clock_that_began_in_the_past_is_moved_forward_from_there(database: Database) -> None:
    clock = MovableClock()
    shift = SharedShift(database, clock)
    await shift.begin(PAST)
    before = clock.shift
    assert await shift.forward(timedelta(days=2)) == before + timedelta(days=2)
    assert timedelta() <= clock.now() - (PAST + timedelta(days=2)) < NEAR
    assert (await service(database, FUTURE)).shift == clock.shift, "moved it stays over a restart"


async def test_moves_of_an_older_version_are_kept(database: Database) -> None:
    await database.collection("clock").update(
        {"_id": "shift"}, {"$push": {"moves": {"from": 1.0, "millis": 5000}}}, upsert=True
    )
    assert (await service(database, FUTURE)).shift == timedelta(seconds=5)
