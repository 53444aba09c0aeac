"""Consumers on a real database: a batch delivered again changes nothing, a bad record holds up no good one."""

from collections.abc import AsyncIterator, Sequence
from secrets import token_hex

import pytest
from aiokafka import ConsumerRecord
from pymongo.errors import AutoReconnect
from structlog.testing import capture_logs

from services.notifier.alerts.alert_store import INDEXES as ALERT_INDEXES
from services.notifier.alerts.alert_store import AlertStore
from services.notifier.alerts.case_alerts import CaseAlerts
from services.notifier.alerts.rota_projection import RotaProjection
from services.notifier.alerts.silences import Silences
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.delivery.webhooks import Webhooks
from services.router.domain import events as e
from services.router.domain.case_parts.ruling import Rejection
from shared.contracts import reports as contract
from shared.contracts.catalogue import encode
from shared.contracts.envelope import Envelope, to_headers
from shared.kernel.clock import StoppedClock
from shared.kernel.ids import case_id
from shared.runtime.kafka import consumer as consume
from shared.runtime.kafka.consumer import Consumer, every_event_consumer, latest_event_consumer
from shared.runtime.kafka.crash_attempts import BATCH_ATTEMPTS_MAX, RECORD_ATTEMPTS_MAX, CrashAttempts
from shared.runtime.kafka.dead_letters import DeadLetters
from shared.runtime.storage.mongo import Database, Document
from tests.kit.made_reports import NOW, TRACE, submission, submitted
from tests.kit.made_services import Listener, Routing, hearing, library, routed, routing


@pytest.fixture
async def router(database: Database) -> Routing:
    return await routing(database)


@pytest.fixture
def dead(database: Database) -> DeadLetters:
    return DeadLetters("tests", database.collection("dead_letters"), CrashAttempts(database.collection("attempts")))


def record(event: Envelope, offset: int = 0) -> ConsumerRecord:
    """As Kafka would hand the event over."""
    headers = tuple((name, value.encode()) for name, value in to_headers(event, "/whistle/test").items())
    return bare(event.key.encode(), event.data.encode(), headers, offset)


def bare(
    key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]], offset: int = 0
) -> ConsumerRecord:
    return ConsumerRecord(
        topic="whistle.reports",
        partition=3,
        offset=offset,
        timestamp=1,
        timestamp_type=0,
        key=key,
        value=value,
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=tuple(headers),
    )


def heard(router: Routing, dead: DeadLetters) -> Consumer:
    return every_event_consumer("reports", "router.reports", hearing(router).handle, dead, StoppedClock(NOW))


def rated(score: int, sequence: int = 2, key: str = "k1") -> Envelope:
    report = submission(key).id
    data = contract.ReportRated(report=report, case=case_id(report), score=score)
    return Envelope(
        id=f"{report}.{sequence}.0",
        type="report.rated.v1",
        topic="reports",
        key=case_id(report),
        subject=report,
        city="harbour",
        sequence=sequence,
        time=NOW,
        trace=TRACE,
        data=encode(data),
    )


async def cases(router: Routing) -> list[Document]:
    return await router.store.cases.find({}, sort=[("_id", 1)], limit=300)


async def test_a_batch_delivered_again_changes_nothing(router: Routing, dead: DeadLetters) -> None:
    consumer = heard(router, dead)
    batch = (*(record(submitted(f"k{n}"), n) for n in range(20)), record(rated(1), 20))
    await consumer._consume(batch)
    first = await cases(router)
    await consumer._consume(batch)
    assert await cases(router) == first
    assert len(first) == 20
    assert sum(document["version"] - 1 for document in first) == 1


async def test_a_reporters_word_is_recorded_once_and_moves_no_etag(router: Routing, dead: DeadLetters) -> None:
    consumer = heard(router, dead)
    await consumer._consume((record(submitted()), record(rated(2), 1), record(rated(2), 2)))
    (case,) = await cases(router)
    assert (case["rating"], case["version"], case.get("officer_moves", 1)) == (2, 2, 1)


async def test_a_word_on_another_citys_case_is_parked(router: Routing, dead: DeadLetters) -> None:
    """B37: whoever may write events of one city cannot touch another's."""
    forged = Envelope(**{**{f: getattr(rated(1), f) for f in Envelope.__struct_fields__}, "city": "elsewhere"})
    await heard(router, dead)._consume((record(submitted()), record(forged, 1)))
    (case,) = await cases(router)
    assert "rating" not in case
    (parked,) = await dead.newest()
    assert "elsewhere" in parked["reason"]


