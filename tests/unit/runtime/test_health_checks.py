"""What keeps a service from being well is said by name."""

from collections.abc import Callable, Collection
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prometheus_client import REGISTRY
from pymongo.errors import AutoReconnect

from shared.runtime.health import checks as checks_module
from shared.runtime.health.checks import STALE_SECONDS, HealthChecks
from shared.runtime.kafka.consumer import Consumer
from shared.runtime.kafka.stall_watch import STILL_SECONDS, ConsumerLag, StallWatch


class Servers:
    """MongoDB and Kafka, as a service asks for them."""

    def __init__(self) -> None:
        self.mongo = self.brokers = True

    async def store(self) -> None:
        if not self.mongo:
            raise AutoReconnect("away")

    def kafka(self) -> bool:
        return self.brokers


def shown(metric: str) -> float | None:
    return REGISTRY.get_sample_value(metric, {"service": "tested"})


@pytest.fixture
def servers() -> Servers:
    return Servers()


@pytest.fixture
def health(servers: Servers) -> HealthChecks:
    return HealthChecks("tested", servers.store, servers.kafka)


async def test_a_service_is_well_once_its_servers_have_answered(health: HealthChecks) -> None:
    assert health.unwell() == {"health_checks": "nothing was looked at yet"}
    await health.check_once()
    assert health.unwell() == {}
    assert (shown("whistle_store_up"), shown("whistle_kafka_up")) == (1, 1)


async def test_a_server_that_is_away_is_named_until_it_is_back(health: HealthChecks, servers: Servers) -> None:
    servers.mongo = servers.brokers = False
    await health.check_once()
    assert sorted(health.unwell()) == ["kafka", "store"]
    assert (shown("whistle_store_up"), shown("whistle_kafka_up")) == (0, 0)
    servers.mongo = servers.brokers = True
    await health.check_once()
    assert health.unwell() == {}


async def test_a_look_that_fails_is_the_stores_failure_and_ends_nothing(health: HealthChecks) -> None:
    async def fails() -> None:
        raise AutoReconnect("in the middle")

    health.gauge_readers.append(fails)
    await health.check_once()
    assert list(health.unwell()) == ["store"]


async def test_looks_that_have_stopped_are_noticed(health: HealthChecks, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(checks_module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    await health.check_once()
    now[0] += STALE_SECONDS
    assert health.unwell() == {}
    now[0] += 1
    assert list(health.unwell()) == ["health_checks"]


def consumer(lag: Callable[[], int]) -> Consumer:
    """Of one partition of which ``lag`` records wait."""

    async def position(_: Any) -> int:
        return 5

    client = SimpleNamespace(assignment=lambda: ["p0"], highwater=lambda _: 5 + lag(), position=position)
    return cast(
        Consumer, SimpleNamespace(group="g", progress=1.0, records=0, subscriber=SimpleNamespace(consumer=client))
    )


async def everybody_is_served(_: Collection[Any]) -> bool:
    return True


async def test_a_group_is_unwell_when_it_stands_still_and_not_because_much_waits() -> None:
    """Seen: during every backlog the outside watcher was told that the service is dead."""
    waiting = [0]
    watch = StallWatch([consumer(lambda: waiting[0])], everybody_is_served)
    assert await watch.stalled(0.0) is None
    assert watch.still(1000.0) is None
    waiting[0] = 300_000
    assert await watch.stalled(10.0) is None
    assert REGISTRY.get_sample_value("whistle_consumer_lag_records", {"group": "g"}) == 300_000
    assert watch.still(10.0 + STILL_SECONDS - 1) is None
    assert watch.still(10.0 + STILL_SECONDS) == "stand still: g"
    waiting[0] = 0
    assert await watch.stalled(30.0) is None
    assert watch.still(30.0) is None


async def test_how_far_behind_a_group_is_and_how_long_it_takes() -> None:
    waiting = [3000]
    watched = consumer(lambda: waiting[0])
    watch = StallWatch([watched], everybody_is_served)
    await watch.stalled(0.0)
    assert watch.behind() == {"g": ConsumerLag(3000, None)}
    assert REGISTRY.get_sample_value("whistle_consumer_lag_seconds", {"group": "g"}) == float("inf")
    watched.records, waiting[0] = 400, 2600
    await watch.stalled(4.0)
    assert watch.behind() == {"g": ConsumerLag(2600, 26.0)}
    assert REGISTRY.get_sample_value("whistle_consumer_lag_seconds", {"group": "g"}) == 26.0
    waiting[0] = 0
    await watch.stalled(8.0)
    assert watch.behind() == {}
