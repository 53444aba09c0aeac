"""A local copy of swaps and leave, from the router's events: alerts find who is on duty as of an event's time."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from services.notifier.city_cache import INDEX, CityCache, stamped
from shared.city.people.on_duty import NO_CHANGES
from shared.city.people.rota import RotaChange, RotaChanges
from shared.contracts import rota as contract
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from shared.runtime.kafka.duplicate_metrics import count_duplicates
from shared.runtime.storage.mongo import Database, Document

INDEXES = (INDEX,)


class RotaProjection:
    """The ``rota_changes`` collection, each change stored once, with each city's changes in memory."""

    def __init__(self, database: Database) -> None:
        self.cache: CityCache[RotaChanges] = CityCache(
            database.collection("rota_changes"),
            lambda rows: RotaChanges(from_doc(row).change for row in rows),
            NO_CHANGES,
        )

    def changes(self, city: str) -> RotaChanges:
        """The swaps and leave of ``city`` since its pack was written."""
        return self.cache.get(city)

    async def handle(self, events: Sequence[Envelope]) -> None:
        """A batch of events of the rota. Raises ``TimeoutError`` when it is unknown whether a majority has them."""
        rows = [stamped(to_doc(_from_event(event))) for event in events]
        count_duplicates("rota_changes", len(await self.cache.rows.insert_each(rows, "changes of the rota")))
        await self.cache.refresh()


class StoredRotaChange(msgspec.Struct, frozen=True, kw_only=True, rename={"id": "_id"}):
    """A document of ``rota_changes``, without ``stored_at``, which the store adds."""

    id: str
    city: str
    change: RotaChange


def to_doc(stored: StoredRotaChange) -> Document:
    document: Document = msgspec.to_builtins(stored, builtin_types=(datetime,))
    return document


def from_doc(document: Document) -> StoredRotaChange:
    """The change that ``to_doc`` stored; fields of a newer version are ignored."""
    return msgspec.convert(document, StoredRotaChange)


def _from_event(event: Envelope) -> StoredRotaChange:
    if event.type == "rota.shift_swapped.v1":
        swap = decode(event, contract.ShiftSwapped)
        change = RotaChange(
            kind="swap", person=swap.person, by=swap.by, on=swap.on, in_return=swap.in_return, since=swap.since
        )
    else:
        leave = decode(event, contract.LeaveTaken)
        change = RotaChange(kind="leave", person=leave.person, start=leave.start, until=leave.until, since=leave.since)
    return StoredRotaChange(id=event.subject, city=event.city, change=change)
