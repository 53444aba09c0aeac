"""Promise: what an older version stored is read and moved on, and what a newer one stored beside us as well."""

import hashlib
from datetime import timedelta
from pathlib import Path
from secrets import token_hex

import msgspec
import pytest
from bson import json_util

from services.intake.http.report_view import report_view
from services.intake.reports.report_events import submitted_event
from services.intake.reports.report_store import ReportStore
from services.intake.reports.unrouted_watch import INDEXES, UnroutedWatch
from services.notifier.alerts.alert_store import AlertStore
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.documents.alert import sent_event
from services.notifier.http.alert_views import view
from services.router.cases.sla_timers import Timers
from services.router.cases.stored.case_document import from_doc, opened_event
from services.router.domain.case import Case
from services.router.domain.clock import SlaClock
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.kernel.clock import StoppedClock
from shared.runtime.identity.directory import Directory
from shared.runtime.kafka.outbox_relay import OUTBOX_INDEX, Relay, from_stored
from shared.runtime.storage.mongo import Database, Document
from tests.kit.made_reports import APP, NOW, SECRET, harbour
from tests.kit.made_services import Listener, Routing, library, routing
from tests.kit.waiting import running, until

KEPT = Path(__file__).parents[1] / "kept"
EVERY = sorted(KEPT.glob("*/*.json"))
VERSIONS = sorted(path.name for path in KEPT.iterdir() if path.is_dir())
_OPTIONS = json_util.JSONOptions(tz_aware=True, document_class=dict)
TOMORROW = {"of_tomorrow": {"deep": [1, {"x": None}]}}


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    """Each version that documents were kept of."""
    found: str = request.param
    return found


@pytest.fixture(params=[{}, TOMORROW], ids=["older", "newer"])
def more(request: pytest.FixtureRequest) -> Document:
    """Fields that we do not know."""
    found: Document = request.param
    return found


def kept(version: str, name: str, more: Document) -> Document:
    """A document as ``version`` stored it; ``more``: what a newer one adds."""
    found: Document = json_util.loads((KEPT / version / f"{name}.json").read_text(), json_options=_OPTIONS)
    return {**found, **more}


@pytest.fixture
async def reports(database: Database) -> ReportStore:
    """Intake's store with the indexes that it is asked by."""
    await database.collection("reports").ensure_indexes(OUTBOX_INDEX)
    await database.collection("unanswered").ensure_indexes(*INDEXES)
    return ReportStore(database)


@pytest.fixture
async def router(database: Database) -> Routing:
    return await routing(database)


async def test_documents_stored_by_an_older_version_are_read_and_moved_on(
    router: Routing, version: str, more: Document
) -> None:
    """A case of then breaches now; what it had still to tell is told; what we do not know of it stays."""
    document = kept(version, "case", more)
    await router.store.cases.insert(document)
    loaded = await router.store.load(document["_id"])
    assert loaded is not None
    assert (loaded[0].version, opened_event(document).sequence) == (document["version"], 1)
    clock = StoppedClock(loaded[0].opened_at + timedelta(days=30))
    assert await Timers(router.store, router.changes, clock).fire_due() == 1
    after = await router.store.cases.find_one({"_id": document["_id"]})
    assert after is not None
    assert after["version"] == document["version"] + 1
    assert {name: after[name] for name in more} == more
    async with running(router.relay.run()):
        pending = {event["id"] for event in after["pending"]}
        assert {event["id"] for event in document["pending"]} < pending
        await until(lambda: _heard(router.listener, pending), within=60)
    assert all(decode(event, CaseEvent).case.id == document["_id"] for event in router.listener.heard)


async def _heard(listener: Listener, ids: set[str]) -> bool:
    return ids <= set(listener.ids)


async def test_a_report_of_then_shows_its_progress_and_tells_what_was_pending(
    reports: ReportStore, database: Database, version: str, more: Document
) -> None:
    listener = Listener()
    report = kept(version, "report", more)
    await reports.reports.insert(report)
    await reports.progress.insert(kept(version, "progress", more))
    found = await reports.status("harbour", "rider-app-1", report["_id"])
    assert found is not None
    assert report_view(found, harbour(), found.report.received_at).status == "queued"
    assert submitted_event(found.report).subject == report["_id"]
    pending = {event["id"] for event in report["pending"]}
    relay = Relay("intake", database.collection("events"), listener)
    relay.source(reports.reports)
    async with running(relay.run()):
        await until(lambda: _heard(listener, pending), within=60)


async def test_a_report_that_waited_for_a_case_is_still_looked_after(
    reports: ReportStore, database: Database, version: str, more: Document
) -> None:
    listener = Listener()
    outbox = Relay("intake", database.collection("events"), listener).source(reports.reports)
    clock = StoppedClock(NOW + timedelta(days=1))
    unanswered = UnroutedWatch(database, reports, await library(database), outbox, clock, token_hex)
    await reports.reports.insert(kept(version, "report", more))
    await unanswered.rows.insert(kept(version, "unanswered", more))
    await unanswered.set_gauges()
    assert await unanswered.breach_late() == 1
    assert await unanswered.publish_again() == 1


async def test_an_alert_of_then_is_shown_and_told(database: Database, version: str, more: Document) -> None:
    alerts = AlertStore(database, AlertDeliveries(database, token_hex), Listener(), StoppedClock(NOW))
    stored = kept(version, "alert", more)
    await alerts.alerts.insert(stored)
    found = await alerts.get("harbour", stored["_id"])
    assert found is not None
    assert view(found).state == "sent"
    assert sent_event(found).subject == stored["_id"]


async def test_a_key_and_an_event_of_then_still_hold(database: Database, version: str, more: Document) -> None:
    await database.collection("keys").insert(kept(version, "key", more))
    assert await Directory(database, SECRET, StoppedClock(NOW)).principal("whk_kept") == APP
    event = kept(version, "event", more)
    assert from_stored(event).id == event["_id"]


def test_a_field_with_a_default_may_be_missing(version: str, more: Document) -> None:
    """So that the next version may add one."""
    whole = kept(version, "case", more)
    for field in msgspec.structs.fields(Case):
        if not field.required:
            from_doc({name: value for name, value in whole.items() if name != field.name})
    for field in msgspec.structs.fields(SlaClock):
        if not field.required:
            clocks = [{k: v for k, v in clock.items() if k != field.name} for clock in whole["clocks"]]
            assert len(from_doc({**whole, "clocks": clocks}).clocks) == len(clocks)
    clocks = [{**clock, **more} for clock in whole["clocks"]]
    assert from_doc({**whole, "clocks": clocks}).clocks == from_doc(whole).clocks


def test_no_kept_document_was_edited_or_taken_away() -> None:
    sums = dict(line.split(maxsplit=1)[::-1] for line in (KEPT / "SHA256SUMS").read_text().splitlines())
    found = {f"./{p.relative_to(KEPT)}": hashlib.sha256(p.read_bytes()).hexdigest() for p in EVERY}
    assert found == sums
