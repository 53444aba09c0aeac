"""Who reported: the one place where names, telephone numbers and apps' own references are stored, each person's sealed
under a key of the person's own.

All other data contains only a pseudonym. Erasing deletes key and data and leaves a mark, so that a report that is sent
again under its old idempotency key does not bring the person back; a new report does. Copies of the row in the oplog,
the journal and backups cannot be opened once the master key that wrapped its key is destroyed (``key_rotation``).
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
import structlog

from services.intake.domain.submission import Submission
from services.intake.privacy.key_rotation import KeyRotation
from services.intake.privacy.reporter_record import (
    PlainPerson,
    ReporterRecord,
    from_doc,
    plain_from_doc,
    to_fields,
)
from services.intake.privacy.sealing import BrokenSeal, Vault
from shared.runtime.storage.mongo import Collection, Database, IndexModel, UpdateOne, Write
from shared.runtime.timekeeping.wall_clock import real_now

log = structlog.get_logger()

PAGE = 256
SEEN_EVERY = timedelta(days=1)
"""``seen_at`` is written at most once in so long: most reports of a known person write nothing."""
INDEXES = (
    IndexModel([("seen_at", 1)], name="seen", sparse=True),
    IndexModel(
        [("city", 1), ("ending", 1), ("seen_at", -1)],
        name="ending",
        partialFilterExpression={"ending": {"$type": "string"}},
    ),
)
ENDING = 4
DIGITS_MIN = 7
"""Of a telephone number whose ending is kept."""


class Person(msgspec.Struct, frozen=True):
    """A reporter's personal data as sent: ``ref`` and, if given, ``name`` and ``phone``."""

    id: str
    city: str
    app: str
    data: Mapping[str, str]


