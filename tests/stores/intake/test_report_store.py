"""Reports on a real database: later words, progress, and the breach of a report that nobody routes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from secrets import token_hex
from typing import Any, cast

import msgspec
import pytest

from services.intake.consumers import ProgressEvents
from services.intake.http.kept_numbers import KeptNumbers
from services.intake.http.own_reports import OwnReports, OwnReportsQuery, ReportPage
from services.intake.http.ticket_search import TicketSearch
from services.intake.reports.progress_record import ReportStatus
from services.intake.reports.report_record import RememberedKey, ReportRecord
from services.intake.reports.report_store import PROGRESS_INDEXES, ReportStore
from services.intake.reports.unrouted_watch import INDEXES, REPUBLISH_AFTER, SWEEP_AFTER, UnroutedWatch
from services.intake.reports.validation import ReportValidator
from services.router.cases.published_events import to_envelopes
from services.router.domain import events as e
from services.router.domain.apply import apply_all
from shared.contracts.envelope import Envelope
from shared.kernel.clock import StoppedClock
from shared.kernel.ids import case_id
from shared.runtime.http_server.route import Call
from shared.runtime.identity.directory import Principal
from shared.runtime.kafka.outbox_relay import EVENT_INDEXES, OUTBOX_INDEX, Relay
from shared.runtime.storage.idempotency_keys import KEPT
from shared.runtime.storage.mongo import Database, Document
from tests.kit.made_reports import IMPORTER, NOW, SECRET, TRACE, record, submitted
from tests.kit.made_services import Listener, library, routed
from tests.kit.waiting import running, until


@pytest.fixture
async def store(database: Database) -> ReportStore:
    store = ReportStore(database)
    await database.collection("events").ensure_indexes(*EVENT_INDEXES)
    return store


async def stored(store: ReportStore, key: str = "k1", **fields: Any) -> ReportRecord:
    report = record(key, **fields)
    await store.insert([report])
    return (await status_of(store, report)).report


async def status_of(store: ReportStore, report: ReportRecord) -> ReportStatus:
    found = await store.status("harbour", None, report.id)
    assert found is not None
    return found


async def document_of(store: ReportStore, report: ReportRecord) -> Document:
    found = await store.reports.find_one({"_id": report.id})
    assert found is not None
    return found


async def act(
    store: ReportStore, report: ReportRecord, event: str = "k2", key: str = "c1", rating: int | None = None
) -> bool:
    after = msgspec.structs.replace(report, rating=rating)
    return await store.save_action(report, after, submitted(event), word(key))


def word(key: str = "c1") -> RememberedKey:
    return RememberedKey(id=key, fingerprint="f", at=NOW)


def case_events(version: int, key: str = "k1") -> Envelope:
    """The case's event of a version, as the router tells it."""
    case, event, _ = routed(key)
    if version == 1:
        return event
    for n in range(version - 1):
        before, case = case, apply_all(case, [e.Noted(at=NOW, text=f"note {n}")])
    return to_envelopes(case, [e.Noted(at=NOW, text="note")], TRACE, before)[0]


async def test_a_report_is_read_by_its_own_app_and_city_only(store: ReportStore) -> None:
    report = await stored(store)
    assert await store.status("harbour", "rider-app-1", report.id) is not None
    assert await store.status("harbour", "rider-app-2", report.id) is None
    assert await store.status("sheyang", "rider-app-1", report.id) is None


async def test_a_later_word_is_one_update_with_its_event(store: ReportStore) -> None:
    report = await stored(store)
    assert await act(store, report, rating=1)
    after = await document_of(store, report)
    assert (after["version"], after["rating"], len(after["pending"])) == (2, 1, 1)


async def test_a_later_word_on_a_report_that_moved_on_takes_nothing(store: ReportStore) -> None:
    report = await stored(store)
    assert await act(store, report, key="c1", rating=1)
    assert not await act(store, report, "k3", "c2", rating=3)
    assert (await status_of(store, report)).report.rating == 1


async def test_a_later_word_that_came_before_takes_nothing_even_at_the_right_version(store: ReportStore) -> None:
    report = await stored(store)
    assert await act(store, report, rating=1)
    assert not await act(store, (await status_of(store, report)).report, "k3", rating=3)


async def test_no_key_of_a_later_word_is_forgotten_and_the_report_stays_small(store: ReportStore) -> None:
    """B57: version 0.1.0 forgot the oldest of 33, and a retry of it was an addition again."""
    report = await stored(store)
    for n in range(5 * KEPT):
        assert await store.remembered(report, f"c{n}") is None
        assert await act(store, report, key=f"c{n}")
        report = (await status_of(store, report)).report
    for n in range(5 * KEPT):
        assert await store.remembered(report, f"c{n}") == word(f"c{n}")
    assert len(report.commands) <= 2 * KEPT


