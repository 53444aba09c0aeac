"""Promise: a consumer that stands still while records wait ends its process; an idle or busy one never does."""

from collections.abc import Callable, Collection
from types import SimpleNamespace
from typing import Any, cast

from aiokafka.errors import IllegalStateError

from shared.runtime.kafka.consumer import Consumer
from shared.runtime.kafka.stall_watch import STALL_SECONDS, StallWatch


class Client:
    """As much of a Kafka consumer as the watch asks."""

    def __init__(self) -> None:
        self.end, self.at = 5, 5

    def assignment(self) -> list[int]:
        return [0]

    def highwater(self, _: int) -> int:
        return self.end

    async def position(self, _: int) -> int:
        return self.at


def consumer(client: Client) -> Any:
    return SimpleNamespace(group="g", progress=0.0, records=0, subscriber=SimpleNamespace(consumer=client))


def watch(watched: Any, others: Callable[[], bool] = lambda: True) -> StallWatch:
    async def served(partitions: Collection[Any]) -> bool:
        assert list(partitions) == [0]
        return others()

    return StallWatch([cast(Consumer, watched)], served)


async def test_records_that_wait_without_progress_are_a_stall() -> None:
    client = Client()
    watching = watch(consumer(client))
    client.end = 6
    assert await watching.stalled(100.0) is None
    assert await watching.stalled(100.0 + STALL_SECONDS - 0.1) is None
    assert await watching.stalled(100.0 + STALL_SECONDS) == "g"


async def test_a_client_that_fetches_no_more_and_so_hears_of_nothing_is_a_stall() -> None:
    watching = watch(consumer(Client()))
    assert await watching.stalled(100.0, {0: 6}) is None
    assert await watching.stalled(100.0 + STALL_SECONDS, {0: 6}) == "g"


async def test_only_time_in_which_kafka_serves_others_counts() -> None:
    client, away = Client(), True
    watching = watch(consumer(client), lambda: not away)
    client.end = 6
    for second in range(0, 600, 5):
        assert await watching.stalled(float(second)) is None
    away = False
    assert await watching.stalled(600.0) is None
    assert await watching.stalled(595.0 + STALL_SECONDS) == "g"


async def test_a_record_after_a_long_idle_time_is_no_stall() -> None:
    client = Client()
    watching = watch(consumer(client))
    assert await watching.stalled(0.0) is None
    client.end = 6
    assert await watching.stalled(10_000.0) is None
    client.at = 6
    assert await watching.stalled(10_000.0 + STALL_SECONDS) is None


async def test_a_backlog_that_is_being_worked_off_is_no_stall() -> None:
    client = Client()
    watched = consumer(client)
    watching = watch(watched)
    client.end = 10_000
    for second in range(0, 300, 5):
        watched.progress = float(second)
        assert await watching.stalled(float(second)) is None


async def test_a_consumer_that_has_not_started_is_no_stall() -> None:
    watched = consumer(Client())
    watched.subscriber.consumer = None
    assert await watch(watched).stalled(1e6) is None


async def test_a_partition_that_goes_to_another_member_while_it_is_asked_about_is_no_matter_of_ours() -> None:
    class Unsettled(Client):
        async def position(self, _: int) -> int:
            raise IllegalStateError("Partition 0 is not assigned")

    client = Unsettled()
    client.end = 6
    watching = watch(consumer(client))
    assert await watching.stalled(100.0) is None
    assert await watching.stalled(100.0 + STALL_SECONDS) is None
