"""What a service has stored about an id is found by every id that it is asked for, by a trace too."""

from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from shared.runtime.kafka.first_events import FirstEvents
from shared.runtime.kafka.outbox_relay import EVENT_INDEXES
from shared.runtime.kafka.traced_events import EventStores, trace_id, traced
from shared.runtime.storage.mongo import Database, Document
from shared.runtime.timekeeping.wall_clock import real_now
from tests.kit.made_reports import submitted

TRACE = "ab" * 16
PARENT = f"00-{TRACE}-{'2' * 16}-01"


def document(event: Any, **more: object) -> Document:
    stored: Document = msgspec.to_builtins(event, builtin_types=(type(event.time),))
    return {**stored, "_id": stored.pop("id"), "stored_at": real_now(), **more}


@pytest.fixture
async def stores(database: Database) -> EventStores:
    """A later event in ``events``, a case's first event in its document, an alert's of that case, a delivery."""
    later, other = (msgspec.structs.replace(submitted(), id=f"c1.2.{n}", subject="c1", trace=t)
                    for n, t in ((0, PARENT), (1, f"00-{'cd' * 16}-{'2' * 16}-01")))  # fmt: skip
    events, cases, alerts = (database.collection(name) for name in ("events", "cases", "alerts"))
    deliveries = database.collection("deliveries")
    await events.ensure_indexes(*EVENT_INDEXES)
    for event in (later, other):
        await events.insert(document(event))
    opened = msgspec.structs.replace(submitted(), id="c1.1.0", subject="c1", trace=PARENT)
    await cases.insert({"_id": "c1", "first_event": msgspec.to_builtins(opened), "stored_at": real_now()})
    await alerts.insert({"_id": "a1", "case": "c1", "trace": PARENT, "stored_at": real_now()})
    await deliveries.insert({"_id": "d1", "case": "c1", "city": "harbour"})
    sent = msgspec.structs.replace(submitted(), id="a1.1.0", subject="a1", trace=PARENT)
    first = (
        FirstEvents(cases, lambda d: msgspec.convert(d["first_event"], type(opened)), trace="first_event.trace"),
        FirstEvents(alerts, lambda _: sent, about="case"),
    )
    return cast(EventStores, SimpleNamespace(events=events, first_events=first, deliveries=(deliveries,), sources=()))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("c1", {"c1.1.0", "c1.2.0", "c1.2.1", "a1.1.0"}),
        ("c1.1.0", {"c1.1.0"}),
        ("c1.2.0", {"c1.2.0"}),
        ("a1", {"a1.1.0"}),
        ("a1.1.0", {"a1.1.0"}),
        (TRACE, {"c1.1.0", "c1.2.0", "a1.1.0"}),
        (PARENT, {"c1.1.0", "c1.2.0", "a1.1.0"}),
        ("nothing", set()),
    ],
)
async def test_events_are_found_by_subject_id_case_and_trace(stores: EventStores, asked: str, found: set[str]) -> None:
    told = await traced(stores, asked)
    assert {one.event.id for one in told.events} == found
    assert all(one.at is not None for one in told.events)


async def test_a_delivery_leads_to_its_case(stores: EventStores) -> None:
    told = await traced(stores, "d1")
    assert (told.case, told.city, told.events) == ("c1", "harbour", ())


def test_a_trace_is_told_from_other_ids() -> None:
    assert trace_id(PARENT) == trace_id(TRACE) == TRACE
    assert [trace_id(text) for text in ("", "c1", TRACE[1:], f"{TRACE}-", PARENT.upper())] == [None] * 5
