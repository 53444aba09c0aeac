"""Photos: checked when they arrive, stored as sent, cleaned later, shown only when clean.

A report or case claims a photo by compare-and-set before it is written itself; a photo that nobody claimed is deleted
after a day.

Storing: the row is written first, in state ``arriving``, with the hash of the bytes; from then on its idempotency key
stands for this photo. Each attempt adds a name of its own to the row, puts the bytes under that name, and sets the row
to ``sent`` with the name that counts. So two attempts never write one name, and bytes of an attempt that died are
deleted with the row. Rows of 0.1.0 have one name: their id.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec
from prometheus_client import Gauge

from services.intake.domain.photo import CleanedPhoto, Picture
from services.intake.photos.photo_record import THERE, PhotoRecord, PhotoSize, State, from_doc, to_doc
from shared.kernel.errors import FieldError, Refusal, invalid, key_reused, too_many, unavailable
from shared.kernel.ids import Ids, secret_id
from shared.runtime.health.checks import COUNTED_MAX
from shared.runtime.identity.directory import Principal
from shared.runtime.storage.mongo import Bucket, Database, Document, IndexModel, Sort
from shared.runtime.timekeeping.wall_clock import real_now

LEASE = timedelta(seconds=60)
UNCLAIMED_KEPT = timedelta(days=1)
UNCLAIMED_MAX = 1000
UNCLAIMED_BYTES_MAX = 512 * 1024 * 1024
"""Bytes per app that no report or case has claimed yet."""
UNCLAIMED_RETRY_SECONDS = 60
SWEEP_PAGE = 100
ATTEMPTS_MAX = 3
PUTS_KEPT = 32
"""Names of one photo's bytes; only the last one or two are ever in use."""
_THERE: Document = {"$in": sorted(THERE)}
_WAITING = Gauge("whistle_waiting_photos", "Photos that wait to be cleaned.")

INDEXES = (
    IndexModel([("report", 1)], name="report", sparse=True),
    IndexModel([("case", 1)], name="case", sparse=True),
    IndexModel([("sent_at", 1)], name="unclaimed", partialFilterExpression={"claimed": False}),
    IndexModel([("claimed", 1), ("sent_at", 1)], name="age"),
    IndexModel([("state", 1), ("sender", 1), ("lease_until", 1)], name="turns"),
    IndexModel([("sender", 1)], name="unclaimed_of", partialFilterExpression={"claimed": False}),
)