async def test_progress_keeps_the_newest_version_in_whatever_order_it_comes(store: ReportStore) -> None:
    report = await stored(store)
    progress = ProgressEvents(store)
    for version in (2, 1, 3, 2):
        await progress.handle([case_events(version)])
    after = await status_of(store, report)
    assert after.case is not None
    assert after.case.version == 3


async def test_the_same_progress_again_changes_nothing(store: ReportStore) -> None:
    report = await stored(store)
    progress = ProgressEvents(store)
    batch = [case_events(1), case_events(2)]
    await progress.handle(batch)
    first = await status_of(store, report)
    await progress.handle(batch)
    assert await status_of(store, report) == first


@dataclass
class RealTime:
    now: datetime


@dataclass
class Watch:
    """What watches over unanswered reports, with a real time and a city's clock that stand still."""

    unanswered: UnroutedWatch
    relay: Relay
    listener: Listener
    clock: StoppedClock
    real: RealTime

    def pass_by(self, time: timedelta) -> None:
        self.real.now += time


@pytest.fixture
async def watch(store: ReportStore, database: Database, monkeypatch: pytest.MonkeyPatch) -> Watch:
    listener, clock = Listener(), StoppedClock(NOW)
    relay = Relay("intake", database.collection("events"), listener)
    real = RealTime(NOW)
    monkeypatch.setattr("services.intake.reports.unrouted_watch.real_now", lambda: real.now)
    return Watch(
        UnroutedWatch(database, store, await library(database), relay.source(store.reports), clock, token_hex),
        relay,
        listener,
        clock,
        real,
    )


@pytest.fixture(autouse=True)
async def unanswered_indexes(database: Database) -> None:
    await database.collection("unanswered").ensure_indexes(*INDEXES)
    await database.collection("progress").ensure_indexes(*PROGRESS_INDEXES)
    await database.collection("reports").ensure_indexes(OUTBOX_INDEX)


async def test_a_report_that_nobody_routes_breaches_once_and_on_time(store: ReportStore, watch: Watch) -> None:
    report = await stored(store)
    watch.pass_by(SWEEP_AFTER + timedelta(seconds=1))
    assert await watch.unanswered.sweep() == 1
    watch.clock.move_to(NOW + timedelta(hours=1, milliseconds=-1))
    assert await watch.unanswered.breach_late() == 0
    watch.clock.move_to(NOW + timedelta(hours=1))
    assert await watch.unanswered.breach_late() == 1
    assert await watch.unanswered.breach_late() == 0
    after = await document_of(store, report)
    assert [event["type"] for event in after["pending"]] == ["report.unrouted.v2"]
    assert (after["outbox"]["lane"], after["unrouted_at"]) == (0, NOW + timedelta(hours=1))


async def test_danger_by_given_category_and_by_words_is_due_sooner_and_goes_first(
    store: ReportStore, watch: Watch
) -> None:
    lamp = await stored(store, "k1")
    given = await stored(store, "k2", category="flooding", description="wet")
    words = await stored(store, "k3", description="flood in the street")
    watch.pass_by(SWEEP_AFTER + timedelta(seconds=1))
    await watch.unanswered.sweep()
    found = {d["_id"]: (d["lane"], d["route_by"]) for d in await watch.unanswered.rows.find({}, limit=10)}
    assert found[lamp.id] == (1, NOW + timedelta(hours=1))
    assert found[given.id] == found[words.id] == (0, NOW + timedelta(minutes=5))


async def test_of_two_watchers_one_breaches(store: ReportStore) -> None:
    report = await stored(store)
    assert await store.save_unrouted(report, submitted("k2"))
    assert not await store.save_unrouted(report, submitted("k2"))


async def test_a_report_with_a_case_or_of_long_ago_never_breaches(store: ReportStore, watch: Watch) -> None:
    await stored(store, "k1")
    await ProgressEvents(store).handle([case_events(1)])
    await stored(store, "old", who=IMPORTER, historic=True)
    watch.pass_by(timedelta(days=1))
    assert await watch.unanswered.sweep() == 2
    watch.clock.move_to(NOW + timedelta(days=10_000))
    assert await watch.unanswered.breach_late() == 0


async def test_the_sweep_looks_at_every_report_once_however_many_were_stored_at_one_moment(
    store: ReportStore, watch: Watch
) -> None:
    await store.insert([record(f"k{n}") for n in range(600)])
    assert await watch.unanswered.sweep() == 0
    watch.pass_by(SWEEP_AFTER + timedelta(seconds=1))
    assert [await watch.unanswered.sweep() for _ in range(4)] == [256, 256, 88, 0]
    assert await watch.unanswered.rows.count({}, limit=1000) == 600


