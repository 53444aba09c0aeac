"""Rotation of master keys: every stored key is wrapped by a new generation, then the old generation is destroyed.

The order lets a process end anywhere without losing a key: the new generation is made durable; every stored key is
wrapped by it, page by page, each write guarded, until a whole round finds none of an older generation; it is recorded
that the old one is destroyed; its file is destroyed. A process that wrote under the old generation meanwhile wraps what
it wrote again, after the write was acknowledged and before anybody is answered (``rewrap_persons`` and
``rewrap_reports``).

It happens within a day after an erasure, or at once when operations ask for it.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec
import structlog

from services.intake.domain.submission import Submission
from services.intake.privacy.key_records import (
    SEALED_REPORT_FIELDS,
    GenerationRecord,
    WrappedKey,
    generation_fields,
    generation_from_doc,
    sealed_report_from_doc,
    wrapped_from_doc,
)
from services.intake.privacy.master_keys import MasterKeys
from services.intake.privacy.sealing import BrokenSeal, Vault, generation_of
from shared.runtime.periodic import STORE_ERRORS, every
from shared.runtime.storage.mongo import Collection, Database, Document, IndexModel, UpdateOne, Write
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


@dataclass(frozen=True, slots=True)
class _Keys:
    """Where wrapped keys are stored: at ``field`` of the documents of ``collection`` that ``where`` selects."""

    collection: Collection
    field: str
    where: Document


class RotationResult(msgspec.Struct, frozen=True):
    """What a rotation did: the new generation, how many keys it wrapped, and the generations that were destroyed."""

    generation: int
    rewrapped: int
    destroyed: list[int]


class KeyRotation:
    """Makes and destroys generations of master keys. The collection ``generations`` records each."""

    def __init__(self, database: Database, vault: Vault, keys: MasterKeys) -> None:
        self._record: Collection = database.collection("generations")
        self._persons = _Keys(database.collection("reporters"), "key", {"key": {"$exists": True}})
        self._reports = _Keys(database.collection("reports"), "sealed.key", {"confidential": True})
        self._vault = vault
        self._keys = keys
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        """Make the first generation. Raises ``KeysMissingError`` where the folder is not the one of this database."""
        found = await self._record.find({"destroyed_at": None}, limit=PAGE)
        known = {generation.id: generation for generation in map(generation_from_doc, found)}
        if not known and not self._keys.numbers():
            self._keys.make()
        for number, generation in known.items():
            if self._mark(number) != generation.mark:
                raise KeysMissingError(
                    f"persons are sealed under master key {number}, which is not in the keys' folder: give every "
                    "intake process the folder that WHISTLE_KEYS means (if it is lost: docs/how-to/backup.md)"
                )
        for number in self._keys.numbers():
            if number not in known:
                await self._note(number)

    async def _note(self, number: int) -> None:
        generation = GenerationRecord(id=number, mark=self._mark(number), made_at=real_now())
        await self._record.update({"_id": number}, {"$setOnInsert": generation_fields(generation)}, upsert=True)

    def _mark(self, number: int) -> str | None:
        """Tells one key from another and says nothing of either."""
        key = self._keys.key(number)
        return None if key is None else hashlib.sha256(b"whistle generation\n" + key).hexdigest()[:16]

    async def request(self) -> None:
        """Something was erased: the newest generation is to be destroyed within a day."""
        await self._record.update({"_id": self._keys.newest()}, {"$set": {"owed": True}})

    async def run(self) -> None:
        """Look every ten minutes until the service stops: end what was begun, and rotate when it is due."""

        async def look() -> None:
            if await self._is_time():
                await self.rotate()

        await every(LOOK_SECONDS, look, "key-rotation", outages=(*STORE_ERRORS, OSError))

    async def _is_time(self) -> bool:
        """Whether a rotation was begun and not ended, or one was requested and the generation is a day old."""
        if len(self._keys.numbers()) > 1:
            return True
        found = await self._record.find_one({"_id": self._keys.newest()})
        newest = generation_from_doc(found) if found is not None else None
        return newest is not None and newest.owed and newest.made_at <= real_now() - EVERY

    async def rotate(self) -> RotationResult:
        """Wrap all stored keys by a new generation and destroy the older ones."""
        async with self._turn:
            newest = self._keys.make()
            await self._note(newest)
            rewrapped = 0
            for _ in range(ROUNDS_MAX):
                found = sum([await self._round(newest, stored) for stored in (self._persons, self._reports)])
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
            return RotationResult(newest, rewrapped, old)

    async def _round(self, newest: int, keys: _Keys) -> int:
        """Once over all stored keys of one kind; how many were of an older generation."""
        last, found = "", 0
        while page := await keys.collection.find(
            {**keys.where, "_id": {"$gt": last}}, {keys.field: 1}, sort=[("_id", 1)], limit=PAGE
        ):
            last = page[-1]["_id"]
            found += await self._rewrap(newest, keys, page)
        return found

    async def _rewrap(self, newest: int, keys: _Keys, rows: Sequence[Document]) -> int:
        """Wrap those keys of ``rows`` again that an older generation wrapped; how many."""
        wrapped = [key for row in rows if (key := wrapped_from_doc(row, keys.field)) is not None]
        writes = [write for key in wrapped if (write := self._write(newest, keys.field, key)) is not None]
        if writes:
            await keys.collection.write(writes)
        return len(writes)

    def _write(self, newest: int, field: str, key: WrappedKey) -> Write | None:
        """None for a key of the newest generation, and for one that does not open: nothing can be lost of that."""
        if generation_of(key.wrapped) >= newest:
            return None
        try:
            again = self._vault.rewrapped(key.owner, key.wrapped)
        except BrokenSeal:
            return None
        return UpdateOne({"_id": key.owner, field: key.wrapped}, {"$set": {field: again}})

    async def rewrap_persons(self, persons: Sequence[str], under: int) -> None:
        """Rows of ``persons`` were written with keys wrapped by generation ``under``. If there is a newer one by now,
        wrap them again: the rotation may have passed these rows before they were written."""
        keys = self._persons
        while (newest := self._keys.newest()) != under:
            where = {"_id": {"$in": list(persons)}}
            rows = await keys.collection.find(where, {keys.field: 1}, limit=len(persons))
            await self._rewrap(newest, keys, rows)
            under = newest

    async def rewrap_reports(self, sealed: Sequence[Submission]) -> None:
        """As ``rewrap_persons`` for confidential reports that were stored, or sent again.

        Where an earlier attempt stored the report under a generation that is destroyed by now, it gets the same words
        sealed anew.
        """
        if not sealed:
            return
        collection, field = self._reports.collection, self._reports.field
        by_id = {report.id: report for report in sealed}
        newest = self._keys.newest()
        for row in await collection.find({"_id": {"$in": list(by_id)}}, SEALED_REPORT_FIELDS, limit=len(by_id)):
            stored = sealed_report_from_doc(row)
            report = by_id[stored.id]
            if stored.sealed is None or report.sealed is None or stored.fingerprint not in report.fingerprints:
                continue
            wrapped = stored.sealed.key
            ours = self._vault.rewrapped(report.id, report.sealed.key)
            fields: Document = {"sealed.key": ours, "sealed.words": report.sealed.words}
            if self._vault.opens(report.id, wrapped):
                if generation_of(wrapped) >= newest:
                    continue
                fields = {"sealed.key": self._vault.rewrapped(report.id, wrapped)}
            await collection.write([UpdateOne({"_id": report.id, field: wrapped}, {"$set": fields})])