class Identities:
    """The collection ``reporters``."""

    def __init__(self, database: Database, vault: Vault, rotation: KeyRotation | None = None) -> None:
        self.reporters: Collection = database.collection("reporters")
        self._before: Collection = database.collection("persons")
        self._vault = vault
        self._rotation = rotation

    async def open(self) -> None:
        """Seal what an older version stored in plain, and delete it there."""
        while page := await self._before.find({}, limit=PAGE):
            plain = [plain_from_doc(document) for document in page]
            await self.keep([_person(one) for one in plain])
            await self._before.delete({"_id": {"$in": [one.id for one in plain]}})

    async def keep(self, persons: Sequence[Person]) -> frozenset[str]:
        """Store personal data; the ids of those who were erased, and so were not stored. Durable when this returns.

        Most people send the same every time: that is one read and no write.
        """
        known = await self._known([person.id for person in persons])
        now, under = real_now(), self._vault.newest
        writes: list[Write] = []
        for person in _merged(persons):
            record = known.get(person.id)
            if record is None:
                fields = to_fields(self._sealed(person, now))
                writes.append(UpdateOne({"_id": person.id}, {"$setOnInsert": fields}, upsert=True))
            elif record.key is not None:
                writes += self._changed(person, record, now)
        if writes:
            await self.reporters.write(writes)
            await self._rewrap_persons(persons, under)
        return frozenset(id_ for id_, record in known.items() if record.key is None)

    async def _rewrap_persons(self, persons: Sequence[Person], under: int) -> None:
        if self._rotation is not None:
            await self._rotation.rewrap_persons([person.id for person in persons], under)

    async def rewrap_reports(self, sealed: Sequence[Submission]) -> None:
        """Confidential reports were just stored: wraps their keys again if the master key was changed meanwhile."""
        if self._rotation is not None:
            await self._rotation.rewrap_reports(sealed)

    def _changed(self, person: Person, known: ReporterRecord, now: datetime) -> list[Write]:
        """Adds a new name or number to the known data. If the person was erased meanwhile, the guard on ``digest``
        makes the write change nothing."""
        where = {"_id": person.id, "digest": known.digest}
        digest, before = self._unsealed(known)
        both = {**before, **person.data}
        if digest != known.digest or before != both or known.ending != self._ending_of(person.city, both):
            sealed = self._sealed(msgspec.structs.replace(person, data=both), now)
            return [UpdateOne(where, {"$set": to_fields(sealed)})]
        seen_lately = known.seen_at is not None and now - known.seen_at < SEEN_EVERY
        return [] if seen_lately else [UpdateOne(where, {"$set": {"seen_at": now}})]

    def _unsealed(self, known: ReporterRecord) -> tuple[str, dict[str, str]]:
        """The digest, computed again, and the data. A row that cannot be decrypted counts as empty, so that it is
        written again and delays no report."""
        if known.key is None or known.sealed is None:
            return "", {}
        try:
            key = self._vault.key(known.id, known.key)
            data = msgspec.convert(key.open(known.sealed), dict[str, str])
            return key.digest(data), data
        except BrokenSeal:
            log.error("reporter.unreadable", reporter=known.id)
            return "", {}

    def _sealed(self, person: Person, now: datetime) -> ReporterRecord:
        """The row, sealed under a new key. The digest uses it too: after an erasure numbers cannot be tried on it."""
        key = self._vault.new_key(person.id)
        return ReporterRecord(
            id=person.id,
            city=person.city,
            app=person.app,
            key=key.wrapped,
            sealed=key.seal(person.data),
            digest=key.digest(person.data),
            ending=self._ending_of(person.city, person.data),
            seen_at=now,
        )

    def _ending_of(self, city: str, data: Mapping[str, str]) -> str | None:
        digits = "".join(filter(str.isdigit, data.get("phone", "")))
        return self._ending(city, digits[-ENDING:]) if len(digits) >= DIGITS_MIN else None

    def _ending(self, city: str, digits: str) -> str:
        """Keyed with the installation's secret, since four digits alone could be tried."""
        return self._vault.digest("telephone", [city, digits])

    async def restore(self, persons: Sequence[Person]) -> None:
        """Store persons again who were erased and have sent a new report."""
        now, under = real_now(), self._vault.newest
        await self.reporters.write(
            [
                UpdateOne(
                    {"_id": person.id, "erased_at": {"$exists": True}},
                    {"$set": to_fields(self._sealed(person, now)), "$unset": {"erased_at": 1}},
                )
                for person in _merged(persons)
            ]
        )
        await self._rewrap_persons(persons, under)

    async def erase(self, id_: str, why: str) -> bool:
        """Delete key and data; False when nothing was kept of that person. Doing it again changes nothing."""
        gone = {
            "$unset": {"key": 1, "sealed": 1, "digest": 1, "ending": 1, "seen_at": 1},
            "$set": {"erased_at": real_now()},
        }
        erased = bool(await self.reporters.update({"_id": id_, "key": {"$exists": True}}, gone))
        if erased:
            await self.request_rotation()
            log.info("reporter.erased", reporter=id_, why=why)
        return erased

    async def request_rotation(self) -> None:
        """Something sealed was deleted: the master key that wrapped it is to be destroyed too."""
        if self._rotation is not None:
            await self._rotation.request()

    async def known(self, ids: Sequence[str]) -> dict[str, dict[str, str]]:
        """Personal data by pseudonym, of those that are kept."""
        found = await self._known(ids)
        return {id_: self._unsealed(record)[1] for id_, record in found.items() if record.key is not None}

    async def with_telephone(self, ending: str, city: str | None, newest: int) -> tuple[list[ReporterRecord], int]:
        """Those of the ``newest`` seen reporters whose telephone number ends so, and how many were looked through.

        Numbers are sealed, each person's under a key of its own, so every one is opened: in a thread, some 20 µs each.
        """
        where = {"seen_at": {"$exists": True}, **({} if city is None else {"city": city})}
        rows = await self.reporters.find(where, sort=[("seen_at", -1)], limit=newest)
        records = [from_doc(row) for row in rows]

        def ends_so(record: ReporterRecord) -> bool:
            digits = "".join(filter(str.isdigit, self._unsealed(record)[1].get("phone", "")))
            return digits.endswith(ending)

        return await asyncio.to_thread(lambda: [record for record in records if ends_so(record)]), len(records)

    async def ending_so(self, city: str, digits: str, newest: int) -> list[ReporterRecord]:
        """The ``newest`` seen reporters of a city whose telephone number ends with these four digits, by the index."""
        where = {"city": city, "ending": self._ending(city, digits)}
        found = await self.reporters.find(where, sort=[("seen_at", -1)], limit=newest, hint="ending")
        return list(map(from_doc, found))

    async def _known(self, ids: Sequence[str]) -> dict[str, ReporterRecord]:
        found = await self.reporters.find({"_id": {"$in": list(ids)}}, limit=len(ids)) if ids else []
        return {record.id: record for record in map(from_doc, found)}


def _person(plain: PlainPerson) -> Person:
    given = {"ref": plain.ref, "name": plain.name, "phone": plain.phone}
    return Person(plain.id, plain.city, plain.app, {name: value for name, value in given.items() if value})


def _merged(persons: Sequence[Person]) -> list[Person]:
    """Each person once; of several values of a field the one that was sent last."""
    merged: dict[str, Person] = {}
    for person in persons:
        before = merged.get(person.id)
        merged[person.id] = (
            person if before is None else msgspec.structs.replace(person, data={**before.data, **person.data})
        )
    return list(merged.values())
