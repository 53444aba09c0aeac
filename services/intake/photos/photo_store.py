"""Photos: looked at when they arrive, stored as sent, cleaned later, shown only when clean.

A photo is claimed by compare-and-set before what shows it is written; what nobody claimed is swept after a day.

A key stands for one photo from its row on, which says its hash and is ``arriving``. Each attempt puts the bytes under a
name of its own that the row has beforehand; who then makes the row ``sent`` says which name counts. So no two write one
name, and whatever an attempt that died left behind is deleted by its row. Rows of 0.1.0 have one name: their id.
"""

import asyncio
import contextlib
import hashlib
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from prometheus_client import Gauge

from services.intake.domain.photo import Cleaned, Picture
from shared.kernel.errors import FieldError, Refusal, invalid, key_reused, too_many, unavailable
from shared.kernel.ids import secret_id
from shared.runtime.health.checks import COUNTED_MAX
from shared.runtime.identity.directory import Principal
from shared.runtime.settings import Settings
from shared.runtime.storage.mongo import Bucket, Database, Document, IndexModel
from shared.runtime.timekeeping.wall_clock import real_now

LEASE = timedelta(seconds=60)
UNCLAIMED_KEPT = timedelta(days=1)
UNCLAIMED_MAX = 1000
UNCLAIMED_BYTES_MAX = 512 * 1024 * 1024
"""Of one app, at a time: what it has sent and no report or case has claimed yet."""
UNCLAIMED_RETRY_SECONDS = 60
SWEEP_PAGE = 100
ATTEMPTS_MAX = 3
PUTS_KEPT = 32
"""Names of one photo's bytes; only the last one or two are ever in use."""
_THERE: Document = {"$in": ["sent", "clean", "unreadable"]}
"""Neither ``arriving`` nor ``going`` (being swept)."""
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
        name = f"{id_}.{secrets.token_hex(8)}"
        found = await self.photos.find_one({"_id": id_}, {"sha256": 1})
        if found is None:
            await self._room_for(sender_of(who), len(content))
            if await self.photos.insert(_row(id_, who, len(content), sha256, picture, name)):
                return await self._put(id_, name, content)
        elif found["sha256"] != sha256:
            raise key_reused()
        if await self.photos.update(
            {"_id": id_, "state": "arriving", "sha256": sha256},
            {"$push": {"originals": {"$each": [name], "$slice": -PUTS_KEPT}}},
        ):
            return await self._put(id_, name, content)
        return await self._there(id_, sha256)

    async def _put(self, id_: str, name: str, content: bytes) -> tuple[str, bool]:
        """The bytes, and then that they count, unless those of another attempt do already."""
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
        """Asked by a change, since a majority's view may be from before the row."""
        found = await self.photos.update_and_get({"_id": id_}, {"$inc": {"repeats": 1}})
        if found is not None and found["sha256"] != sha256:
            raise key_reused()
        if found is None or found["state"] not in _THERE["$in"]:
            raise unavailable("The photo was given up at this moment. Repeat with the same key.")
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
        where: Document = {"city": who.city, "app": who.who, "state": _THERE, "report": {"$in": [None, report]}}
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
        where: Document = {"city": city, "state": _THERE, "report": None, "case": {"$in": [None, case]}}
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
        where: Document = {"_id": id_, "state": _THERE}
        return await self.photos.find_one(where if city is None else {**where, "city": city})

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
            content = await self._originals.get(str(photo.get("original", photo["_id"])))
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
        if photo is not None:
            await self._delete_originals(photo)
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
            going = await self.photos.update_and_get({**photo, "claimed": False}, {"$set": {"state": "going"}})
            if going is not None:
                await self._delete_bytes(going)
                await self.photos.delete(photo)
        return len(old)

    async def forget(self, photos: Sequence[Document]) -> int:
        """Delete claimed photos, bytes first: what is half gone is found again."""
        for photo in photos:
            await self._delete_bytes(photo)
        return await self.photos.delete({"_id": {"$in": [photo["_id"] for photo in photos]}})

    async def _delete_bytes(self, photo: Document) -> None:
        await self._delete_originals(photo)
        for size in ("full", "thumb"):
            await self._clean.delete(f"{photo['_id']}.{size}")

    async def _delete_originals(self, photo: Document) -> None:
        for name in photo.get("originals", (photo["_id"],)):
            await self._originals.delete(name)


def _row(id_: str, who: Principal, size: int, sha256: str, picture: Picture, name: str) -> Document:
    """A photo before its bytes are put, under ``name``."""
    now = real_now()
    return {
        "_id": id_,
        "city": who.city,
        "app": who.who,
        "sender": sender_of(who),
        "bytes": size,
        "sha256": sha256,
        "media": picture.media,
        "width": picture.width,
        "height": picture.height,
        "state": "arriving",
        "originals": [name],
        "attempts": 0,
        "sent_at": now,
        "lease_until": now,
        "claimed": False,
    }


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
        from shared.runtime.storage.object_store import MovedBucket, S3Bucket
    except ModuleNotFoundError as missing:
        raise RuntimeError(f"WHISTLE_PHOTO_STORE is set; install whistle[s3]: {missing}") from missing
    return lambda name: MovedBucket(S3Bucket(settings.photo_store, name), database.bucket(name))


def not_clean_yet(photo: Document) -> Refusal:
    """Why a photo is not shown."""
    if photo["state"] == "unreadable":
        return Refusal(404, "unreadable", "The photo could not be read; send it again.")
    return Refusal(404, "not-clean-yet", "The photo is being cleaned. Ask again in a moment.", retry_after=2)
