"""Visits in MongoDB: one document each, changed under its version, its events with it."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import msgspec

from services.router.domain.visit import Visit
from shared.contracts import visits as contract
from shared.contracts.catalogue import encode
from shared.contracts.envelope import Envelope
from shared.kernel.ids import event_id
from shared.runtime.mongo import Collection, Database, Document, IndexModel
from shared.runtime.relay import as_pending, real_now

INDEXES = (
    IndexModel([("slot", 1)], name="slot", unique=True, sparse=True),
    IndexModel([("city", 1), ("seen_by", 1), ("at", 1), ("_id", 1)], name="seen"),
    IndexModel([("city", 1), ("place", 1), ("at", 1)], name="place"),
    IndexModel([("campaign", 1), ("at", 1), ("_id", 1)], name="campaign", sparse=True),
)
_FIELDS = frozenset(field.name for field in fields(Visit))


class VisitStore:
    """The ``visits`` collection of the router."""

    def __init__(self, database: Database) -> None:
        self.visits: Collection = database.collection("visits")

    async def plan(self, planned: Sequence[tuple[Visit, list[str]]], trace: str) -> list[Visit | None]:
        """Insert visits with who sees them. Of each the visit as stored, now or before; None: another has its slot.

        Raises ``TimeoutError`` when it is unknown whether a majority has them.
        """
        inserted = await self.visits.insert_all([_new_doc(visit, seen_by, trace) for visit, seen_by in planned])
        if inserted.failed:
            raise TimeoutError("visits were not stored by a majority")
        again = [planned[n][0].id for n in inserted.duplicate]
        known = {d["_id"]: from_doc(d) for d in await self.visits.find({"_id": {"$in": again}}, limit=len(again))}
        return [
            known.get(visit.id) if number in inserted.duplicate else visit for number, (visit, _) in enumerate(planned)
        ]

    async def get(self, city: str, id_: str, unit: str | None) -> tuple[Visit, str | None] | None:
        """A visit that ``unit`` sees (None: ops), and the key under which it ended."""
        where: Document = {"_id": id_, "city": city}
        if unit is not None:
            where["seen_by"] = unit
        document = await self.visits.find_one(where)
        return (from_doc(document), document.get("key")) if document is not None else None

    async def save(self, visit: Visit, key: str, trace: str) -> bool:
        """The visit's next version, made under ``key``; False when it moved on meanwhile."""
        document = {**_plain(visit), "key": key}
        document.pop("id")
        update: dict[str, Any] = {
            "$set": document,
            "$push": {"pending": {"$each": as_pending([event(visit, trace)])}},
            "$min": {"outbox.lane": 1, "outbox.since": real_now()},
        }
        if visit.slot is None:
            update["$unset"] = {"slot": 1}
        return bool(await self.visits.update({"_id": visit.id, "version": visit.version - 1}, update))

    async def page(self, where: Document, limit: int) -> list[Document]:
        return await self.visits.find(where, sort=[("at", 1), ("_id", 1)], limit=limit)


def from_doc(document: Document) -> Visit:
    """The visit that was stored; what only queries need is passed over."""
    plain = {name: value for name, value in document.items() if name in _FIELDS}
    return msgspec.convert({**plain, "id": document["_id"]}, Visit)


def event(visit: Visit, trace: str) -> Envelope:
    """What the newest version of ``visit`` tells. Who is invited hears that it is planned, and that it is off."""
    by, at = (visit.planned_by, visit.planned_at) if visit.version == 1 else (visit.ended_by, visit.ended_at)
    return Envelope(
        id=event_id(visit.id, visit.version, 0),
        type=f"visit.{visit.state}.v1",
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
                place=visit.place,
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


def _new_doc(visit: Visit, seen_by: list[str], trace: str) -> Document:
    document = {name: value for name, value in _plain(visit).items() if value is not None}
    document["_id"] = document.pop("id")
    return {
        **document,
        "slot": visit.slot,
        "seen_by": seen_by,
        "pending": as_pending([event(visit, trace)]),
        "outbox": {"lane": 1, "since": real_now()},
    }


def _plain(visit: Visit) -> Document:
    plain: Document = msgspec.to_builtins(visit, builtin_types=(datetime,))
    return plain
