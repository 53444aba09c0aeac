"""How long things are kept: by the pack's rule, what is old and done with goes, and it is on record."""

from datetime import UTC, datetime, timedelta
from secrets import token_hex

import msgspec
import pytest

from services.intake.domain.photo import CleanedPhoto, Picture
from services.intake.photos.photo_store import PhotoStore
from services.intake.privacy.identities import Identities
from services.intake.privacy.sealing import Vault
from services.intake.reports.report_store import ReportStore
from services.intake.reports.unrouted_watch import UnroutedWatch
from services.intake.reports.validation import ReportValidator
from services.intake.retention import kept_by_intake
from services.router.dedup.report_links import Link, Links
from services.router.domain.same_hazard.similarity import Traits
from services.router.domain.values import replace
from services.router.exchange.kept_numbers import KeptNumbers
from services.router.retention import ended_cases
from shared.city.promises.durations import long_before
from shared.kernel.clock import StoppedClock
from shared.runtime import retention as module
from shared.runtime.kafka.outbox_relay import Relay
from shared.runtime.ops_answers import RetentionItem
from shared.runtime.retention import Retention
from shared.runtime.storage.mongo import Database
from tests.kit.made_reports import APP, NOW, SECRET, body, record, submission
from tests.kit.made_services import Listener, library, routed, routing

AT = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "before"),
    [
        ("P1M", datetime(2026, 2, 28, 12, 0, tzinfo=UTC)),
        ("P3Y", datetime(2023, 3, 31, 12, 0, tzinfo=UTC)),
        ("P1Y1M1D", datetime(2025, 2, 27, 12, 0, tzinfo=UTC)),
        ("P30D", datetime(2026, 3, 1, 12, 0, tzinfo=UTC)),
    ],
)
def test_a_span_is_reckoned_by_the_calendar(span: str, before: datetime) -> None:
    assert long_before(AT, span) == before


def counted(items: list[RetentionItem]) -> dict[str, int]:
    return {item.kind: item.count for item in items}


async def test_old_photos_and_reports_of_ended_cases_go_and_the_rest_stays(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The harbour keeps reports for three years and photos for one; of people it says nothing."""
    packs, store, photos = (
        await library(database),
        ReportStore(database),
        PhotoStore(database, SECRET, database.bucket, token_hex),
    )
    identities = Identities(database, Vault(SECRET))
    relay = Relay("intake", database.collection("events"), Listener())
    watch = UnroutedWatch(database, store, packs, relay.source(store.reports), StoppedClock(NOW), token_hex)
    events = database.collection("events")
    retention = Retention(database, packs, *kept_by_intake(events, store, photos, identities, watch))
    await store.insert([record(key) for key in ("ended", "open", "caseless")])
    for key, open_ in (("ended", False), ("open", True)):
        await store.progress.insert({"_id": submission(key).id, "case": {"version": 1, "open": open_}})
    photo, _ = await photos.keep(APP, "k1", b"picture", Picture("image/jpeg", 800, 600))
    assert await photos.finish(photo, CleanedPhoto(b"picture", b"thumb", "3c5a99e10f72d846"))
    await photos.claim_for_report(APP, [photo], submission("ended").id)
    await photos.photos.update({"_id": photo}, {"$set": {"sent_at": NOW}})
    person = ReportValidator(SECRET).person(body(reporter={"ref": "r", "name": "Jan"}), APP)
    assert person is not None
    await identities.keep([person])

    monkeypatch.setattr(module, "real_now", lambda: NOW + timedelta(days=400))
    assert counted(await retention.sweep("harbour", dry_run=True)) == {"photos": 1, "reports": 0}
    assert await photos.shown(photo, "full") == b"picture"
    assert counted(await retention.sweep("harbour")) == {"photos": 1, "reports": 0}
    assert await photos.shown(photo, "full") is None
    assert await photos.get("harbour", photo) is None, "nor is it known what it looked like"
    monkeypatch.setattr(module, "real_now", lambda: NOW + timedelta(days=4 * 366))
    assert counted(await retention.sweep("harbour")) == {"photos": 0, "reports": 2}
    left = await store.reports.find({}, {"_id": 1}, limit=5)
    assert [report["_id"] for report in left] == [submission("open").id]
    assert await identities.known([person.id])
    runs = await database.collection("retention_runs").find({}, sort=[("_id", 1)], limit=5)
    assert [counted(msgspec.convert(run["items"], list[RetentionItem])) for run in runs] == [
        {"photos": 1, "reports": 0},
        {"photos": 0, "reports": 2},
    ]


async def test_of_old_cases_those_that_have_ended_go_with_their_events(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    router = await routing(database)
    numbers = KeptNumbers(database)
    retention = Retention(database, router.packs, ended_cases(router.store, Links(database), numbers, router.events))
    (case, first, seen), other = routed("k1"), routed("k2")
    case = replace(case, traits=Traits("harbour", "street_light", 4.32, 52.12, looks=("3c5a99e10f72d846",)))
    await router.store.insert_opened([(case, first, seen), other])
    ended = case.id
    assert await numbers.keep("harbour", "town_desk", "T-1", ended) == ended
    assert await numbers.keep("harbour", "town_desk", "T-1", "another") == ended, "a number means one case"
    assert await numbers.of_cases("town_desk", [ended]) == {ended: "T-1"}
    await Links(database).decide([Link(report="r9", city="harbour", case=ended, received_at=NOW, by_photo=True)])
    assert await router.store.cases.count({"traits.looks": {"$ne": []}, "_id": ended}, limit=1) == 1
    await router.store.cases.update({"_id": ended}, {"$set": {"open": False}})
    await router.events.insert({"_id": f"{ended}.2.0", "subject": ended})
    monkeypatch.setattr(module, "real_now", lambda: datetime.now(UTC) + timedelta(days=4 * 366))
    assert counted(await retention.sweep("harbour")) == {"cases": 1}
    assert await router.store.load(ended) is None
    assert await Links(database).by_report(["r9"]) == {}
    assert await router.events.count({"subject": ended}, limit=1) == 0
    assert await numbers.cases_of("harbour", "town_desk", ["T-1"]) == {}
    assert await router.store.load(routed("k2")[0].id) is not None
