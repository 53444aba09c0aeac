"""Photos: looked at when they arrive, stored as sent, cleaned later, shown only when clean.

A photo is claimed by compare-and-set before what shows it is written; what nobody claimed is swept after a day.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from prometheus_client import Gauge

from services.intake.domain.photo import Cleaned, Picture
from shared.kernel.errors import FieldError, Refusal, invalid, key_reused, too_many
from shared.kernel.ids import secret_id
from shared.runtime.identity.directory import Principal
from shared.runtime.mongo import Bucket, Database, Document, IndexModel
from shared.runtime.relay import real_now
from shared.runtime.settings import Settings
from shared.runtime.vitals import COUNTED_MAX

LEASE = timedelta(seconds=60)
UNCLAIMED_KEPT = timedelta(days=1)
UNCLAIMED_MAX = 1000
UNCLAIMED_BYTES_MAX = 512 * 1024 * 1024
"""Of one app, at a time: what it has sent and no report or case has claimed yet."""
UNCLAIMED_RETRY_SECONDS = 60
SWEEP_PAGE = 100
ATTEMPTS_MAX = 3
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
    """``photos`` (facts) beside two buckets: ``originals`` as sent, ``clean`` as shown."""

    def __init__(self, database: Database, secret: str, bucket: Callable[[str], Bucket]) -> None:
        self.photos = database.collection("photos")
        self._originals = bucket("originals")
        self._clean = bucket("clean")
        self._secret = secret.encode()
        self._arrived = asyncio.Event()
        self._last_turn = ""

    async def keep(self, who: Principal, key: str, content: bytes, picture: Picture) -> tuple[str, bool]:
        """Store what was sent; its id, and whether it was there already.

        Raises ``Refusal``: 422 for a reused key, 429 while too much of this app's is unclaimed.
        """
        id_ = secret_id("f", self._secret, "photo", who.city, who.who, key)
        sha256 = hashlib.sha256(content).hexdigest()
        found = await self.photos.find_one({"_id": id_}, {"sha256": 1})
        if found is None:
            await self._room_for(sender_of(who), len(content))
            await self._originals.put(id_, content)
            fresh = await self.photos.insert(
                {
                    "_id": id_,
                    "city": who.city,
                    "app": who.who,
                    "sender": sender_of(who),
                    "bytes": len(content),
                    "sha256": sha256,
                    "media": picture.media,
                    "width": picture.width,
                    "height": picture.height,
                    "state": "sent",
                    "attempts": 0,
                    "sent_at": real_now(),
                    "lease_until": real_now(),
                    "claimed": False,
                }
            )
            if fresh:
                self._arrived.set()
                return id_, False
            found = await self.photos.find_one({"_id": id_}, {"sha256": 1})
        if found is None or found["sha256"] != sha256:
            raise key_reused()
        return id_, True

    async def _room_for(self, sender: str, size: int) -> None:
        waiting = await self.photos.find({"sender": sender, "claimed": False}, {"bytes": 1}, limit=UNCLAIMED_MAX)
        taken = sum(photo["bytes"] for photo in waiting)
        if len(waiting) == UNCLAIMED_MAX or taken + size > UNCLAIMED_BYTES_MAX:
            says = f"{len(waiting)} photos ({taken // 2**20} MiB) belong to no report yet: send those reports first."
            raise too_many(says, UNCLAIMED_RETRY_SECONDS)

    async def claim_for_report(self, who: Principal, photos: Sequence[str], report: str) -> tuple[str, ...]:
        """All of ``photos`` belong to ``report``; the looks of those that are clean and have enough to be known by.

        Raises ``Refusal`` 422 naming those that are not to be had.
        """
        where: Document = {"city": who.city, "app": who.who, "report": {"$in": [None, report]}}
        claimed = await self._claim(where, photos, {"report": report})
        if claimed is None:
            missing = await self._missing(where, photos)
            raise invalid(
                *(
                    FieldError(f"/photos/{i}", "is no photo that this app sent and that is still free")
                    for i, photo in enumerate(photos)
                    if photo in missing
                )
            )
        return tuple(photo["looks"] for photo in claimed if "looks" in photo)

    async def claim_for_case(self, city: str, photos: Sequence[str], case: str) -> list[str]:
        """All of ``photos`` belong to ``case``; answers those that are not to be had."""
        where: Document = {"city": city, "report": None, "case": {"$in": [None, case]}}
        claimed = await self._claim(where, photos, {"case": case})
        return await self._missing(where, photos) if claimed is None else []

    async def _claim(self, where: Document, photos: Sequence[str], to: Document) -> list[Document] | None:
        """The photos as they are then; None when one is not to be had."""
        claimed = []
        for id_ in photos:
            photo = await self.photos.update_and_get({**where, "_id": id_}, {"$set": {**to, "claimed": True}})
            if photo is None:
                return None
            claimed.append(photo)
        return claimed

    async def _missing(self, where: Document, photos: Sequence[str]) -> list[str]:
        return [id_ for id_ in photos if not await self.photos.count({**where, "_id": id_}, limit=1)]

    async def get(self, city: str | None, id_: str) -> Document | None:
        """A photo of ``city`` (None: of any)."""
        return await self.photos.find_one({"_id": id_} if city is None else {"_id": id_, "city": city})

    async def shown(self, id_: str, size: str) -> bytes | None:
        """The clean picture, ``full`` or ``thumb``."""
        return await self._clean.get(f"{id_}.{size}")

    async def waited_for(self, seconds: float) -> None:
        """Until a photo arrives here, or for ``seconds``."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._arrived.wait()
        self._arrived.clear()

    async def next_to_clean(self) -> tuple[Document, bytes] | None:
        """A photo to clean, leased for a minute so that two workers do not both take it.

        Senders have turns, each its oldest photo: who sends a hundred at once keeps nobody waiting.
        """
        photo = await self._leased({"sender": {"$gt": self._last_turn}}) or await self._leased({})
        if photo is None:
            return None
        self._last_turn = photo.get("sender", "")
        try:
            content = await self._originals.get(photo["_id"])
        except Refusal:
            await self._give_back(photo["_id"])
            raise
        if content is None or photo["attempts"] > ATTEMPTS_MAX:
            await self.finish(photo["_id"], None)
            return None
        return photo, content

    async def _leased(self, of: Document) -> Document | None:
        now = real_now()
        return await self.photos.update_and_get(
            {"state": "sent", **of, "lease_until": {"$lte": now}},
            {"$set": {"lease_until": now + LEASE}, "$inc": {"attempts": 1}},
            sort=[("sender", 1), ("lease_until", 1)],
        )

    async def finish(self, id_: str, cleaned: Cleaned | None) -> Document | None:
        """``cleaned``: None when it proved unreadable. Answers the photo."""
        if cleaned is not None:
            try:
                await self._clean.put(f"{id_}.full", cleaned.full)
                await self._clean.put(f"{id_}.thumb", cleaned.thumb)
            except Refusal:
                await self._give_back(id_)
                raise
        found: Document = {"state": "clean" if cleaned is not None else "unreadable"}
        if cleaned is not None and cleaned.looks is not None:
            found["looks"] = cleaned.looks
        photo = await self.photos.update_and_get({"_id": id_, "state": "sent"}, {"$set": found})
        await self._originals.delete(id_)
        return photo

    async def _give_back(self, id_: str) -> None:
        """A store that is away is no fault of the photo's: the attempt does not count. Its lease ends by itself."""
        await self.photos.update({"_id": id_, "state": "sent"}, {"$inc": {"attempts": -1}})

    async def look(self) -> None:
        """Count what waits."""
        _WAITING.set(await self.photos.count({"state": "sent"}, limit=COUNTED_MAX))

    async def sweep(self, now: datetime) -> int:
        """Forget photos that nobody claimed for a day; how many."""
        old = await self.photos.find(
            {"claimed": False, "sent_at": {"$lte": now - UNCLAIMED_KEPT}}, {"_id": 1}, limit=SWEEP_PAGE
        )
        for photo in old:
            if await self.photos.delete({"_id": photo["_id"], "claimed": False}):
                await self._delete_bytes(photo["_id"])
        return len(old)

    async def forget(self, photos: Sequence[Document]) -> int:
        """Delete claimed photos, bytes first: what is half gone is found again."""
        for photo in photos:
            await self._delete_bytes(photo["_id"])
        return await self.photos.delete({"_id": {"$in": [photo["_id"] for photo in photos]}})

    async def _delete_bytes(self, id_: str) -> None:
        for bucket, name in (
            (self._originals, id_),
            (self._clean, f"{id_}.full"),
            (self._clean, f"{id_}.thumb"),
        ):
            await bucket.delete(name)


def sender_of(who: Principal) -> str:
    """Whose turn it is, and whose unclaimed photos are counted together: an app of a city, or an officer."""
    return f"{who.city}/{who.who}"


def buckets(settings: Settings, database: Database) -> Callable[[str], Bucket]:
    """Where photos' bytes are kept, by name: in MongoDB, or where ``WHISTLE_PHOTO_STORE`` says.

    Raises ``RuntimeError`` when a bucket is wanted and the extra is not installed.
    """
    if not settings.photo_store:
        return database.bucket
    try:
        from shared.runtime.object_store import MovedBucket, S3Bucket
    except ModuleNotFoundError as missing:
        raise RuntimeError(f"WHISTLE_PHOTO_STORE is set; install whistle[s3]: {missing}") from missing
    return lambda name: MovedBucket(S3Bucket(settings.photo_store, name), database.bucket(name))


def not_clean_yet(photo: Document) -> Refusal:
    """Why a photo is not shown."""
    if photo["state"] == "unreadable":
        return Refusal(404, "unreadable", "The photo could not be read; send it again.")
    return Refusal(404, "not-clean-yet", "The photo is being cleaned. Ask again in a moment.", retry_after=2)
