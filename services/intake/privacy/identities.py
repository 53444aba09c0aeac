"""Who reported: the one place where names, telephone numbers and apps' own references lie, each person's under a key.

Everything else knows a pseudonym. Erasing deletes key and data and leaves a mark, so that a report that is sent again
under its old key does not bring the person back; a new report does. What else remembers the row (oplog, journal,
backups) opens no more once the generation of master keys that wrapped it is destroyed (``key_rotation``).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog

from services.intake.domain.submission import Submission
from services.intake.privacy.key_rotation import KeyRotation
from services.intake.privacy.sealing import BrokenSeal, Vault
from shared.runtime.storage.mongo import Collection, Database, Document, IndexModel, UpdateOne, Write
from shared.runtime.timekeeping.wall_clock import real_now

log = structlog.get_logger()

PAGE = 256
SEEN_EVERY = timedelta(days=1)
"""How exactly it is known when a person last reported."""
INDEXES = (IndexModel([("seen_at", 1)], name="seen", sparse=True),)


class Person(msgspec.Struct, frozen=True):
    """A reporter's personal data as sent: ``ref`` and, if given, ``name`` and ``phone``."""

    id: str
    city: str
    app: str
    data: Mapping[str, str]


class Identities:
    """The ``reporters`` of intake."""

    def __init__(self, database: Database, vault: Vault, rotation: KeyRotation | None = None) -> None:
        self.reporters: Collection = database.collection("reporters")
        self._before: Collection = database.collection("persons")
        self._vault = vault
        self._rotation = rotation

    async def open(self) -> None:
        """What an older version kept in plain is taken over and deleted."""
        while plain := await self._before.find({}, limit=PAGE):
            names = ("ref", "name", "phone")
            await self.keep(
                [Person(d["_id"], d["city"], d["app"], {n: d[n] for n in names if d.get(n)}) for d in plain]
            )
            await self._before.delete({"_id": {"$in": [document["_id"] for document in plain]}})

    async def keep(self, persons: Sequence[Person]) -> frozenset[str]:
        """Durable when this returns; the ids of those that were erased, and so were not kept.

        Most people send the same every time: that is one look and no write.
        """
        known = await self._known([person.id for person in persons])
        now, under = real_now(), self._vault.newest
        writes: list[Write] = []
        for person in _merged(persons):
            document = known.get(person.id)
            if document is None:
                fields = self._sealed(person, now)
                writes.append(UpdateOne({"_id": person.id}, {"$setOnInsert": fields}, upsert=True))
            elif "key" in document:
                writes += self._changed(person, document, now)
        if writes:
            await self.reporters.write(writes)
            await self._rewrap_persons(persons, under)
        return frozenset(id_ for id_, document in known.items() if "key" not in document)

    async def _rewrap_persons(self, persons: Sequence[Person], under: int) -> None:
        if self._rotation is not None:
            await self._rotation.rewrap_persons([person.id for person in persons], under)

    async def rewrap_reports(self, sealed: Sequence[Submission]) -> None:
        """Confidential reports were stored: their keys outlive the master key that wrapped them."""
        if self._rotation is not None:
            await self._rotation.rewrap_reports(sealed)

    def _changed(self, person: Person, document: Document, now: datetime) -> list[Write]:
        """A name or number that is new is added to what was known; the guard lets an erasure meanwhile win."""
        where = {"_id": person.id, "digest": document["digest"]}
        digest, before = self._unsealed(document)
        both = {**before, **person.data}
        if digest != document["digest"] or before != both:
            return [UpdateOne(where, {"$set": self._sealed(msgspec.structs.replace(person, data=both), now)})]
        seen_lately = now - document["seen_at"] < SEEN_EVERY
        return [] if seen_lately else [UpdateOne(where, {"$set": {"seen_at": now}})]

    def _unsealed(self, document: Document) -> tuple[str, dict[str, str]]:
        """Digest under the person's own key, and data; what does not open is made anew rather than hold up reports."""
        try:
            key = self._vault.key(document["_id"], document["key"])
            found: Any = key.open(document["sealed"])
            return key.digest(found), dict(found)
        except BrokenSeal:
            log.error("reporter.unreadable", reporter=document["_id"])
            return "", {}

    def _sealed(self, person: Person, now: datetime) -> Document:
        """Under a fresh key. The digest is keyed with it too: after an erasure nobody can try numbers against it."""
        key = self._vault.new_key(person.id)
        return {
            "city": person.city,
            "app": person.app,
            "key": key.wrapped,
            "sealed": key.seal(person.data),
            "digest": key.digest(person.data),
            "seen_at": now,
        }

    async def restore(self, persons: Sequence[Person]) -> None:
        """Somebody who was erased has reported anew: kept again."""
        now, under = real_now(), self._vault.newest
        await self.reporters.write(
            [
                UpdateOne(
                    {"_id": person.id, "erased_at": {"$exists": True}},
                    {"$set": self._sealed(person, now), "$unset": {"erased_at": 1}},
                )
                for person in _merged(persons)
            ]
        )
        await self._rewrap_persons(persons, under)

    async def erase(self, id_: str, why: str) -> bool:
        """Delete key and data; False when nothing was kept of that person. Doing it again changes nothing."""
        gone = {"$unset": {"key": 1, "sealed": 1, "digest": 1, "seen_at": 1}, "$set": {"erased_at": real_now()}}
        erased = bool(await self.reporters.update({"_id": id_, "key": {"$exists": True}}, gone))
        if erased:
            await self.request_rotation()
            log.info("reporter.erased", reporter=id_, why=why)
        return erased

    async def request_rotation(self) -> None:
        """Something went that was sealed: the master key that wrapped it is to go too."""
        if self._rotation is not None:
            await self._rotation.request()

    async def known(self, ids: Sequence[str]) -> dict[str, dict[str, str]]:
        """Personal data by pseudonym, of those that are kept."""
        found = await self._known(ids)
        return {id_: self._unsealed(document)[1] for id_, document in found.items() if "key" in document}

    async def _known(self, ids: Sequence[str]) -> dict[str, Document]:
        found = await self.reporters.find({"_id": {"$in": list(ids)}}, limit=len(ids)) if ids else []
        return {document["_id"]: document for document in found}


def _merged(persons: Sequence[Person]) -> list[Person]:
    """Each person once: what was sent later holds."""
    merged: dict[str, Person] = {}
    for person in persons:
        before = merged.get(person.id)
        merged[person.id] = (
            person if before is None else msgspec.structs.replace(person, data={**before.data, **person.data})
        )
    return list(merged.values())
