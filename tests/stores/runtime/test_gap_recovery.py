"""Promise: what a consumer has handled is on record; what a broker lost, moved or forgot is noticed and asked for."""

from collections import namedtuple
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError

from shared.kernel.clock import StoppedClock
from shared.runtime.kafka import gap_recovery
from shared.runtime.kafka.consumer import Consumer, HandledOffset
from shared.runtime.kafka.crash_attempts import CrashAttempts
from shared.runtime.kafka.dead_letters import DeadLetters
from shared.runtime.kafka.gap_recovery import (
    EPOCH,
    MARGIN,
    SETTLE_SECONDS,
    GapRecovery,
    LogReplacedError,
    PartitionEnds,
    ReplayClient,
)
from shared.runtime.kafka.replay import Stretch
from shared.runtime.storage.mongo import Database

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


class Asked(ReplayClient):
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
        dead = DeadLetters("tests", database.collection("dead_letters"), CrashAttempts(database.collection("attempts")))
        self.consumer = Consumer("reports", "g", cast(Any, None), dead, StoppedClock(NOW), newest=True)
        self.caught_up = GapRecovery(self.marks, [self.consumer], self.emitter)
        monkeypatch.setattr(gap_recovery, "time", SimpleNamespace(monotonic=lambda: self.at))

    def connect(self, log: Log, *, replaced: bool = False) -> None:
        self.consumer.subscriber = SimpleNamespace(consumer=log)
        self.caught_up.connected(replaced=replaced)

    async def looks(self, times: int = 1, cluster: str = "c") -> None:
        for _ in range(times):
            self.at += 2
            log = self.consumer.subscriber.consumer
            ends = PartitionEnds(NOW + timedelta(seconds=self.at), await log.end_offsets(sorted(log.assignment())))
            await self.caught_up.check(cluster, log, ends)

    async def mark(self, number: int = 0) -> dict[str, Any] | None:
        found = await self.marks.find_one({"_id": "g"})
        return found["parts"].get(str(number)) if found else None

    def takes(self, log: Log, offsets: range, number: int = 0) -> None:
        """The handler returned for these records of a partition."""
        times = [log.times[offset - log.first] for offset in offsets]
        records = [
            SimpleNamespace(partition=number, offset=offset, timestamp=at)
            for offset, at in zip(offsets, times, strict=True)
        ]
        firsts = {number: offsets[0]}
        self.consumer.first_offsets = firsts | self.consumer.first_offsets
        self.consumer._note_places(firsts, cast(Any, records))


