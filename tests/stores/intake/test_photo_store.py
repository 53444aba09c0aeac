"""Photos on a real database, their bytes there or in a bucket: kept once, claimed by one, cleaned by one, swept."""

import asyncio
import hashlib
from datetime import timedelta
from secrets import token_hex

import pytest
from pydantic import ValidationError

from services.intake.domain.photo import CleanedPhoto, Picture
from services.intake.photo_worker import PhotoWorker
from services.intake.photos import photo_store as photo_module
from services.intake.photos.buckets import buckets
from services.intake.photos.photo_record import from_doc
from services.intake.photos.photo_store import ATTEMPTS_MAX, INDEXES, PhotoStore
from services.intake.photos.pictures import Cleaner
from services.intake.reports.report_store import ReportStore
from shared.kernel.errors import Refusal
from shared.runtime.movable_clock import MovableClock
from shared.runtime.settings import Settings
from shared.runtime.storage import object_store
from shared.runtime.storage.mongo import Database
from shared.runtime.timekeeping.wall_clock import real_now
from tests.kit.made_pictures import jpeg, looks, street
from tests.kit.made_reports import APP, OTHER_APP, SECRET, record
from tests.kit.s3 import in_bucket

PNG = Picture("image/png", 10, 10)
LOOKS = "3c5a99e10f72d846"