async def test_a_bad_record_is_parked_once_and_its_neighbours_go_through(router: Routing, dead: DeadLetters) -> None:
    good = record(submitted())
    bad = (
        bare(b"k", b"not json", good.headers, 1),
        bare(b"k", None, good.headers, 2),
        bare(b"k", b"{}", (), 3),
        bare(b"\xff\xfe", b"{}", good.headers, 4),
        bare(b"k", b"[]", good.headers, 5),
        bare(b"k", b"x" * 300_000, good.headers, 6),
        bare(b"k", b"{}", (("ce_type", b"\xff"),), 7),
        record(replace_type(submitted("k9"), "report.imagined.v9"), 8),
    )
    consumer = heard(router, dead)
    for _ in range(2):
        await consumer._consume((*bad[:4], good, *bad[4:]))
    parked = await dead.newest()
    assert sorted(int(d["_id"].split(":")[-2]) for d in parked) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [document["_id"] for document in await cases(router)] == [routed()[0].id]


def replace_type(event: Envelope, type_: str) -> Envelope:
    return Envelope(**{**{f: getattr(event, f) for f in event.__struct_fields__}, "type": type_})


async def test_a_parked_record_is_kept_whole(router: Routing, dead: DeadLetters) -> None:
    await heard(router, dead)._consume((bare(b"key", b"\x00\xff value", (("h", b"\xfe"),), 7),))
    (parked,) = await dead.newest()
    assert (bytes(parked["key"]), bytes(parked["value"])) == (b"key", b"\x00\xff value")
    assert [(name, bytes(value)) for name, value in parked["headers"]] == [("h", b"\xfe")]
    assert parked["reason"]


async def test_a_parked_record_is_replayed_or_dropped_once(router: Routing, dead: DeadLetters) -> None:
    await heard(router, dead)._consume((bare(b"k", b"", (), 7),))
    (parked,) = await dead.newest()
    assert await dead.mark(parked["_id"], "dropped", NOW)
    assert not await dead.mark(parked["_id"], "replayed", NOW)
    assert await dead.newest() == []
    assert await dead.get(parked["_id"]) is not None


async def test_one_record_that_cannot_be_handled_is_parked_and_the_others_are_handled(
    router: Routing, dead: DeadLetters
) -> None:
    orphan = rated(1, key="never seen")
    await heard(router, dead)._consume((record(orphan, 1), record(submitted(), 2)))
    assert len(await cases(router)) == 1
    assert [d["reason"].split(":")[0] for d in await dead.newest()] == ["LookupError"]


async def test_an_outage_is_waited_for_and_parks_nothing(dead: DeadLetters) -> None:
    fails = [AutoReconnect("away"), TimeoutError("away")]
    done: list[str] = []

    async def handle(events: Sequence[Envelope]) -> None:
        if fails:
            raise fails.pop()
        done.extend(event.id for event in events)

    await every_event_consumer("reports", "g", handle, dead, StoppedClock(NOW))._consume((record(submitted()),))
    assert done == [submitted().id]
    assert await dead.newest() == []


async def test_a_long_outage_gives_the_batch_back(dead: DeadLetters, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consume, "OUTAGE_SECONDS_MAX", 0.0)

    async def handle(_: Sequence[Envelope]) -> None:
        raise AutoReconnect("away")

    with pytest.raises(AutoReconnect):
        await every_event_consumer("reports", "g", handle, dead, StoppedClock(NOW))._consume((record(submitted()),))
    assert await dead.newest() == []


async def test_a_projection_gets_the_newest_of_each_and_an_effect_every_one(dead: DeadLetters) -> None:
    got: list[list[int]] = []

    async def handle(events: Sequence[Envelope]) -> None:
        got.append([event.sequence for event in events])

    batch = (record(rated(1, 3), 1), record(rated(1, 2), 2), record(rated(2, 4, "k2"), 3))
    await latest_event_consumer("reports", "g", handle, dead, StoppedClock(NOW))._consume(batch)
    await every_event_consumer("reports", "g", handle, dead, StoppedClock(NOW))._consume(batch)
    assert got == [[3, 4], [3, 2, 4]]


@pytest.fixture
async def alerts(database: Database) -> AsyncIterator[CaseAlerts]:
    deliveries = AlertDeliveries(database, token_hex)
    packs, clock = await library(database), StoppedClock(NOW)
    store = AlertStore(database, deliveries, Listener(), clock)
    await store.alerts.ensure_indexes(*ALERT_INDEXES)
    yield CaseAlerts(store, deliveries, packs, RotaProjection(database), Silences(database), clock)


