"""Master keys take turns: living keys are wrapped by a new generation, then the old one is destroyed.

In this order, so that a process may end anywhere and no living key is lost: the new generation is durable; every stored
key is wrapped by it, page by page, each under a guard, until a whole round finds none that is not; it is on record that
the old one goes; its file is destroyed. Whoever wrote under the old generation meanwhile looks once more after the
write was acknowledged (``held``), before anybody is answered.

After an erasure it happens within a day, or at once when operations ask for it.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog

from services.intake.domain.submission import Submission
from services.intake.privacy.master_keys import MasterKeys
from services.intake.privacy.sealing import BrokenSeal, Vault, generation_of
from shared.runtime.storage.mongo import Collection, Database, Document, IndexModel, MongoError, UpdateOne, Write
from shared.runtime.timekeeping.wall_clock import real_now

log = structlog.get_logger()

PAGE = 256
ROUNDS_MAX = 100
LOOK_SECONDS = 600.0
EVERY = timedelta(days=1)
INDEXES = (
    IndexModel([("confidential", 1), ("_id", 1)], name="confidential", partialFilterExpression={"confidential": True}),
)


class KeysMissingError(RuntimeError):
    """The database has keys of a generation that the folder does not have: it is another folder, or it was lost."""


class KeyRotation:
    """Looks after the generations. ``generations`` (the collection): each with its mark, and whether it is to go."""

    def __init__(self, database: Database, vault: Vault, keys: MasterKeys) -> None:
        self._record: Collection = database.collection("generations")
        self._stored: tuple[tuple[Collection, str, Document], ...] = (
            (database.collection("reporters"), "key", {"key": {"$exists": True}}),
            (database.collection("reports"), "sealed.key", {"confidential": True}),
        )
        self._vault = vault
        self._keys = keys
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        """The first generation is made. Raises ``KeysMissingError`` rather than begin a second folder."""
        known = {row["_id"]: row for row in await self._record.find({"destroyed_at": None}, limit=PAGE)}
        if not known and not self._keys.numbers():
            self._keys.make()
        for number, row in known.items():
            if self._mark(number) != row["mark"]:
                raise KeysMissingError(
                    f"persons are sealed under master key {number}, which is not in the keys' folder: give every "
                    "intake process the folder that WHISTLE_KEYS means (if it is lost: docs/how-to/backup.md)"
                )
        for number in self._keys.numbers():
            if number not in known:
                await self._note(number)

    async def _note(self, number: int) -> None:
        fields = {"mark": self._mark(number), "made_at": real_now(), "destroyed_at": None}
        await self._record.update({"_id": number}, {"$setOnInsert": fields}, upsert=True)

    def _mark(self, number: int) -> str | None:
        """Tells one key from another and says nothing of either."""
        key = self._keys.key(number)
        return None if key is None else hashlib.sha256(b"whistle generation\n" + key).hexdigest()[:16]

    async def request(self) -> None:
        """Something was erased: the newest generation is to go."""
        await self._record.update({"_id": self._keys.newest()}, {"$set": {"owed": True}})

    async def run(self) -> None:
        """For ever: what was begun is ended, what is owed is done within a day."""
        while True:
            try:
                if await self._is_time():
                    await self.rotate()
            except (MongoError, TimeoutError, OSError) as error:
                log.warning("keys.not_rotated", error=str(error), kind=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    async def _is_time(self) -> bool:
        if len(self._keys.numbers()) > 1:
            return True
        newest = await self._record.find_one({"_id": self._keys.newest()})
        return newest is not None and bool(newest.get("owed")) and newest["made_at"] <= real_now() - EVERY

    async def rotate(self) -> dict[str, Any]:
        """All living keys under a new generation, the older ones destroyed; which, and how many keys were wrapped."""
        async with self._turn:
            newest = self._keys.make()
            await self._note(newest)
            rewrapped = 0
            for _ in range(ROUNDS_MAX):
                found = sum([await self._round(newest, *stored) for stored in self._stored])
                rewrapped += found
                if not found:
                    break
            else:
                raise TimeoutError("keys are written under an old generation all the time")
            old = [number for number in self._keys.numbers() if number < newest]
            await self._record.write([UpdateOne({"_id": n}, {"$set": {"destroyed_at": real_now()}}) for n in old])
            for number in old:
                self._keys.destroy(number)
            log.info("keys.rotated", generation=newest, rewrapped=rewrapped, destroyed=old)
            return {"generation": newest, "rewrapped": rewrapped, "destroyed": old}

    async def _round(self, newest: int, collection: Collection, field: str, where: Document) -> int:
        """Once over all stored keys; how many were of an older generation."""
        last, found = "", 0
        while page := await collection.find({**where, "_id": {"$gt": last}}, {field: 1}, sort=[("_id", 1)], limit=PAGE):
            last = page[-1]["_id"]
            writes = [write for row in page if (write := self._write(newest, field, row)) is not None]
            found += len(writes)
            if writes:
                await collection.write(writes)
        return found

    def _write(self, newest: int, field: str, row: Document) -> Write | None:
        """What does not open any more is left as it is: there is nothing to lose."""
        wrapped = _at(row, field)
        if wrapped is None or generation_of(wrapped) >= newest:
            return None
        try:
            again = self._vault.rewrapped(row["_id"], wrapped)
        except BrokenSeal:
            return None
        return UpdateOne({"_id": row["_id"], field: wrapped}, {"$set": {field: again}})

    async def rewrap_persons(self, persons: Sequence[str], under: int) -> None:
        """Rows were written whose keys ``under`` wrapped. If there is a newer generation by now, they are wrapped anew:
        whoever rotates may have passed them already."""
        reporters, field, _ = self._stored[0]
        while (newest := self._keys.newest()) != under:
            rows = await reporters.find({"_id": {"$in": list(persons)}}, {field: 1}, limit=len(persons))
            writes = [write for row in rows if (write := self._write(newest, field, row)) is not None]
            if writes:
                await reporters.write(writes)
            under = newest

    async def rewrap_reports(self, sealed: Sequence[Submission]) -> None:
        """As ``rewrap_persons`` for confidential reports, new or sent again. One that was stored by an earlier attempt
        whose generation is gone gets the same words anew."""
        if not sealed:
            return
        reports, field, _ = self._stored[1]
        by_id = {report.id: report for report in sealed}
        names = {field: 1, "fingerprint": 1}
        newest = self._keys.newest()
        for row in await reports.find({"_id": {"$in": list(by_id)}}, names, limit=len(by_id)):
            report, wrapped = by_id[row["_id"]], _at(row, field)
            if wrapped is None or report.sealed is None or row["fingerprint"] not in report.fingerprints:
                continue
            ours = self._vault.rewrapped(report.id, report.sealed.key)
            fields: Document = {"sealed.key": ours, "sealed.words": report.sealed.words}
            if self._vault.opens(report.id, wrapped):
                if generation_of(wrapped) >= newest:
                    continue
                fields = {"sealed.key": self._vault.rewrapped(report.id, wrapped)}
            await reports.write([UpdateOne({"_id": report.id, field: wrapped}, {"$set": fields})])


def _at(row: Document, field: str) -> bytes | None:
    value: Any = row
    for name in field.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return bytes(value) if value is not None else None
