"""Every consumer and producer of every service has the settings that lose nothing (defaults do lose)."""

from typing import Any

import pytest
from aiokafka.producer import AIOKafkaProducer
from faststream import AckPolicy

from shared.runtime.service import Service
from tests.contract.documents import services


def named(value: Any) -> str:
    return value if isinstance(value, str) else f"{value.topic_names[0]}:{value.group_id}"


SUBSCRIBERS: list[tuple[str, Any]] = sorted(
    ((name, subscriber) for name, service in services().items() for subscriber in service.broker.subscribers),
    key=lambda pair: named(pair[1]),
)
TAILS = {"router": 1}
"""Services that follow a topic live, without a group; such a subscriber owes nothing to anybody."""


durable = pytest.mark.parametrize(
    ("service", "subscriber"), [pair for pair in SUBSCRIBERS if pair[1].group_id is not None], ids=named
)
every = pytest.mark.parametrize(("service", "subscriber"), SUBSCRIBERS, ids=named)


@durable
def test_offsets_move_only_after_the_handler_returned(service: str, subscriber: Any) -> None:
    assert subscriber.ack_policy is AckPolicy.NACK_ON_ERROR
    assert subscriber._connection_args["enable_auto_commit"] is False


@durable
def test_a_new_group_begins_at_the_beginning(service: str, subscriber: Any) -> None:
    assert subscriber._connection_args["auto_offset_reset"] == "earliest"
    assert subscriber.group_id.startswith("whistle.")


@durable
def test_a_dead_consumer_is_replaced_within_seconds_and_a_slow_one_is_not(service: str, subscriber: Any) -> None:
    args = subscriber._connection_args
    assert args["session_timeout_ms"] <= 15_000
    assert args["heartbeat_interval_ms"] * 3 <= args["session_timeout_ms"]
    assert args["max_poll_interval_ms"] >= 300_000


@every
def test_aborted_records_are_not_read_and_batches_are_bounded(service: str, subscriber: Any) -> None:
    assert subscriber._connection_args["isolation_level"] == "read_committed"
    assert subscriber._connection_args["check_crcs"] is True
    assert 128 <= subscriber.max_records <= 256
    assert subscriber.batch_timeout_ms >= 3.2e10, "after an empty look FastStream sleeps for as long as it looked"
    assert subscriber._no_reply is True


@every
async def test_an_undecodable_record_does_not_fail_its_batch(service: str, subscriber: Any) -> None:
    """The decoder hands the records over as they came."""
    raw = object()
    decoded = await subscriber._call_options.decoder(type("Message", (), {"raw_message": raw})())
    assert decoded is raw


@pytest.mark.parametrize("service", services().values(), ids=lambda service: service.name)
def test_only_a_tail_has_no_group(service: Service) -> None:
    subscribers: list[Any] = list(service.broker.subscribers)
    tails = [s for s in subscribers if s.group_id is None]
    assert len(tails) == TAILS.get(service.name, 0)
    assert all(tail.ack_policy is AckPolicy.MANUAL for tail in tails)


def test_groups_are_each_of_one_subscriber() -> None:
    groups = [subscriber.group_id for _, subscriber in SUBSCRIBERS if subscriber.group_id is not None]
    assert len(set(groups)) == len(groups) >= 6


@pytest.mark.parametrize("service", services().values(), ids=lambda service: service.name)
def test_a_producer_waits_for_all_replicas_and_is_idempotent(service: Service) -> None:
    args: dict[str, Any] = dict(service.broker._connection_kwargs)
    assert args["acks"] == "all"
    assert args["enable_idempotence"] is True
    assert args["transactional_id"] is None
    assert args["max_request_size"] >= 256 * 1024
    assert args["linger_ms"] <= 5


@pytest.mark.parametrize("service", services().values(), ids=lambda service: service.name)
def test_the_broker_gives_new_subscribers_the_safe_policy_and_makes_no_topics(service: Service) -> None:
    config: Any = service.broker.config
    assert config.ack_policy is AckPolicy.NACK_ON_ERROR
    assert config.allow_auto_create_topics is False
    assert config.graceful_timeout < 25


def test_the_producers_class_knows_these_settings() -> None:
    """aiokafka refuses what it does not know, so a renamed setting is seen here and not at the first start."""
    code = AIOKafkaProducer.__init__.__code__
    assert {"acks", "enable_idempotence", "linger_ms", "max_request_size"} <= set(code.co_varnames)
