"""Records that a test puts into Kafka itself, and those that a service parked."""

from typing import Any

from aiokafka import AIOKafkaProducer

from tests.kit.stack import Person, RunningStack


async def publish(stack: RunningStack, *records: tuple[bytes | None, dict[str, str]]) -> None:
    """Raw records into the ``reports`` topic, all in one partition."""
    producer = AIOKafkaProducer(bootstrap_servers=stack.dev["kafka"], acks="all")
    await producer.start()
    try:
        for value, headers in records:
            encoded = [(name, text.encode()) for name, text in headers.items()]
            await producer.send_and_wait("whistle.reports", value, key=b"same", partition=3, headers=encoded)
    finally:
        await producer.stop()


def parked(ops: Person, containing: str) -> dict[str, Any] | None:
    """A record that the router parked and nobody has dealt with, with that text in its headers."""
    items = ops.get("router", "/v1/dead-letters").json()["items"]
    return next((i for i in items if containing in str(i["headers"]) and i["state"] == "parked"), None)
