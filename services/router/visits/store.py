"""Visits in MongoDB: one document each, changed by updates guarded by its version, which also add its events."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import msgspec

from services.router.domain.visits.visit import Visit
from shared.contracts import visits as contract
from shared.contracts.catalogue import encode
from shared.contracts.envelope import Envelope
from shared.kernel.ids import Ids, event_id
from shared.runtime.kafka.outbox_relay import as_pending
from shared.runtime.observability.trace_id import new_trace
from shared.runtime.storage.mongo import Collection, Database, Document, IndexModel
from shared.runtime.timekeeping.wall_clock import real_now

INDEXES = (
    IndexModel([("slot", 1)], name="slot", unique=True, sparse=True),
    IndexModel([("city", 1), ("seen_by", 1), ("at", 1), ("_id", 1)], name="seen"),
    IndexModel([("city", 1), ("place", 1), ("at", 1)], name="place"),
    IndexModel([("campaign", 1), ("at", 1), ("_id", 1)], name="campaign", sparse=True),
    IndexModel([("remind_at", 1)], name="remind_at", sparse=True),
    IndexModel([("untold", 1)], name="untold", sparse=True),
)
_FIELDS = frozenset(field.name for field in fields(Visit))


class VisitStore:
    """The ``visits`` collection of the router."""

    def __init__(self, database: Database, ids: Ids) -> None:
        self._ids = ids
        self.visits: Collection = database.collection("visits")

    async def plan(
        self, planned: Sequence[tuple[Visit, list[str]]], trace: str, *, wordless: bool = False
    ) -> list[Visit | None]:
        """Inserts visits, each with who sees it. Returns each as stored now or before; None: another has its slot.
        ``wordless``: they are for a case of which no word leaves.

        Raises ``TimeoutError`` when it is unknown whether a majority has them.
        """
        documents = [_new_doc(visit, seen_by, trace, wordless=wordless) for visit, seen_by in planned]
        there = await self.visits.insert_each(documents, "visits")
        again = [planned[n][0].id for n in there]
        known = {d["_id"]: from_doc(d) for d in await self.visits.find({"_id": {"$in": again}}, limit=len(again))}
        return [known.get(visit.id) if number in there else visit for number, (visit, _) in enumerate(planned)]

    async def get(self, city: str, id_: str, unit: str | None) -> tuple[Visit, str | None] | None:
        """A visit that ``unit`` sees (None: ops), and the key under which it ended."""
        where: Document = {"_id": id_, "city": city}
        if unit is not None:
            where["seen_by"] = unit
        document = await self.visits.find_one(where)
        return (from_doc(document), document.get("key")) if document is not None else None

    async def save(self, visit: Visit, key: str, trace: str, *, wordless: bool = False) -> bool:
        """Stores the visit's next version, made under ``key``; False when it was changed meanwhile."""
        document = {name: value for name, value in _plain(visit).items() if name not in ("id", "remind_at")}
        document["key"] = key
        update: dict[str, Any] = {
            "$set": document,
            "$push": {"pending": {"$each": as_pending([event(visit, trace, wordless=wordless)])}},
            "$min": {"outbox.lane": 1, "outbox.since": real_now()},
            "$unset": {"remind_at": 1, **({"slot": 1} if visit.slot is None else {})},
        }
        if visit.case is not None:
            update["$push"]["untold"] = {"$each": [visit.version]}
        return bool(await self.visits.update({"_id": visit.id, "version": visit.version - 1}, update))

    async def to_remind(self, now: datetime, limit: int) -> list[Visit]:
        """Visits whose reminder is due, the longest waiting first."""
        found = await self.visits.find({"remind_at": {"$lte": now}}, sort=[("remind_at", 1)], limit=limit)
        return [from_doc(document) for document in found]

    async def reminded(self, visit: Visit, now: datetime, *, tells: bool, wordless: bool = False) -> bool:
        """Removes ``remind_at`` and, if it ``tells``, adds the reminder's event; False if another process was first."""
        update: dict[str, Any] = {"$unset": {"remind_at": 1}}
        if tells:
            reminder = event(visit, new_trace(self._ids), reminds_at=now, wordless=wordless)
            update["$push"] = {"pending": {"$each": as_pending([reminder])}}
            update["$min"] = {"outbox.lane": 1, "outbox.since": real_now()}
        where = {"_id": visit.id, "version": visit.version, "remind_at": visit.remind_at}
        return bool(await self.visits.update(where, update))

    async def with_untold_versions(self, limit: int) -> list[tuple[Visit, list[int]]]:
        """Visits with versions that have no line in their case yet; those versions in order."""
        found = await self.visits.find({"untold": {"$gte": 1}}, limit=limit)
        return [(from_doc(document), sorted(document["untold"])) for document in found]

    async def mark_told(self, id_: str, version: int) -> None:
        """Stores that the case has its line of that version."""
        await self.visits.update({"_id": id_}, {"$pull": {"untold": version}})

    async def page(self, where: Document, limit: int) -> list[Document]:
        return await self.visits.find(where, sort=[("at", 1), ("_id", 1)], limit=limit)


def from_doc(document: Document) -> Visit:
    """The visit that was stored; fields that only queries need are left out."""
    plain = {name: value for name, value in document.items() if name in _FIELDS}
    return msgspec.convert({**plain, "id": document["_id"]}, Visit)


def event(visit: Visit, trace: str, *, reminds_at: datetime | None = None, wordless: bool = False) -> Envelope:
    """The event of the newest version of ``visit``, or with ``reminds_at`` its reminder. Invited units are alerted when
    it is planned, on its day, and when it is called off. ``wordless``: without its place, which is that of a case of
    which no word leaves; those invited read it on the visit."""
    by, at = (visit.planned_by, visit.planned_at) if visit.version == 1 else (visit.ended_by, visit.ended_at)
    if reminds_at is not None:
        by, at = None, reminds_at
    return Envelope(
        id=event_id(visit.id, visit.version, 0 if reminds_at is None else 1),
        type=f"visit.{visit.state if reminds_at is None else 'reminded'}.v1",
        topic=contract.TOPIC,
        key=visit.id,
        subject=visit.id,
        city=visit.city,
        sequence=visit.version,
        time=at or visit.planned_at,
        trace=trace,
        data=encode(
            contract.VisitEvent(
                visit=visit.id,
                city=visit.city,
                version=visit.version,
                kind=visit.kind,
                state=visit.state,
                unit=visit.unit,
                place="" if wordless else visit.place,
                at=visit.at,
                invited=list(visit.invited),
                pack_version=visit.pack_version,
                came=list(visit.came),
                case=visit.case,
                campaign=visit.campaign,
                by=by,
                tell=[] if visit.state == "held" else list(visit.invited),
            )
        ),
    )


def _new_doc(visit: Visit, seen_by: list[str], trace: str, *, wordless: bool) -> Document:
    document = {name: value for name, value in _plain(visit).items() if value is not None}
    document["_id"] = document.pop("id")
    return {
        **document,
        **({"untold": [visit.version]} if visit.case is not None else {}),
        "slot": visit.slot,
        "seen_by": seen_by,
        "pending": as_pending([event(visit, trace, wordless=wordless)]),
        "outbox": {"lane": 1, "since": real_now()},
    }


def _plain(visit: Visit) -> Document:
    plain: Document = msgspec.to_builtins(visit, builtin_types=(datetime,))
    return plain