async def test_a_case_event_delivered_again_alerts_nobody_twice(alerts: CaseAlerts) -> None:
    _, event, _ = routed()
    await alerts.handle([event])
    first = await alerts.store.page({}, 100)
    await alerts.handle([event, event])
    assert await alerts.store.page({}, 100) == first
    assert sorted(alert.recipient for alert in first) == ["qs-desk", "qs-walk"]


def _rejected() -> e.Rejected:
    why = Rejection("not_covered", "qs-desk", "oh-desk", "oosterhaven")
    return e.Rejected(at=NOW, by="oh-desk", by_unit="oosterhaven", text="no", rejection=why, asker="quayside")


async def test_an_alert_is_acked_by_the_cases_event_and_over_when_the_case_ends(
    alerts: CaseAlerts, router: Routing
) -> None:
    case, event, _ = routed()
    await alerts.handle([event])
    signed = router.changes.of(case, [e.Acknowledged(at=NOW, by="qs-desk", by_unit="quayside")])
    await alerts.handle(signed.envelopes)
    assert {(a.state, a.acked_by) for a in await alerts.store.page({}, 100)} == {("acked", "qs-desk")}
    other, more, _ = routed("k2")
    await alerts.handle([more])
    ended = router.changes.of(other, [_rejected()])
    await alerts.handle(ended.envelopes)
    stored = await alerts.store.page({"case": other.id}, 100)
    assert {a.state for a in stored if a.kind != "decided"} == {"over"}
    assert [a.recipient for a in stored if a.kind == "decided"] == ["qs-desk"], "who asked hears that it is granted"


async def test_a_case_event_makes_one_delivery_for_each_webhook_of_the_reporting_app(database: Database) -> None:
    webhooks = Webhooks(database, token_hex)
    for id_, app, types in (
        ("w1", "rider-app-1", []),
        ("w2", "rider-app-1", ["case.closed"]),
        ("w3", "rider-app-2", []),
    ):
        await webhooks.webhooks.insert(
            {
                "_id": id_,
                "city": "harbour",
                "app": app,
                "url": "https://a.example/",
                "types": types,
                "state": "active",
                "made_at": NOW,
            }
        )
    _, event, _ = routed()
    for _ in range(2):
        await webhooks.handle([event])
    assert [d["webhook"] for d in await webhooks.queue.rows.find({}, limit=10)] == ["w1"]


async def test_a_record_that_ends_every_process_is_parked_and_its_neighbours_go_through(dead: DeadLetters) -> None:
    poison, good = submitted("poison"), submitted("good")
    handled: list[str] = []

    async def handle(events: Sequence[Envelope]) -> None:
        if poison in events:
            raise SystemExit("the process is gone")
        handled.extend(event.id for event in events)

    batch = (record(poison, 7), record(good, 8))
    for _ in range(BATCH_ATTEMPTS_MAX + RECORD_ATTEMPTS_MAX):
        with pytest.raises(SystemExit):
            await every_event_consumer("reports", "g", handle, dead, StoppedClock(NOW))._consume(batch)
    assert handled == []
    await every_event_consumer("reports", "g", handle, dead, StoppedClock(NOW))._consume(batch)
    assert handled == [good.id]
    assert ["processes ended" in parked["reason"] for parked in await dead.newest()] == [True]


async def test_a_batch_that_was_handled_is_not_counted_any_more(dead: DeadLetters) -> None:
    async def handle(events: Sequence[Envelope]) -> None:
        """Well."""

    for _ in range(2 * BATCH_ATTEMPTS_MAX):
        await every_event_consumer("reports", "g", handle, dead, StoppedClock(NOW))._consume((record(submitted(), 7),))
    assert await dead.attempts.begin(["g/3/7"]) == 1


async def test_a_line_of_the_log_names_the_report_that_was_placed_or_parked(router: Routing, dead: DeadLetters) -> None:
    consumer, report = heard(router, dead), submission("k1").id
    with capture_logs() as lines:
        await consumer._consume((record(submitted()),))
        await consumer._consume((bare(b"k", b"{", (*record(submitted()).headers,), 1),))
    named = {line["event"]: line.get("report") for line in lines}
    assert (named["reports.placed"], named["record.parked"]) == (report, report)
