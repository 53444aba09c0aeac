"""The seam to Kafka: the same promises on a real broker through FastStream, and on the simulated one."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import pytest
import pytest_asyncio
from aiokafka import ConsumerRecord

from deploy.local.part import start
from deploy.local.servers.servers import kafka_server
from shared.contracts import reports
from shared.contracts.catalogue import TOPICS
from shared.contracts.envelope import Envelope, from_record
from shared.runtime.kafka import broker as seam
from shared.runtime.kafka.broker import (
    Publisher,
    build_broker,
    durable_subscriber,
    ensure_topics,
    open_admin,
    topic_name,
)
from shared.runtime.settings import Settings
from tests.kit.made_reports import submitted
from tests.kit.stack import free_base
from tests.kit.waiting import until
from tests.simulation.kafka import Broker, Cluster
from tests.simulation.weather import Weather

Handler = Callable[[Sequence[ConsumerRecord]], Awaitable[None]]


@dataclass
class Member:
    """A process with one subscription; keeps what its handler got."""

    broker: Any
    publisher: Publisher
    got: list[Envelope] = field(default_factory=list)
    fails: int = 0
    """So many batches fail before they are handled."""

    async def handle(self, records: Sequence[ConsumerRecord]) -> None:
        if self.fails:
            self.fails -= 1
            raise LookupError("not now")
        self.got += [from_record(reports.TOPIC, r.key, r.value, r.headers) for r in records]

    async def has(self, events: Sequence[Envelope]) -> bool:
        return {event.id for event in events} <= {event.id for event in self.got}


@dataclass
class Kafka:
    """A broker of either kind, and whoever connects to it."""

    settings: Settings

    @asynccontextmanager
    async def member(self, group: str, fails: int = 0) -> AsyncIterator[Member]:
        """Connected while it lasts."""
        made = build_broker(self.settings, group)
        member = Member(made, Publisher(self.settings, made, group), fails=fails)
        durable_subscriber(self.settings, made, reports.TOPIC, group, group)(member.handle)
        await made.start()
        try:
            yield member
        finally:
            await made.stop()


@pytest_asyncio.fixture(scope="module", params=["kafka", "simulated"])
async def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """Where a real broker listens; empty for the simulated one."""
    if request.param == "simulated":
        yield ""
        return
    part = kafka_server(tmp_path_factory.mktemp("kafka"), free_base())
    process = await start(part)
    try:
        yield part.url
    finally:
        await process.stop(grace=5)


@pytest_asyncio.fixture
async def kafka(server: str, request: pytest.FixtureRequest) -> AsyncIterator[Kafka]:
    """Topics of its own for each test."""
    settings = Settings(kafka=server, namespace=f"t{abs(hash(request.node.name)) % 10**8}")
    async with AsyncExitStack() as stack:
        if server:
            admin = await open_admin(settings)
            await ensure_topics(settings, admin)
            await admin.close()
        else:
            weather = Weather(random.Random(0), lambda _: None)
            weather.calm = True
            cluster = Cluster(weather, {topic_name(settings, topic): count for topic, count in TOPICS.items()})
            stack.enter_context(mock.patch.object(seam, "KafkaBroker", lambda *_, **more: Broker(cluster, **more)))
        yield Kafka(settings)


def made(count: int, key: str = "k") -> list[Envelope]:
    return [submitted(f"{key}{n}") for n in range(count)]


async def test_what_was_acknowledged_arrives_as_it_was_sent(kafka: Kafka) -> None:
    events = made(20)
    async with kafka.member("g") as member:
        await member.publisher.publish(events)
        await until(lambda: member.has(events))
    sent = {event.id: event for event in events}
    assert all(Envelope(**{**_fields(e), "lane": sent[e.id].lane}) == sent[e.id] for e in member.got)


async def test_events_of_one_key_arrive_in_their_order(kafka: Kafka) -> None:
    events = made(40)
    assert len({event.key for event in events}) == 1
    async with kafka.member("g") as member:
        for event in events:
            await member.publisher.publish([event])
        await until(lambda: member.has(events))
    assert [event.id for event in member.got] == [event.id for event in events]


async def test_a_batch_that_failed_comes_again_whole(kafka: Kafka) -> None:
    events = made(10)
    async with kafka.member("g", fails=2) as member:
        await member.publisher.publish(events)
        await until(lambda: member.has(events))
    assert member.fails == 0
    assert [event.id for event in member.got] == [event.id for event in events]


async def test_a_new_member_goes_on_where_the_group_stopped(kafka: Kafka) -> None:
    first, later = made(10), made(10, "later")
    async with kafka.member("g") as member:
        await member.publisher.publish(first)
        await until(lambda: member.has(first))
    async with kafka.member("other") as other:
        await other.publisher.publish(later)
        await until(lambda: other.has([*first, *later]))
    async with kafka.member("g") as again:
        await until(lambda: again.has(later))
    assert not {event.id for event in again.got} & {event.id for event in first}


async def test_what_a_member_left_undone_comes_to_the_next(kafka: Kafka) -> None:
    events = made(10)
    async with kafka.member("g", fails=10**6) as member:
        tries = member.fails
        await member.publisher.publish(events)

        async def tried() -> bool:
            return member.fails < tries

        await until(tried)
    assert member.got == []
    async with kafka.member("g") as again:
        await until(lambda: again.has(events))


def _fields(event: Envelope) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__struct_fields__}
