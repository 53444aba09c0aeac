"""Deliveries on record: who is owed what, whose turn it is, and what became of each attempt.

A delivery is a document with a derived id; ``by`` names the field that holds its receiver. It is ``pending`` until it
is ``delivered``, ``failed`` or ``ended`` (nobody wants it any more); ``next_at`` says when it is due. An attempt is on
record before and after it is made: a crash in between repeats it under the same id.
"""

import asyncio
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from shared.runtime.kafka.duplicates import count_duplicates
from shared.runtime.storage.mongo import Collection, Document, Sort, UpdateOne
from shared.runtime.timekeeping.wall_clock import real_now

LEASE = timedelta(seconds=40)
"""Longer than a page takes: 64 deliveries, 16 at once, 8 s each at the most."""
PAGE = 64
VIEW = ("state", "attempts", "made_at", "next_at", "release_at", "digest", "last_outcome", "last_status", "last_at")


class Deliveries:
    """The deliveries of one collection, due in ``order`` for each receiver."""

    def __init__(self, rows: Collection, by: str, order: Sort = (("next_at", 1),), page: int = PAGE) -> None:
        self.rows = rows
        self._by = by
        self._order = order
        self._page = page
        self.wake = asyncio.Event()
        self.fresh: set[str] = set()
        """Receivers that got something new since a courier looked."""

    async def add(self, documents: Sequence[Document], what: str) -> None:
        """On record, each once. Raises ``TimeoutError`` when a majority has not got them."""
        count_duplicates(what, len(await self.rows.insert_each(documents, what)))
        self.nudge(document[self._by] for document in documents)

    def nudge(self, receivers: Iterable[str]) -> None:
        """Something is due for these."""
        self.fresh.update(receivers)
        self.wake.set()

    async def again(self, delivery: Document) -> None:
        """From the start of its schedule, now."""
        await self.rows.update(
            {"_id": delivery["_id"]}, {"$set": {"state": "pending", "next_at": real_now(), "attempts": 0}}
        )
        self.nudge([delivery[self._by]])

    async def end(self, receiver: str, why: str) -> int:
        """What is still owed to ``receiver`` ends; how many. What is on its way at this moment may still arrive."""
        where = {self._by: receiver, "state": "pending"}
        return await self.rows.update_all(
            where, {"$set": {"state": "ended", "last_outcome": why, "last_at": real_now()}}
        )

    async def receiver_after(self, last: str, now: datetime) -> str:
        """The next receiver, in the order of their ids, that something is due for; empty when there is none.

        An index seek, however much waits for others.
        """
        found = await self.rows.find(
            {self._by: {"$gt": last}, "state": "pending", "next_at": {"$lte": now}},
            {self._by: 1},
            sort=[(self._by, 1)],
            limit=1,
        )
        return str(found[0][self._by]) if found else ""

    async def due(self, receiver: str, now: datetime) -> list[Document]:
        """A page of what is due for ``receiver``."""
        where = {self._by: receiver, "state": "pending", "next_at": {"$lte": now}}
        return await self.rows.find(where, sort=self._order, limit=self._page)

    async def lease(self, deliveries: Sequence[Document], now: datetime) -> Container[str]:
        """Which of ``deliveries`` are this process's to send now; others are being sent elsewhere."""
        mark = uuid4().hex
        taken = await self.rows.write(
            [
                UpdateOne(
                    {"_id": d["_id"], "state": "pending", "next_at": d["next_at"]},
                    {"$set": {"next_at": now + LEASE, "lease": mark}, "$inc": {"attempts": 1}},
                )
                for d in deliveries
            ]
        )
        ids = [d["_id"] for d in deliveries]
        if taken == len(ids):
            return frozenset(ids)
        ours = await self.rows.find({"_id": {"$in": ids}, "lease": mark}, {"_id": 1}, limit=len(ids))
        return frozenset(d["_id"] for d in ours)

    async def settle(self, changes: Mapping[str, Document]) -> None:
        """What became of an attempt, by delivery."""
        if changes:
            await self.rows.write([UpdateOne({"_id": id_}, {"$set": change}) for id_, change in changes.items()])


def progress(delivery: Document) -> dict[str, Any]:
    """How far a delivery is, as the API shows it."""
    return {name: delivery[name] for name in VIEW if delivery.get(name) is not None}
