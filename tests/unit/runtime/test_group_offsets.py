"""Promise: what another service merely has not come to yet is not sent again; what it has passed unanswered is."""

from datetime import UTC, datetime, timedelta

from shared.runtime.kafka.group_offsets import EPOCH, GroupPosition, GroupProgress, LaneProgress

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Kafka:
    """Where a group stands in a topic of two partitions."""

    def __init__(self) -> None:
        self.at = NOW
        self.ends = [10, 10]
        self.offsets: list[int | None] = [10, 10]

    async def group_position(self, group: str, topic: str) -> GroupPosition:
        kept = {(topic, n): offset for n, offset in enumerate(self.offsets) if offset is not None}
        return GroupPosition(self.at, {(topic, n): end for n, end in enumerate(self.ends)}, kept)

    def later(self, seconds: float) -> datetime:
        self.at = NOW + timedelta(seconds=seconds)
        return self.at


async def test_who_has_caught_up_has_passed_everything() -> None:
    kafka = Kafka()
    assert await GroupProgress(kafka, "g", "t").handled_until() == NOW


async def test_who_is_behind_passes_moment_after_moment() -> None:
    kafka = Kafka()
    passed = GroupProgress(kafka, "g", "t")
    kafka.ends = [1000, 10]
    assert await passed.handled_until() == EPOCH
    for step, offset in enumerate(range(110, 1000, 100)):
        kafka.later(60.0 * step)
        kafka.offsets[0] = offset
        kafka.ends[0] += 50
        assert await passed.handled_until() == EPOCH
    first = kafka.later(600)
    kafka.offsets[0] = 1000
    assert await passed.handled_until() == NOW, "all of the first sample, not yet what came meanwhile"
    kafka.later(700)
    kafka.offsets[0] = kafka.ends[0] - 1
    kafka.ends[0] += 500
    assert await passed.handled_until() == NOW
    kafka.later(800)
    kafka.offsets[0] = 1600
    assert await passed.handled_until() == first


async def test_a_group_that_never_came_has_passed_an_empty_topic_and_no_other() -> None:
    kafka = Kafka()
    kafka.offsets = [None, None]
    assert await GroupProgress(kafka, "g", "t").handled_until() == EPOCH
    kafka.ends = [0, 0]
    assert await GroupProgress(kafka, "g", "t").handled_until() == NOW


async def test_a_log_that_lost_records_is_not_waited_for() -> None:
    kafka = Kafka()
    passed = GroupProgress(kafka, "g", "t")
    kafka.ends, kafka.offsets = [1000, 1000], [10, 10]
    assert await passed.handled_until() == EPOCH
    at = kafka.later(60)
    kafka.ends, kafka.offsets = [3, 4], [3, 4]
    assert await passed.handled_until() == at


async def test_answers_count_once_those_who_show_them_have_passed_them_too() -> None:
    router, progress = Kafka(), Kafka()
    answered = LaneProgress(GroupProgress(router, "r", "reports"), [GroupProgress(progress, "p", "cases")])
    progress.ends = [500, 10]
    assert await answered.handled_until(NOW) == EPOCH
    progress.later(30)
    progress.offsets = [499, 10]
    assert await answered.handled_until(NOW + timedelta(seconds=30)) == EPOCH
    progress.offsets = [500, 10]
    assert await answered.handled_until(NOW + timedelta(seconds=30)) == NOW
