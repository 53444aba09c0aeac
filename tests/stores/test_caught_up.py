"""Promise: what a consumer has handled is on record; what a broker lost, moved or forgot is noticed and asked for."""

from collections import namedtuple
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from aiokafka import TopicPartition

from shared.kernel.clock import StoppedClock
from shared.runtime import caught_up
from shared.runtime.attempts import Attempts
from shared.runtime.caught_up import EPOCH, MARGIN, SETTLE_SECONDS, CaughtUp, Emitters, Ends, Replaced
from shared.runtime.consume import Consumer, Handled
from shared.runtime.dead_letters import DeadLetters
from shared.runtime.mongo import Database
from shared.runtime.replay import Stretch

FOUND = namedtuple("FOUND", "offset timestamp")
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Log:
    """The client of a consumer; ``times``: each partition's records' times in ms, from offset ``first`` on."""

    def __init__(self, times: list[int], first: int = 0, committed: int | None = None, partitions: int = 1) -> None:
        self.times, self.first, self.kept, self.sought = times, first, committed, -1
        self.partitions = partitions

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition("t", number) for number in range(self.partitions)}

    def subscription(self) -> frozenset[str]:
        return frozenset({"t"})

    async def committed(self, _: TopicPartition) -> int | None:
        return self.kept

    async def beginning_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, self.first)

    async def end_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, self.first + len(self.times))

    async def offsets_for_times(self, asked: dict[TopicPartition, int]) -> dict[TopicPartition, Any]:
        return {
            place: next((FOUND(self.first + n, t) for n, t in enumerate(self.times) if t >= at), None)
            for place, at in asked.items()
        }

    def seek(self, _: TopicPartition, offset: int) -> None:
        self.sought = offset


class Asked(Emitters):
    """An emitter that notes what it is asked for."""

    def __init__(self) -> None:
        self.since: list[datetime] = []
        self.away = 0

    async def publish_again(self, topic: str, since: datetime, cluster: str, after: str | None) -> Stretch:
        if self.away:
            self.away -= 1
            raise httpx.ConnectError("not there")
        self.since.append(since)
        return Stretch(1, None if after else "there is more")


class Watched:
    """A consumer whose marks are kept; ``at``: the time, in seconds since ``NOW``."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self.emitter, self.at = Asked(), 0.0
        self.marks = database.collection("consumer_marks")
        dead = DeadLetters("tests", database.collection("dead_letters"), Attempts(database.collection("attempts")))
        self.consumer = Consumer("reports", "g", cast(Any, None), dead, StoppedClock(NOW), newest=True)
        self.caught_up = CaughtUp(self.marks, [self.consumer], self.emitter)
        monkeypatch.setattr(caught_up, "real_now", lambda: NOW + timedelta(seconds=self.at))
        monkeypatch.setattr(caught_up, "time", SimpleNamespace(monotonic=lambda: self.at))

    def connect(self, log: Log, *, replaced: bool = False) -> None:
        self.consumer.subscriber = SimpleNamespace(consumer=log)
        self.caught_up.connected(replaced=replaced)

    async def looks(self, times: int = 1, cluster: str = "c") -> None:
        for _ in range(times):
            self.at += 2
            log = self.consumer.subscriber.consumer
            ends = Ends(NOW + timedelta(seconds=self.at), await log.end_offsets(sorted(log.assignment())))
            await self.caught_up.look(cluster, log, ends)

    async def mark(self) -> dict[str, Any] | None:
        found = await self.marks.find_one({"_id": "g"})
        return found["parts"]["0"] if found else None


@pytest.fixture
async def watched(database: Database, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Three records handled, and on record."""
    made = Watched(database, monkeypatch)
    log = Log([10, 30, 20])
    made.connect(log)
    await made.looks()
    made.consumer.handled[0] = Handled(3, 30)
    await made.looks()
    return made


async def test_a_mark_says_what_is_handled_and_not_what_only_came(watched: Watched) -> None:
    assert await watched.mark() == {"cluster": "c", "offset": 3, "newest": 30, "at": NOW + timedelta(seconds=2)}
    log = Log([10, 30, 20, 40, 50])
    watched.consumer.subscriber = SimpleNamespace(consumer=log)
    watched.consumer.handled[0] = Handled(4, 40)
    await watched.looks()
    assert (await watched.mark() or {})["offset"] == 3
    watched.consumer.handled[0] = Handled(5, 50)
    await watched.looks()
    assert (await watched.mark() or {})["offset"] == 5


async def test_a_partition_that_goes_to_another_member_is_no_matter_of_ours_any_more(watched: Watched) -> None:
    log = Log([10, 30, 20, 40], committed=3, partitions=2)
    watched.connect(log)
    await watched.looks()
    log.partitions = 1
    await watched.looks()
    watched.consumer.handled[0] = Handled(4, 40)
    await watched.looks(2)
    assert (await watched.mark() or {})["offset"] == 4


async def test_the_same_log_with_nothing_new_asks_for_nothing(watched: Watched) -> None:
    watched.connect(Log([10, 30, 20], committed=3))
    await watched.looks(20)
    assert watched.emitter.since == []


async def test_offsets_moved_to_the_end_are_gone_back_from(watched: Watched) -> None:
    log = Log([10, 30, 20, 40, 50], committed=5)
    watched.connect(log)
    await watched.looks()
    assert log.sought == 3
    assert watched.consumer.handled[0] == Handled(3, 30)
    assert watched.emitter.since == []


@pytest.mark.parametrize(
    ("log", "cluster"),
    [
        (Log([10, 30, 20, 40], committed=3), "another"),
        (Log([100, 110]), "c"),
        (Log([100, 110, 120, 130, 140], committed=3), "c"),
        (Log([50, 60], first=7), "c"),
    ],
    ids=["another cluster", "a wiped log", "a wiped log that has grown past the mark", "a log that begins later"],
)
async def test_records_that_are_gone_are_published_again_since_the_mark(
    watched: Watched, log: Log, cluster: str
) -> None:
    watched.emitter.away = 1
    watched.connect(log)
    await watched.looks(2, cluster)
    assert watched.emitter.since == [], "not before every service has left the old log"
    watched.at += SETTLE_SECONDS
    await watched.looks(4, cluster)
    assert watched.emitter.since == [NOW + timedelta(seconds=2) - MARGIN] * 2, "both stretches, and not again"


async def test_a_log_that_is_replaced_while_we_are_connected_is_noticed(watched: Watched) -> None:
    watched.consumer.subscriber = SimpleNamespace(consumer=Log([100, 110, 120, 130]))
    with pytest.raises(Replaced):
        await watched.looks()


async def test_without_a_mark_a_replaced_log_was_missed_from_the_beginning(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(database, monkeypatch)
    watched.connect(Log([100]), replaced=True)
    await watched.looks()
    watched.connect(Log([100]))
    await watched.looks(10)
    assert watched.emitter.since == [EPOCH, EPOCH]


async def test_who_was_left_without_partitions_sees_that_the_log_is_another_one(watched: Watched) -> None:
    """Seen: the group was made anew before the topics were, and nobody looked again for five minutes."""
    for log, lost in ((Log([10, 30, 20], partitions=0), False), (Log([70], partitions=0), True)):
        watched.consumer.subscriber = SimpleNamespace(consumer=log)
        if lost:
            with pytest.raises(Replaced):
                await watched.looks()
        else:
            await watched.looks()
