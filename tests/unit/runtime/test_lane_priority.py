"""Promise: history yields to everything live in a process, and is worked off all the same."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from shared.contracts.envelope import DANGER, HISTORY, LIVE
from shared.runtime.kafka import lane_priority
from shared.runtime.kafka.lane_priority import LIVE_RECENTLY_SECONDS, LanePriority


@pytest.fixture
def to(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the time, in monotonic seconds."""
    now = [1000.0]
    monkeypatch.setattr(lane_priority, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def set_to(at: float) -> None:
        now[0] = 1000.0 + at

    return set_to


async def begun(task: "asyncio.Task[None]") -> bool:
    for _ in range(5):
        await asyncio.sleep(0)
    return task.done()


async def test_history_waits_while_anything_live_is_in_hand() -> None:
    way = LanePriority()
    await way.begins(LIVE)
    await way.begins(DANGER)
    history = asyncio.create_task(way.begins(HISTORY))
    assert not await begun(history)
    way.ended(LIVE, 0.1)
    assert not await begun(history)
    way.ended(DANGER, 0.1)
    assert await begun(history)


async def test_history_holds_up_nothing_live() -> None:
    way = LanePriority()
    await way.begins(HISTORY)
    for lane in (DANGER, LIVE):
        await way.begins(lane)
        assert way.ended(lane, 0.1) == 0.0


async def test_history_gets_on_however_much_is_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane_priority, "YIELD_SECONDS_MAX", 0.01)
    way = LanePriority()
    await way.begins(LIVE)
    async with asyncio.timeout(5):
        await way.begins(HISTORY)


async def test_history_takes_half_of_the_time_while_anything_live_goes_on_and_all_of_it_otherwise(
    to: Callable[[float], None],
) -> None:
    way = LanePriority()
    await way.begins(HISTORY)
    assert way.ended(HISTORY, 0.3) == 0.0
    await way.begins(LIVE)
    way.ended(LIVE, 0.1)
    await way.begins(HISTORY)
    assert way.ended(HISTORY, 0.3) == 0.3
    to(LIVE_RECENTLY_SECONDS + 0.1)
    await way.begins(HISTORY)
    assert way.ended(HISTORY, 0.3) == 0.0
