"""The envelope: CloudEvents 1.0 in Kafka's binary mode, there and back, and what is refused."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.envelope import MAX_DATA_BYTES, Envelope, Malformed, from_record, to_headers
from tests.kit.made_reports import submitted

SOURCE = "/whistle/intake"
words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20)
events = st.builds(
    Envelope,
    id=words,
    type=words,
    topic=st.just("reports"),
    key=words,
    subject=words,
    city=words,
    sequence=st.integers(0, 2**53),
    time=st.datetimes(datetime(1970, 1, 1), datetime(9000, 1, 1)).map(  # noqa: DTZ001 - given UTC below
        lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000, tzinfo=UTC)
    ),
    lane=st.just(1),
    trace=st.sampled_from(["", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"]),
    data=words,
)


def headers(event: Envelope) -> list[tuple[str, bytes]]:
    return [(name, value.encode()) for name, value in to_headers(event, SOURCE).items()]


def received(event: Envelope, **changed: bytes | None) -> Envelope:
    """``event`` through Kafka, with headers changed or (None) left out."""
    names = {name.replace("_", "-") if name == "content_type" else name: value for name, value in changed.items()}
    kept = [(name, names.get(name, value)) for name, value in headers(event)]
    return from_record("reports", event.key.encode(), event.data.encode(), [(n, v) for n, v in kept if v is not None])


@given(events)
def test_what_is_sent_is_what_is_received(event: Envelope) -> None:
    assert received(event) == event


def test_the_cloudevents_library_reads_what_we_send() -> None:
    event = submitted()
    message = KafkaMessage(headers=dict(headers(event)), key=event.key.encode(), value=event.data.encode())
    read = from_binary(message, JSONFormat(), CloudEvent)
    assert (read.get_id(), read.get_type(), read.get_source()) == (event.id, event.type, SOURCE)
    assert (read.get_subject(), read.get_time(), read.get_specversion()) == (event.subject, event.time, "1.0")
    assert read.get_extension("sequence") == "1"
    assert read.get_extension("partitionkey") == event.key
    assert read.get_extension("city") == event.city
    assert read.get_data() == json.loads(event.data)


def test_we_read_what_the_cloudevents_library_sends() -> None:
    event = submitted()
    attributes: dict[str, Any] = {
        "id": event.id,
        "source": SOURCE,
        "type": event.type,
        "specversion": "1.0",
        "subject": event.subject,
        "time": event.time,
        "datacontenttype": "application/json",
        "sequence": str(event.sequence),
        "partitionkey": event.key,
        "city": event.city,
    }
    sent = to_binary(CloudEvent(attributes, json.loads(event.data)), JSONFormat())
    key = sent.key if isinstance(sent.key, bytes) else str(sent.key).encode()
    value = sent.value if isinstance(sent.value, bytes) else str(sent.value).encode()
    read = from_record(
        "reports", key, value, [(n, v if isinstance(v, bytes) else v.encode()) for n, v in sent.headers.items()]
    )
    assert msgspec.structs.replace(read, data="", trace=event.trace, lane=event.lane) == msgspec.structs.replace(
        event, data=""
    )
    assert json.loads(read.data) == json.loads(event.data)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"ce_id": None}, "ce_id"),
        ({"ce_type": None}, "ce_type"),
        ({"ce_subject": None}, "ce_subject"),
        ({"ce_city": None}, "ce_city"),
        ({"ce_sequence": None}, "ce_sequence"),
        ({"ce_time": None}, "ce_time"),
        ({"ce_specversion": None}, "specversion"),
        ({"ce_specversion": b"0.3"}, "specversion"),
        ({"ce_sequence": b"many"}, "cannot be read"),
        ({"ce_time": b"yesterday"}, "cannot be read"),
        ({"ce_subject": b"\xff"}, "UTF-8"),
    ],
)
def test_a_record_with_a_wrong_attribute_is_malformed_and_says_which(
    changed: dict[str, bytes | None], says: str
) -> None:
    with pytest.raises(Malformed, match=says):
        received(submitted(), **changed)


@pytest.mark.parametrize("value", [None, b"", b"\xff\xfe", b"x" * (MAX_DATA_BYTES + 1)])
def test_a_record_whose_value_is_none_of_ours_is_malformed(value: bytes | None) -> None:
    event = submitted()
    with pytest.raises(Malformed):
        from_record("reports", event.key.encode(), value, headers(event))


def test_a_key_that_is_no_text_is_malformed() -> None:
    event = submitted()
    with pytest.raises(Malformed):
        from_record("reports", b"\xff", event.data.encode(), headers(event))


def test_a_time_without_a_zone_is_malformed() -> None:
    with pytest.raises(Malformed):
        received(submitted(), ce_time=b"2026-03-02T09:00:00")


@given(st.binary(max_size=200), st.lists(st.tuples(st.sampled_from([n for n, _ in headers(submitted())]), st.binary())))
def test_any_record_is_an_event_or_malformed(value: bytes, given_headers: list[tuple[str, bytes]]) -> None:
    try:
        event = from_record("reports", b"k", value, given_headers)
    except Malformed:
        return
    assert event.data.encode() == value