class PhotoStore:
    """The collection ``photos`` and two buckets: ``originals`` with the bytes as sent, ``clean`` with what is shown."""

    def __init__(self, database: Database, secret: str, bucket: Callable[[str], Bucket], ids: Ids) -> None:
        self.photos = database.collection("photos")
        self._originals = bucket("originals")
        self._clean = bucket("clean")
        self._secret = secret.encode()
        self._ids = ids
        self._arrived = asyncio.Event()
        self._last_turn = ""

    async def keep(self, who: Principal, key: str, content: bytes, picture: Picture) -> tuple[str, bool]:
        """Store what was sent; its id, and whether it was there already.

        Raises ``Refusal``: 422 for a reused key, 429 while too much of this app's is unclaimed.
        """
        id_ = secret_id("f", self._secret, "photo", who.city, who.who, key)
        sha256 = hashlib.sha256(content).hexdigest()
        name = f"{id_}.{self._ids(8)}"
        found = await self._find({"_id": id_})
        if found is None:
            await self._room_for(sender_of(who), len(content))
            if await self.photos.insert(to_doc(_arriving(id_, who, len(content), sha256, picture, name))):
                return await self._put(id_, name, content)
        elif found.sha256 != sha256:
            raise key_reused()
        if await self.photos.update(
            {"_id": id_, "state": "arriving", "sha256": sha256},
            {"$push": {"originals": {"$each": [name], "$slice": -PUTS_KEPT}}},
        ):
            return await self._put(id_, name, content)
        return await self._there(id_, sha256)

    async def _put(self, id_: str, name: str, content: bytes) -> tuple[str, bool]:
        """Puts the bytes, then makes their name the one that counts, unless another attempt was first."""
        await self._originals.put(name, content)
        if await self.photos.update(
            {"_id": id_, "state": "arriving", "originals": name},
            {"$set": {"state": "sent", "original": name, "lease_until": real_now()}},
        ):
            self._arrived.set()
            return id_, False
        await self._originals.delete(name)
        return await self._there(id_, hashlib.sha256(content).hexdigest())

    async def _there(self, id_: str, sha256: str) -> tuple[str, bool]:
        """Reads the row through an update: a majority read might not see it yet."""
        found = await self._change({"_id": id_}, {"$inc": {"repeats": 1}})
        if found is not None and found.sha256 != sha256:
            raise key_reused()
        if found is None or found.state not in THERE:
            raise unavailable("The photo was given up at this moment. Repeat with the same key.")
        return id_, True

    async def _room_for(self, sender: str, size: int) -> None:
        found = await self.photos.find({"sender": sender, "claimed": False}, {"bytes": 1}, limit=UNCLAIMED_MAX)
        waiting = [msgspec.convert(document, PhotoSize) for document in found]
        taken = sum(photo.bytes for photo in waiting)
        if len(waiting) == UNCLAIMED_MAX or taken + size > UNCLAIMED_BYTES_MAX:
            says = f"{len(waiting)} photos ({taken // 2**20} MiB) belong to no report yet: send those reports first."
            raise too_many(says, UNCLAIMED_RETRY_SECONDS)

    async def claim_for_report(
        self, who: Principal, photos: Sequence[str], report: str, pointer: str = "/photos"
    ) -> tuple[str, ...]:
        """Claims ``photos`` for ``report``; returns the hashes of those that are clean and have one.

        Raises ``Refusal`` 422 naming those that are not to be had; ``pointer``: where the body lists them.
        """
        where: Document = {"city": who.city, "app": who.who, "state": _THERE, "report": {"$in": [None, report]}}
        claimed = await self._claim(where, photos, {"report": report})
        if claimed is None:
            missing = await self._missing(where, photos)
            raise invalid(
                *(
                    FieldError(f"{pointer}/{i}", "is no photo that this app sent and that is still free")
                    for i, photo in enumerate(photos)
                    if photo in missing
                )
            )
        return tuple(photo.looks for photo in claimed if photo.looks is not None)

    async def claim_for_case(self, city: str, photos: Sequence[str], case: str) -> list[str]:
        """Claims ``photos`` for ``case``; returns those that cannot be claimed, empty if all were."""
        where: Document = {"city": city, "state": _THERE, "report": None, "case": {"$in": [None, case]}}
        claimed = await self._claim(where, photos, {"case": case})
        return await self._missing(where, photos) if claimed is None else []

    async def _claim(self, where: Document, photos: Sequence[str], to: Document) -> list[PhotoRecord] | None:
        """The photos as they are then; None when one cannot be claimed."""
        claimed = []
        for id_ in photos:
            photo = await self._change({**where, "_id": id_}, {"$set": {**to, "claimed": True}})
            if photo is None:
                return None
            claimed.append(photo)
        return claimed

    async def _missing(self, where: Document, photos: Sequence[str]) -> list[str]:
        return [id_ for id_ in photos if not await self.photos.count({**where, "_id": id_}, limit=1)]

    async def get(self, city: str | None, id_: str) -> PhotoRecord | None:
        """A photo of ``city`` (None: of any)."""
        where: Document = {"_id": id_, "state": _THERE}
        return await self._find(where if city is None else {**where, "city": city})

    async def _find(self, where: Document) -> PhotoRecord | None:
        document = await self.photos.find_one(where)
        return from_doc(document) if document is not None else None

    async def _change(self, where: Document, change: Document, *, sort: Sort | None = None) -> PhotoRecord | None:
        """Change one photo; as it is then, or None when none was there to change."""
        document = await self.photos.update_and_get(where, change, sort=sort)
        return from_doc(document) if document is not None else None

    async def shown(self, id_: str, size: str) -> bytes | None:
        """The clean picture, ``full`` or ``thumb``."""
        return await self._clean.get(f"{id_}.{size}")

    async def wait_for_one(self, seconds: float) -> None:
        """Until a photo arrives here, or for ``seconds``."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._arrived.wait()
        self._arrived.clear()

    async def next_to_clean(self) -> tuple[PhotoRecord, bytes] | None:
        """A photo to clean, leased for a minute so that two workers do not both take it.

        Senders take turns, each with its oldest photo: a sender of a hundred photos keeps nobody waiting.
        """
        photo = await self._leased({"sender": {"$gt": self._last_turn}}) or await self._leased({})
        if photo is None:
            return None
        self._last_turn = photo.sender
        try:
            content = await self._originals.get(photo.original or photo.id)
        except Refusal:
            await self._give_back(photo.id)
            raise
        if content is None or photo.attempts > ATTEMPTS_MAX:
            await self.finish(photo.id, None)
            return None
        return photo, content

    async def _leased(self, of: Document) -> PhotoRecord | None:
        now = real_now()
        return await self._change(
            {"state": "sent", **of, "lease_until": {"$lte": now}},
            {"$set": {"lease_until": now + LEASE}, "$inc": {"attempts": 1}},
            sort=[("sender", 1), ("lease_until", 1)],
        )

    async def finish(self, id_: str, cleaned: CleanedPhoto | None) -> PhotoRecord | None:
        """A worker is done with a photo: its pictures are stored and its bytes as sent deleted.

        ``cleaned``: None when it proved unreadable. Answers the photo; None where another worker was first.
        """
        if cleaned is not None:
            try:
                await self._clean.put(f"{id_}.full", cleaned.full)
                await self._clean.put(f"{id_}.thumb", cleaned.thumb)
            except Refusal:
                await self._give_back(id_)
                raise
        state: State = "clean" if cleaned is not None else "unreadable"
        looks = {"looks": cleaned.looks} if cleaned is not None and cleaned.looks is not None else {}
        photo = await self._change({"_id": id_, "state": "sent"}, {"$set": {"state": state, **looks}})
        if photo is not None:
            await self._delete_originals(photo)
        return photo

    async def _give_back(self, id_: str) -> None:
        """The bucket does not answer: the attempt does not count. The lease ends by itself."""
        await self.photos.update({"_id": id_, "state": "sent"}, {"$inc": {"attempts": -1}})

    async def set_gauges(self) -> None:
        """Set the gauge of photos that wait."""
        _WAITING.set(await self.photos.count({"state": "sent"}, limit=COUNTED_MAX))

    async def sweep(self, now: datetime) -> int:
        """Delete photos that nobody claimed for a day; how many."""
        old = await self.photos.find(
            {"claimed": False, "sent_at": {"$lte": now - UNCLAIMED_KEPT}}, {"_id": 1}, limit=SWEEP_PAGE
        )
        for row in old:
            photo = await self._change({"_id": row["_id"], "claimed": False}, {"$set": {"state": "going"}})
            if photo is not None:
                await self._delete_bytes(photo)
                await self.photos.delete({"_id": photo.id})
        return len(old)

    async def forget(self, photos: Sequence[PhotoRecord]) -> int:
        """Delete claimed photos, bytes first, so that a photo that is half deleted is found again."""
        for photo in photos:
            await self._delete_bytes(photo)
        return await self.photos.delete({"_id": {"$in": [photo.id for photo in photos]}})

    async def _delete_bytes(self, photo: PhotoRecord) -> None:
        await self._delete_originals(photo)
        for size in ("full", "thumb"):
            await self._clean.delete(f"{photo.id}.{size}")

    async def _delete_originals(self, photo: PhotoRecord) -> None:
        for name in photo.names:
            await self._originals.delete(name)


def _arriving(id_: str, who: Principal, size: int, sha256: str, picture: Picture, name: str) -> PhotoRecord:
    """A photo before its bytes are put under ``name``."""
    now = real_now()
    return PhotoRecord(
        id=id_,
        city=who.city,
        app=who.who,
        sender=sender_of(who),
        bytes=size,
        sha256=sha256,
        media=picture.media,
        width=picture.width,
        height=picture.height,
        state="arriving",
        originals=[name],
        attempts=0,
        sent_at=now,
        lease_until=now,
        claimed=False,
    )


def sender_of(who: Principal) -> str:
    """The sender for turns of cleaning and for the limit of unclaimed bytes: an app of a city, or an officer."""
    return f"{who.city}/{who.who}"
