"""The envelope of every event: CloudEvents 1.0 in Kafka binary mode.

Attributes travel as ``ce_*`` headers, ``data`` as the record's JSON value, the partition key as the record's key
(CloudEvents Kafka protocol binding 1.0.2, section 3.2). ``sequence`` is the aggregate's version.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from shared.kernel.clock import rfc3339

MAX_DATA_BYTES = 256 * 1024
DANGER, LIVE, HISTORY = 0, 1, 2
"""The lanes. ``HISTORY``: imported old reports, which nobody waits for."""
LANES = (DANGER, LIVE, HISTORY)


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """One event, as it is stored in a document's ``pending`` and in ``events``, and published to Kafka."""

    id: str
    type: str
    topic: str
    key: str
    subject: str
    city: str
    sequence: int
    time: datetime
    lane: int = LIVE
    """Lower lanes are published first. It is not in the record: the topic implies it."""
    trace: str = ""
    """W3C traceparent of the request that caused it, or empty."""
    data: str
    """The JSON text of the struct that the catalogue has for the type."""
    head: str = ""
    """For a case's event: the head of the hash chain over its history. It is stored but not published."""


class Malformed(Exception):
    """A record that cannot be decoded as one of our events; it is parked with this reason."""


def to_headers(event: Envelope, source: str) -> dict[str, str]:
    """CloudEvents attributes as Kafka headers."""
    headers = {
        "content-type": "application/json",
        "ce_specversion": "1.0",
        "ce_id": event.id,
        "ce_source": source,
        "ce_type": event.type,
        "ce_subject": event.subject,
        "ce_time": rfc3339(event.time),
        "ce_sequence": str(event.sequence),
        "ce_partitionkey": event.key,
        "ce_city": event.city,
    }
    if event.trace:
        headers["traceparent"] = event.trace
    return headers


def from_record(topic: str, key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes]]) -> Envelope:
    """The event in a Kafka record. Raises ``Malformed`` naming the first thing that is wrong."""
    attributes = _attributes(headers)
    if value is None or not value:
        raise Malformed("the record has no value")
    if len(value) > MAX_DATA_BYTES:
        raise Malformed(f"the record's value has {len(value)} bytes, more than {MAX_DATA_BYTES}")
    if attributes.get("ce_specversion") != "1.0":
        raise Malformed("the header ce_specversion is not 1.0")
    try:
        time = datetime.fromisoformat(attributes["ce_time"])
        if time.tzinfo is None:
            raise ValueError("ce_time has no zone")
        return Envelope(
            id=attributes["ce_id"],
            type=attributes["ce_type"],
            topic=topic,
            key=(key or b"").decode(),
            subject=attributes["ce_subject"],
            city=attributes["ce_city"],
            sequence=int(attributes["ce_sequence"]),
            time=time,
            trace=attributes.get("traceparent", ""),
            data=value.decode(),
        )
    except KeyError as missing:
        raise Malformed(f"the header {missing.args[0]} is missing") from missing
    except (ValueError, UnicodeDecodeError) as wrong:
        raise Malformed(f"an attribute or the value cannot be read: {wrong}") from wrong


def _attributes(headers: Iterable[tuple[str, bytes]]) -> Mapping[str, str]:
    try:
        return {name: (value or b"").decode() for name, value in headers}
    except UnicodeDecodeError as wrong:
        raise Malformed("a header is not UTF-8") from wrong


__all__ = ["DANGER", "HISTORY", "LANES", "LIVE", "MAX_DATA_BYTES", "Envelope", "Malformed", "from_record", "to_headers"]