@pytest.fixture
async def watched(database: Database, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Three records handled, and on record."""
    made = Watched(database, monkeypatch)
    log = Log([10, 30, 20])
    made.connect(log)
    await made.looks()
    made.consumer.handled[0] = HandledOffset(3, 30)
    await made.looks()
    return made


async def test_a_mark_says_what_is_handled_and_not_what_only_came(watched: Watched) -> None:
    assert await watched.mark() == {"cluster": "c", "offset": 3, "newest": 30, "at": NOW + timedelta(seconds=2)}
    log = Log([10, 30, 20, 40, 50])
    watched.consumer.subscriber = SimpleNamespace(consumer=log)
    watched.consumer.handled[0] = HandledOffset(4, 40)
    await watched.looks()
    earlier = await watched.mark() or {}
    assert (earlier["offset"], earlier["at"]) == (4, NOW + timedelta(seconds=2)), "one that came waits still"
    watched.consumer.handled[0] = HandledOffset(5, 50)
    await watched.looks()
    later = await watched.mark() or {}
    assert (later["offset"], later["at"]) == (5, NOW + timedelta(seconds=6))


async def test_a_partition_that_goes_to_another_member_is_no_matter_of_ours_any_more(watched: Watched) -> None:
    log = Log([10, 30, 20, 40], committed=3, partitions=2)
    watched.connect(log)
    await watched.looks()
    log.partitions = 1
    await watched.looks()
    watched.consumer.handled[0] = HandledOffset(4, 40)
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
    assert watched.consumer.handled[0] == HandledOffset(3, 30)
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
    with pytest.raises(LogReplacedError):
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
            with pytest.raises(LogReplacedError):
                await watched.looks()
        else:
            await watched.looks()


async def test_a_backlog_of_hours_is_worked_off_and_a_place_once_passed_is_never_gone_back_from(
    watched: Watched,
) -> None:
    """Seen: after a minute the consumer went back to its last mark, again and again, and never reached the end."""
    log = Log([10, 30, 20, *range(40, 2040)], committed=3)
    watched.connect(log)
    offsets = [3]
    for place in range(3, 2003):
        watched.takes(log, range(place, place + 1))
        await watched.looks()
        offsets.append((await watched.mark() or {})["offset"])
    assert log.sought == -1
    assert offsets == sorted(offsets)
    assert watched.consumer.handled[0] == HandledOffset(2003, 2039)
    assert offsets[-1] == 2003
    await watched.looks(40)
    assert (await watched.mark() or {})["at"] > NOW + timedelta(hours=1)
    assert watched.emitter.since == []


async def test_who_starts_again_in_the_middle_of_a_backlog_goes_on_there(watched: Watched) -> None:
    log = Log([10, 30, 20, *range(40, 140)], committed=3)
    watched.connect(log)
    watched.takes(log, range(3, 50))
    await watched.looks()
    again = Log(log.times, committed=50)
    watched.connect(again)
    watched.takes(again, range(50, 60))
    await watched.looks(60)
    assert again.sought == -1
    assert (await watched.mark() or {})["offset"] == 60


async def test_what_is_lost_in_the_middle_of_a_backlog_is_asked_for_since_before_it(watched: Watched) -> None:
    log = Log([10, 30, 20, *range(40, 140)], committed=3)
    watched.connect(log)
    await watched.looks()
    watched.takes(log, range(3, 50))
    await watched.looks(100)
    watched.connect(Log([500, 510]))
    await watched.looks()
    watched.at += SETTLE_SECONDS
    await watched.looks(4)
    assert watched.emitter.since[0] <= NOW + timedelta(seconds=2) - MARGIN


async def test_one_partition_that_is_behind_holds_up_no_mark_of_the_others(watched: Watched) -> None:
    log = Log([10, 30, 20, *range(40, 140)], committed=3, partitions=2)
    watched.connect(log)
    watched.takes(log, range(3, 103), 1)
    await watched.looks()
    mark = await watched.mark(1) or {}
    assert (mark["offset"], mark["at"]) == (103, NOW + timedelta(seconds=watched.at))


async def test_a_partition_that_was_away_in_between_is_taken_up_where_the_other_member_left_it(
    watched: Watched,
) -> None:
    """Between two looks it was another's, who wrote its marks; and in the second case did not live to do so."""
    log = Log([10, 30, 20, *range(40, 140)], committed=3)
    watched.connect(log)
    await watched.looks()
    await watched.marks.update({"_id": "g"}, {"$set": {"parts.0.offset": 20, "parts.0.newest": 56}})
    log.kept = 20
    watched.takes(log, range(20, 30))
    await watched.looks()
    assert log.sought == -1
    assert watched.consumer.handled[0] == HandledOffset(30, 66)
    watched.takes(log, range(50, 60))
    await watched.looks()
    assert log.sought == 30, "nobody knows whether 30 to 50 were handled"
    watched.takes(log, range(30, 60))
    await watched.looks()
    assert (await watched.mark() or {})["offset"] == 60


async def test_what_was_in_hand_when_it_was_sent_back_does_not_send_it_back_again(watched: Watched) -> None:
    """Seen in the simulation: under load some batch is always in hand, so that it would have gone back for ever."""
    log = Log([10, 30, 20, *range(40, 140)], committed=20)
    watched.connect(log)
    watched.consumer.first_offsets = {0: 20}
    await watched.looks()
    assert log.sought == 3
    log.sought = -1
    watched.takes(log, range(20, 40))
    await watched.looks()
    watched.takes(log, range(3, 50))
    await watched.looks()
    assert log.sought == -1
    assert (await watched.mark() or {})["offset"] == 50


async def test_a_partition_that_is_given_to_us_again_is_looked_up_although_nothing_new_comes(watched: Watched) -> None:
    log = Log([10, 30, 20, 40, 50], committed=3)
    watched.connect(log)
    await watched.looks()
    newer = {"parts.0.offset": 5, "parts.0.newest": 50}
    await watched.marks.update({"_id": "g"}, {"$set": newer})
    log.kept = 5
    await watched.consumer.on_partitions_assigned([TopicPartition("t", 0)])
    await watched.looks(2)
    assert watched.consumer.handled[0] == HandledOffset(5, 50)
    assert (await watched.mark() or {})["at"] >= NOW + timedelta(seconds=watched.at - 2)


async def test_a_member_that_stood_still_does_not_take_back_what_others_noted(watched: Watched) -> None:
    log = Log([10, 30, 20, *range(40, 140)], committed=3)
    watched.connect(log)
    await watched.looks()
    watched.takes(log, range(3, 10))
    await watched.marks.update({"_id": "g"}, {"$set": {"parts.0.offset": 90, "parts.0.newest": 126}})
    await watched.looks()
    assert (await watched.mark() or {})["offset"] == 90


async def test_producers_whose_clocks_differ_are_no_loss(watched: Watched) -> None:
    """A record that was handled before this process began may bear a later time than those it handled itself."""
    log = Log([10, 30, 20, 25, 26, 27], committed=3)
    watched.connect(log)
    watched.takes(log, range(3, 6))
    await watched.looks(3)
    assert watched.emitter.since == []
    assert await watched.mark() is not None


class Unsettled(Log):
    """The group deals its partitions out anew while ``question`` is being answered: to ``us`` again, or to others."""

    def __init__(self, times: list[int], consumer: Consumer, question: str, *, us: bool) -> None:
        super().__init__(times, committed=len(times))
        self.consumer, self.question, self.us = consumer, question, us

    async def _asked(self, question: str) -> None:
        if question == self.question:
            self.question = ""
            self.partitions = 1 if self.us else 0
            await self.consumer.on_partitions_assigned(self.assignment())
            self.consumer.forget_offsets()

    async def committed(self, place: TopicPartition) -> int | None:
        found = await super().committed(place)
        await self._asked("committed")
        return found

    async def beginning_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        await self._asked("beginnings")
        return await super().beginning_offsets(places)

    async def offsets_for_times(self, asked: dict[TopicPartition, int]) -> dict[TopicPartition, Any]:
        await self._asked("times")
        return await super().offsets_for_times(asked)

    def seek(self, place: TopicPartition, offset: int) -> None:
        if place not in self.assignment():
            raise IllegalStateError(f"{place} is not assigned")
        super().seek(place, offset)


@pytest.mark.parametrize("us", [True, False], ids=["ours again", "another's"])
@pytest.mark.parametrize("times", [[10, 30, 20], [10, 30, 20, 40, 50]], ids=["at the mark", "past the mark"])
@pytest.mark.parametrize("question", ["committed", "beginnings", "times"])
async def test_partitions_that_are_dealt_out_anew_in_the_middle_of_a_look_are_looked_at_again(
    watched: Watched, question: str, times: list[int], us: bool
) -> None:
    """Seen: a ``KeyError`` ended the service when the group was made anew between two questions of one look."""
    log = Unsettled(times, watched.consumer, question, us=us)
    watched.connect(log)
    await watched.looks()
    assert log.question == "", "it happened in the middle of a look"
    assert log.sought == -1
    assert watched.consumer.handled == {}, "nothing is noted of what may be another's"
    log.partitions = 1
    if not us:
        await watched.consumer.on_partitions_assigned(log.assignment())
    await watched.looks(2)
    assert watched.consumer.handled[0] == HandledOffset(3, 30)
    assert log.sought == (3 if len(times) > 3 else -1)
    assert watched.emitter.since == []
