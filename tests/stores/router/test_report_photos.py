"""Reports with photos at the door, on a real database: what is known of the photos goes along, and nobody waits."""

from secrets import token_hex
from typing import Any

import pytest

from services.intake.domain.photo import CleanedPhoto, Picture
from services.intake.photos.photo_store import PhotoStore
from services.intake.reports.report_events import submitted_event
from services.intake.reports.report_record import ReportRecord, from_doc
from shared.contracts.catalogue import decode
from shared.contracts.reports import ReportSubmitted
from shared.runtime.storage.mongo import Database
from tests.kit.intake_door import Door, OpenDoor
from tests.kit.made_reports import APP, SECRET

LOOKS = "3c5a99e10f72d846"


@pytest.fixture
def photos(database: Database) -> PhotoStore:
    return PhotoStore(database, SECRET, database.bucket, token_hex)


async def sent(photos: PhotoStore, key: str) -> str:
    return (await photos.keep(APP, key, b"bytes", Picture("image/png", 10, 10)))[0]


async def stored(door: Door, key: str, **more: Any) -> ReportRecord:
    """The report that the door took in."""
    answer = await door.report(key, **more)
    assert answer.status_code == 202, answer.text
    found = await door.intake.store.reports.find_one({"_id": answer.json()["id"]})
    assert found is not None
    return from_doc(found)


def told(report: ReportRecord) -> list[str]:
    """What its event says."""
    return decode(submitted_event(report), ReportSubmitted).looks


async def test_what_is_known_of_its_photos_goes_along_with_a_report(open_door: OpenDoor, photos: PhotoStore) -> None:
    door, ids = await open_door(), [await sent(photos, f"p{n}") for n in range(2)]
    await photos.finish(ids[0], CleanedPhoto(b"full", b"thumb", LOOKS))
    assert told(await stored(door, "k1", photos=ids)) == [LOOKS]


async def test_nobody_waits_for_a_photo_and_a_repeat_says_what_was_said_first(
    open_door: OpenDoor, photos: PhotoStore
) -> None:
    door, photo = await open_door(), await sent(photos, "p1")
    assert told(await stored(door, "k1", photos=[photo])) == []
    await photos.finish(photo, CleanedPhoto(b"full", b"thumb", LOOKS))
    assert told(await stored(door, "k1", photos=[photo])) == []


async def test_a_report_without_photos_says_nothing_of_them(open_door: OpenDoor) -> None:
    report = await stored(await open_door(), "k1")
    assert report.looks is None
    assert "looks" not in submitted_event(report).data


async def test_of_a_confidential_report_nobody_learns_what_its_photos_look_like(
    open_door: OpenDoor, photos: PhotoStore
) -> None:
    door, photo = await open_door(), await sent(photos, "p1")
    await photos.finish(photo, CleanedPhoto(b"full", b"thumb", LOOKS))
    report = await stored(door, "k1", photos=[photo], reporter={"ref": "rider-9", "confidential": True})
    assert LOOKS not in str(report)
    assert LOOKS not in submitted_event(report).data