@pytest.fixture(params=["gridfs", "s3"])
async def photos(database: Database, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> PhotoStore:
    where = ""
    if request.param == "s3":
        where = f"s3://{in_bucket(request.getfixturevalue('s3_server'), monkeypatch)}/photos"
    photos = PhotoStore(database, SECRET, buckets(Settings(photo_store=where), database), token_hex)
    await photos.photos.ensure_indexes(*INDEXES)
    return photos


async def test_the_same_photo_under_the_same_key_is_one_photo(photos: PhotoStore) -> None:
    first, replayed = await photos.keep(APP, "k1", b"bytes", PNG)
    assert not replayed
    assert await photos.keep(APP, "k1", b"bytes", PNG) == (first, True)


async def test_another_photo_under_the_same_key_is_refused(photos: PhotoStore) -> None:
    await photos.keep(APP, "k1", b"bytes", PNG)
    with pytest.raises(Refusal) as refusal:
        await photos.keep(APP, "k1", b"others", PNG)
    assert refusal.value.kind == "idempotency-key-reused"


async def test_of_two_photos_at_once_under_one_key_one_is_stored_with_its_own_bytes(photos: PhotoStore) -> None:
    """B62: the other is refused, and its bytes are nobody's; the same at once is one photo."""
    for round_ in range(6):
        contents = (b"ones", b"others", b"ones", b"others")
        answers = await asyncio.gather(
            *(photos.keep(APP, f"k{round_}", content, PNG) for content in contents), return_exceptions=True
        )
        done = {content for content, answer in zip(contents, answers, strict=True) if isinstance(answer, tuple)}
        assert len(done) == 1, answers
        others = [answer for answer in answers if not isinstance(answer, tuple)]
        assert [getattr(other, "kind", other) for other in others] == ["idempotency-key-reused"] * 2
        taken = await photos.next_to_clean()
        assert taken is not None
        assert (taken[1], taken[0].sha256) == (taken[1], hashlib.sha256(taken[1]).hexdigest())
        assert {taken[1]} == done


class Killed(BaseException):
    """What kill -9 does: nothing after it runs."""


@pytest.mark.parametrize("dies", ["before its bytes", "after its bytes"])
async def test_who_is_killed_while_a_photo_arrives_leaves_nothing_that_is_never_cleaned_nor_swept(
    photos: PhotoStore, monkeypatch: pytest.MonkeyPatch, dies: str
) -> None:
    """B62: no report may claim it; the same again completes it, another is refused; else it is swept with its bytes."""
    put, names = photos._originals.put, []

    async def killed(name: str, content: bytes) -> None:
        names.append(name)
        if dies == "after its bytes":
            await put(name, content)
        raise Killed

    with monkeypatch.context() as at_once:
        at_once.setattr(photos._originals, "put", killed)
        for key in ("again", "never"):
            with pytest.raises(Killed):
                await photos.keep(APP, key, b"bytes", PNG)
    again, never = [row["_id"] for row in await photos.photos.find({}, sort=[("sent_at", 1)], limit=9)]
    assert await photos.next_to_clean() is None
    assert await photos.get("harbour", again) is None
    with pytest.raises(Refusal):
        await photos.claim_for_report(APP, [never], "r1")
    with pytest.raises(Refusal) as refusal:
        await photos.keep(APP, "again", b"others", PNG)
    assert refusal.value.kind == "idempotency-key-reused"
    assert await photos.keep(APP, "again", b"bytes", PNG) == (again, False)
    assert await photos.keep(APP, "again", b"bytes", PNG) == (again, True)
    taken = await photos.next_to_clean()
    assert taken is not None and taken[1] == b"bytes"
    await photos.finish(again, CleanedPhoto(b"full", b"thumb"))
    assert await photos.sweep(real_now() + timedelta(hours=25)) == 2
    assert await photos.photos.count({}, limit=9) == 0
    assert [await photos._originals.get(name) for name in names] == [None, None]


async def test_photos_of_version_0_1_0_are_found_under_their_id(photos: PhotoStore) -> None:
    photo, _ = await photos.keep(APP, "k1", b"bytes", PNG)
    await photos._originals.put(photo, b"of 0.1.0")
    await photos.photos.update({"_id": photo}, {"$unset": {"original": 1, "originals": 1}})
    taken = await photos.next_to_clean()
    assert taken is not None and taken[1] == b"of 0.1.0"
    await photos.finish(photo, CleanedPhoto(b"full", b"thumb"))
    assert await photos._originals.get(photo) is None


async def original(photos: PhotoStore, photo: str) -> bytes | None:
    """The bytes as sent, whatever the row's state."""
    row = await photos.photos.find_one({"_id": photo})
    return None if row is None else await photos._originals.get(row["original"])


async def test_a_photo_belongs_to_one_report_and_claiming_it_again_changes_nothing(photos: PhotoStore) -> None:
    photo, _ = await photos.keep(APP, "k1", b"bytes", PNG)
    await photos.claim_for_report(APP, [photo], "r1")
    await photos.claim_for_report(APP, [photo], "r1")
    with pytest.raises(Refusal) as refusal:
        await photos.claim_for_report(APP, ["fnone", photo], "r2")
    assert [error.pointer for error in refusal.value.errors] == ["/photos/0", "/photos/1"]


async def test_another_apps_photo_cannot_be_claimed(photos: PhotoStore) -> None:
    photo, _ = await photos.keep(APP, "k1", b"bytes", PNG)
    with pytest.raises(Refusal):
        await photos.claim_for_report(OTHER_APP, [photo], "r1")
    assert await photos.claim_for_case("elsewhere", [photo], "c1") == [photo]
    assert await photos.claim_for_case("harbour", [photo], "c1") == []
    assert await photos.claim_for_case("harbour", [photo], "c2") == [photo]


async def test_a_photo_is_cleaned_by_one_worker_and_shown_only_then(photos: PhotoStore) -> None:
    photo, _ = await photos.keep(APP, "k1", b"bytes", PNG)
    assert await photos.shown(photo, "full") is None
    taken = await photos.next_to_clean()
    assert taken is not None
    assert (taken[0].id, taken[1]) == (photo, b"bytes")
    assert await photos.next_to_clean() is None
    await photos.finish(photo, CleanedPhoto(b"full", b"thumb"))
    assert (await photos.shown(photo, "full"), await photos.shown(photo, "thumb")) == (b"full", b"thumb")
    assert await original(photos, photo) is None


async def test_a_claim_says_what_the_clean_photos_look_like(photos: PhotoStore) -> None:
    ids = [(await photos.keep(APP, f"k{n}", b"bytes", PNG))[0] for n in range(4)]
    await photos.finish(ids[0], CleanedPhoto(b"full", b"thumb", LOOKS))
    await photos.finish(ids[1], CleanedPhoto(b"full", b"thumb"))
    await photos.finish(ids[2], None)
    assert await photos.claim_for_report(APP, ids, "r1") == (LOOKS,)
    assert await photos.claim_for_report(APP, ids, "r1") == (LOOKS,)
    assert await photos.claim_for_report(APP, ids[1:], "r1") == ()


async def test_what_a_photo_looks_like_goes_with_it(photos: PhotoStore) -> None:
    for key in ("k1", "k2"):
        photo, _ = await photos.keep(APP, key, b"bytes", PNG)
        await photos.finish(photo, CleanedPhoto(b"full", b"thumb", LOOKS))
    await photos.claim_for_report(APP, [photo], "r1")
    assert await photos.photos.count({"looks": LOOKS}, limit=9) == 2
    await photos.sweep(real_now() + timedelta(hours=25))
    assert await photos.photos.count({"looks": LOOKS}, limit=9) == 1
    await photos.forget([from_doc(row) for row in await photos.photos.find({"_id": photo}, limit=1)])
    assert await photos.photos.count({"looks": {"$exists": True}}, limit=9) == 0


async def test_cleaning_finds_out_what_a_photo_looks_like(photos: PhotoStore, database: Database) -> None:
    photo, _ = await photos.keep(APP, "k1", jpeg(street(1)), Picture("image/jpeg", 800, 600))
    cleaner = Cleaner()
    try:
        assert await PhotoWorker(photos, ReportStore(database), cleaner, MovableClock()).clean_one()
    finally:
        cleaner.close()
    assert await photos.claim_for_report(APP, [photo], "r1") == (looks(street(1)),)


async def test_that_a_photo_cannot_be_read_is_told_at_the_stacks_time(photos: PhotoStore, database: Database) -> None:
    store, clock, cleaner = ReportStore(database), MovableClock(), Cleaner()
    clock.move([], timedelta(days=-4000))
    photo, _ = await photos.keep(APP, "k1", b"no picture", PNG)
    sent = record()
    await store.insert([sent])
    await photos.claim_for_report(APP, [photo], sent.id)
    try:
        assert await PhotoWorker(photos, store, cleaner, clock).clean_one()
    finally:
        cleaner.close()
    (report,) = await store.load_all([sent.id])
    (step,) = report.own_steps
    assert abs(clock.now() - step.at) < timedelta(minutes=1)


async def test_a_photo_that_kills_its_worker_is_given_up_after_a_few_attempts(photos: PhotoStore) -> None:
    photo, _ = await photos.keep(APP, "k1", b"bytes", PNG)
    for _ in range(ATTEMPTS_MAX):
        assert await photos.next_to_clean() is not None
        await photos.photos.update({"_id": photo}, {"$set": {"lease_until": real_now()}})
    assert await photos.next_to_clean() is None
    found = await photos.get("harbour", photo)
    assert found is not None
    assert found.state == "unreadable"


async def test_what_nobody_claimed_for_a_day_is_swept_with_its_files(photos: PhotoStore) -> None:
    lost, _ = await photos.keep(APP, "k1", b"lost", PNG)
    kept, _ = await photos.keep(APP, "k2", b"kept", PNG)
    await photos.claim_for_report(APP, [kept], "r1")
    assert await photos.sweep(real_now() + timedelta(hours=23)) == 0
    assert await photos.sweep(real_now() + timedelta(hours=25)) == 1
    assert await photos.get("harbour", lost) is None
    assert await original(photos, lost) is None
    assert await original(photos, kept) == b"kept"


async def test_photos_of_the_time_before_the_bucket_are_still_shown_and_swept(
    database: Database, s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = PhotoStore(database, SECRET, buckets(Settings(), database), token_hex)
    await before.photos.ensure_indexes(*INDEXES)
    photo, _ = await before.keep(APP, "k1", b"bytes", PNG)
    bucket = in_bucket(s3_server, monkeypatch)
    after = PhotoStore(database, SECRET, buckets(Settings(photo_store=f"s3://{bucket}"), database), token_hex)
    taken = await after.next_to_clean()
    assert taken is not None
    assert taken[1] == b"bytes"
    await after.finish(photo, CleanedPhoto(b"full", b"thumb"))
    assert await after.shown(photo, "full") == b"full"
    assert await before.shown(photo, "full") is None, "what is new is in the bucket alone"
    assert await original(after, photo) is None
    assert await original(before, photo) is None


async def test_a_bucket_that_is_away_is_a_503_and_costs_no_photo(
    database: Database, s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = in_bucket(s3_server, monkeypatch)
    there = PhotoStore(database, SECRET, buckets(Settings(photo_store=f"s3://{bucket}"), database), token_hex)
    await there.photos.ensure_indexes(*INDEXES)
    photo, _ = await there.keep(APP, "k1", b"bytes", PNG)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setattr(object_store, "RETRIES", 0)
    away = PhotoStore(database, SECRET, buckets(Settings(photo_store=f"s3://{bucket}"), database), token_hex)
    with pytest.raises(Refusal) as refusal:
        await away.keep(APP, "k2", b"others", PNG)
    assert (refusal.value.status, refusal.value.retry_after is not None) == (503, True)
    assert await away.photos.count({"state": {"$ne": "arriving"}}, limit=9) == 1
    keeper = PhotoWorker(away, ReportStore(database), Cleaner(), MovableClock())
    for _ in range(ATTEMPTS_MAX + 1):
        with pytest.raises(Refusal):
            await keeper.clean_one()
        await away.photos.update({"_id": photo}, {"$set": {"lease_until": real_now()}})
    taken = await there.next_to_clean()
    assert taken is not None
    assert taken[1] == b"bytes"


async def test_a_store_that_lets_us_not_in_is_away_and_says_no_secret(
    s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_bucket(s3_server, monkeypatch)
    with pytest.raises(Refusal) as refusal:
        await object_store.S3Bucket("s3://no-such-bucket", "clean").put("name", b"bytes")
    assert refusal.value.status == 503
    assert "AWS" not in str(refusal.value)
    assert "no-such-bucket" not in str(refusal.value)


def test_what_is_no_address_of_a_bucket_is_refused_at_the_start() -> None:
    for wrong in ("photos", "http://bucket", "s3://", "s3://Bucket", "s3://bucket/a b", "file:///tmp"):
        with pytest.raises(ValidationError):
            Settings(photo_store=wrong)


async def test_who_sends_a_hundred_at_once_keeps_nobody_waiting(photos: PhotoStore) -> None:
    """B77: senders have turns."""
    for n in range(5):
        await photos.keep(APP, f"many-{n}", b"1", PNG)
    await photos.keep(OTHER_APP, "one", b"2", PNG)
    first, second = await photos.next_to_clean(), await photos.next_to_clean()
    assert first is not None and second is not None
    assert {first[0].app, second[0].app} == {APP.who, OTHER_APP.who}
    assert [bool(await photos.next_to_clean()) for _ in range(5)] == [True] * 4 + [False], "the others have theirs too"


async def test_an_app_has_room_for_so_many_photos_that_no_report_claims(
    photos: PhotoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B76: bytes and number of what nobody claims are limited, of each app for itself; claiming makes room."""
    monkeypatch.setattr(photo_module, "UNCLAIMED_MAX", 2)
    id_, _ = await photos.keep(APP, "1", b"1", PNG)
    second, _ = await photos.keep(APP, "2", b"2", PNG)
    with pytest.raises(Refusal) as refusal:
        await photos.keep(APP, "3", b"3", PNG)
    assert refusal.value.status == 429 and refusal.value.retry_after
    assert await photos.keep(APP, "2", b"2", PNG) == (second, True), "a repeat takes no room"
    await photos.keep(OTHER_APP, "3", b"3", PNG)
    await photos.claim_for_report(APP, [id_], "r1")
    await photos.keep(APP, "3", b"3", PNG)
    monkeypatch.setattr(photo_module, "UNCLAIMED_BYTES_MAX", 9)
    with pytest.raises(Refusal):
        await photos.keep(OTHER_APP, "4", b"123456789", PNG)
