"""Swaps and leave as the router tells them, so that alerts find people as of an event's time."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from services.notifier.city_cache import INDEX, Kept, stamped
from shared.city.people.on_duty import NONE_SINCE
from shared.city.people.rota import Change, Changes
from shared.contracts import rota as contract
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from shared.runtime.kafka.duplicates import count_duplicates
from shared.runtime.storage.mongo import Database, Document

INDEXES = (INDEX,)


class Decided:
    """The ``rota_changes`` of the notifier: facts, each stored once."""

    def __init__(self, database: Database) -> None:
        self.kept: Kept[Changes] = Kept(database.collection("rota_changes"), _changes, NONE_SINCE)

    def of(self, city: str) -> Changes:
        """What was decided in ``city`` since its pack was written."""
        return self.kept.of(city)

    async def handle(self, events: Sequence[Envelope]) -> None:
        """A batch of events of the rota."""
        rows = [stamped(_row(event)) for event in events]
        count_duplicates("rota_changes", len(await self.kept.rows.insert_each(rows, "changes of the rota")))
        await self.kept.look()


def _row(event: Envelope) -> Document:
    if event.type == "rota.shift_swapped.v1":
        swap = decode(event, contract.ShiftSwapped)
        change = Change(
            kind="swap", person=swap.person, by=swap.by, on=swap.on, in_return=swap.in_return, since=swap.since
        )
    else:
        leave = decode(event, contract.LeaveTaken)
        change = Change(kind="leave", person=leave.person, start=leave.start, until=leave.until, since=leave.since)
    return {
        "_id": event.subject,
        "city": event.city,
        "change": msgspec.to_builtins(change, builtin_types=(datetime,)),
    }


def _changes(rows: Sequence[Document]) -> Changes:
    return Changes(msgspec.convert(row["change"], Change) for row in rows)
