"""Publishing stored events again: all of them, in order, however many were stored in one millisecond."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from shared.kernel.errors import Refusal
from shared.runtime.kafka.outbox_relay import EVENT_INDEXES
from shared.runtime.kafka.replay import STRETCH, ReplayBody, publish_again
from shared.runtime.storage.mongo import Database
from tests.kit.made_reports import submitted
from tests.kit.made_services import Listener

STORED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
COUNT = STRETCH + 7


@pytest.fixture
async def service(database: Database) -> Any:
    """A service's log: many events of one millisecond, then one of the next."""
    events = database.collection("events")
    await events.ensure_indexes(*EVENT_INDEXES)
    event = submitted()
    plain = {name: getattr(event, name) for name in event.__struct_fields__ if name != "id"}
    later = {**plain, "_id": "0 later", "stored_at": STORED + timedelta(milliseconds=1)}
    await events.insert_all([{**plain, "_id": f"e{n:05d}", "stored_at": STORED} for n in range(COUNT)])
    await events.insert(later)
    return cast(Any, SimpleNamespace(events=events, first_events=(), publisher=Listener()))


async def replayed(service: Any, since: datetime, until: datetime | None = None, *, dry_run: bool = False) -> int:
    """Stretch after stretch, as a caller does it."""
    count, after = 0, None
    while True:
        stretch = await publish_again(service, ReplayBody(since=since, until=until, dry_run=dry_run, after=after))
        count, after = count + stretch.events, stretch.next
        if after is None:
            return count
        assert stretch.events == STRETCH


async def test_every_event_since_a_time_is_published_again_once_and_in_order(service: Any) -> None:
    assert await replayed(service, STORED) == COUNT + 1
    assert service.publisher.ids == [*(f"e{n:05d}" for n in range(COUNT)), "0 later"]


async def test_a_replay_ends_where_it_is_told(service: Any) -> None:
    assert await replayed(service, STORED, STORED + timedelta(milliseconds=1)) == COUNT
    assert await replayed(service, STORED + timedelta(milliseconds=1)) == 1


async def test_a_dry_run_counts_and_publishes_nothing(service: Any) -> None:
    assert await replayed(service, STORED, dry_run=True) == COUNT + 1
    assert service.publisher.heard == []


@pytest.mark.parametrize(
    "after", ["", "0", "7 2026-03-02T09:00:00.000Z e1", "0 yesterday e1", "0 2026-03-02T09:00:00 e1"]
)
async def test_an_odd_place_to_go_on_from_is_refused(service: Any, after: str) -> None:
    with pytest.raises(Refusal):
        await publish_again(service, ReplayBody(since=STORED, after=after))