async def test_a_report_that_waits_long_is_published_again_each_time_after_twice_as_long(
    store: ReportStore, watch: Watch
) -> None:
    report = await stored(store)
    watch.pass_by(SWEEP_AFTER + timedelta(seconds=1))
    await watch.unanswered.sweep()
    assert await watch.unanswered.publish_again() == 0
    async with running(watch.relay.run()):
        for count, after in enumerate((1, 2, 4), 1):
            watch.pass_by(REPUBLISH_AFTER * after + timedelta(seconds=1))
            assert await watch.unanswered.publish_again() == 1
            assert await watch.unanswered.publish_again() == 0
            await until(partial(heard, watch.listener, count))
    assert watch.listener.ids == [f"{report.id}.1.0"] * 3
    assert watch.listener.heard[0] == submitted()


async def heard(listener: Listener, count: int) -> bool:
    return len(listener.heard) == count


async def test_a_report_with_a_case_is_not_published_again(store: ReportStore, watch: Watch) -> None:
    await stored(store)
    watch.pass_by(SWEEP_AFTER + timedelta(seconds=1))
    await watch.unanswered.sweep()
    await ProgressEvents(store).handle([case_events(1)])
    watch.pass_by(timedelta(days=1))
    assert await watch.unanswered.publish_again() == 0
    assert await watch.unanswered.rows.count({}, limit=10) == 0, "what is answered is forgotten"


async def test_what_the_process_before_left_behind_is_published_at_the_start(store: ReportStore, watch: Watch) -> None:
    await stored(store)
    watch.pass_by(SWEEP_AFTER + timedelta(seconds=1))
    async with running(watch.relay.run(), watch.unanswered.run()):
        await until(lambda: heard(watch.listener, 1))


async def test_nearby_shows_open_cases_of_public_categories_without_confidential_ones(store: ReportStore) -> None:
    open_one = await stored(store, "k1")
    secret = await stored(store, "k2", reporter={"ref": "x", "confidential": True})
    hidden = routed("k2", reporter={"ref": "x", "confidential": True})[1]
    await ProgressEvents(store).handle([case_events(1, "k1"), hidden])
    cells = [open_one.cell, secret.cell]
    found = await store.open_cases(cells, ["street_light", "flooding"], 10)
    assert [case.id for case in found] == [case_id(open_one.id)]
    assert await store.open_cases(cells, ["flooding"], 10) == []


async def test_nearby_shows_no_case_about_a_unit_nor_one_that_may_be_sensitive(store: ReportStore) -> None:
    shielded: dict[str, dict[str, Any]] = {
        "k1": {"about_us": True},
        "k2": {"description": "the street light is out, ask your people"},
        "k3": {"description": "a journalist films the street light"},
    }
    cells = [(await stored(store, key, **said)).cell for key, said in shielded.items()]
    await ProgressEvents(store).handle([routed(key, **said)[1] for key, said in shielded.items()])
    assert await store.open_cases(cells, ["street_light"], 10) == []


@pytest.mark.parametrize(("kind", "shown"), [("hazard", 1), ("opinion", 1), ("need", 0), ("clue", 0)])
async def test_a_need_or_a_clue_is_never_nearby_whatever_its_category(
    store: ReportStore, kind: str, shown: int
) -> None:
    """Somebody needs help by the lamp: the lamp is public, the person is not."""
    report = await stored(store, "k1", kind=kind)
    await ProgressEvents(store).handle([routed("k1", kind=kind)[1]])
    assert len(await store.open_cases([report.cell], ["street_light"], 10)) == shown


async def test_an_officer_finds_his_ticket_however_many_others_have_its_number(
    store: ReportStore, database: Database
) -> None:
    """B113: the page was cut before it was asked who may see what, so that others' reports hid one's own."""
    desk = Principal(kind="officer", city="harbour", person="qs-desk", unit="quayside", role="duty_officer")
    own = await stored(store, who=desk, channel="hotline", outside_number="12345-7")
    for number in range(120):
        await stored(store, f"other-{number}", outside_number="12345-7", now=NOW + timedelta(seconds=number))
    unused = cast(Any, None)

    class NoNumbers:
        async def reports(self, *_: str) -> list[str]:
            return []

    tickets = TicketSearch(store, cast(KeptNumbers, NoNumbers()))
    pages = OwnReports(
        store, tickets, ReportValidator(SECRET), await library(database), unused, unused, StoppedClock(NOW)
    )
    query = OwnReportsQuery(outside_number="12345-7")
    answer = await pages.page(Call(unused, desk, {}, "", TRACE, b"", query=query))
    assert isinstance(answer.body, ReportPage)
    assert [one.id for one in answer.body.items] == [own.id]
