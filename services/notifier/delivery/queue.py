"""The queue of one kind of deliveries: which receiver has something due, and what became of each attempt.

An attempt is on record before and after it is made. If the process dies in between, it is made again under the same id
as soon as the lease has passed.
"""

import asyncio
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Generic

import msgspec

from services.notifier.documents.delivery import D, DeliveryChange, from_doc, to_doc
from shared.kernel.ids import Ids
from shared.runtime.kafka.duplicate_metrics import count_duplicates
from shared.runtime.storage.mongo import Collection, Filter, Sort, UpdateOne
from shared.runtime.timekeeping.wall_clock import real_now

LEASE = timedelta(seconds=40)
"""Longer than a page takes: 64 deliveries, 16 at once, 8 s each at the most."""
PAGE = 64


class DeliveryQueue(Generic[D]):
    """The deliveries of one collection, due in ``order`` for each receiver, a ``page`` at a time."""

    def __init__(
        self, rows: Collection, kind: type[D], ids: Ids, order: Sort = (("next_at", 1),), page: int = PAGE
    ) -> None:
        self.rows = rows
        self._ids = ids
        self._kind = kind
        self._receiver = next(f.encode_name for f in msgspec.structs.fields(kind) if f.name == "receiver")
        self._order = order
        self._page = page
        self.wake = asyncio.Event()
        self.fresh: set[str] = set()
        """Receivers that got something new since the dispatcher looked."""

    async def add(self, deliveries: Sequence[D], what: str) -> None:
        """Store deliveries, each once. Raises ``TimeoutError`` when it is unknown whether a majority has them."""
        known = await self.rows.insert_each([to_doc(delivery) for delivery in deliveries], what)
        count_duplicates(what, len(known))
        self.nudge(delivery.receiver for delivery in deliveries)

    async def find(self, where: Filter, *, sort: Sort, limit: int) -> list[D]:
        return [from_doc(row, self._kind) for row in await self.rows.find(where, sort=sort, limit=limit)]

    async def find_one(self, where: Filter) -> D | None:
        row = await self.rows.find_one(where)
        return from_doc(row, self._kind) if row is not None else None

    def nudge(self, receivers: Iterable[str]) -> None:
        """Wake the dispatcher: something is due for these receivers."""
        self.fresh.update(receivers)
        self.wake.set()

    async def retry(self, delivery: D) -> None:
        """Send it again now, with all attempts of its schedule before it."""
        change = DeliveryChange(state="pending", next_at=real_now(), attempts=0)
        await self.rows.update({"_id": delivery.id}, {"$set": to_doc(change)})
        self.nudge([delivery.receiver])

    async def end(self, receiver: str, why: str) -> int:
        """End what is still pending for ``receiver``; how many. What is being sent at this moment may still arrive."""
        change = DeliveryChange(state="ended", last_outcome=why, last_at=real_now())
        return await self.rows.update_all({self._receiver: receiver, "state": "pending"}, {"$set": to_doc(change)})

    async def receiver_after(self, last: str, now: datetime) -> str:
        """The next receiver, in the order of their ids, that something is due for; empty when there is none.

        An index seek, however much waits for others.
        """
        found = await self.rows.find(
            {self._receiver: {"$gt": last}, "state": "pending", "next_at": {"$lte": now}},
            {self._receiver: 1},
            sort=[(self._receiver, 1)],
            limit=1,
        )
        return str(found[0][self._receiver]) if found else ""

    async def due(self, receiver: str, now: datetime) -> list[D]:
        """A page of what is due for ``receiver``."""
        where = {self._receiver: receiver, "state": "pending", "next_at": {"$lte": now}}
        return await self.find(where, sort=self._order, limit=self._page)

    async def lease(self, deliveries: Sequence[D], now: datetime) -> Container[str]:
        """Ids of those deliveries that this process may send now; another process is sending the others."""
        mark = self._ids(16)
        taken = await self.rows.write(
            [
                UpdateOne(
                    {"_id": d.id, "state": "pending", "next_at": d.next_at},
                    {"$set": {"next_at": now + LEASE, "lease": mark}, "$inc": {"attempts": 1}},
                )
                for d in deliveries
            ]
        )
        ids = [d.id for d in deliveries]
        if taken == len(ids):
            return frozenset(ids)
        ours = await self.rows.find({"_id": {"$in": ids}, "lease": mark}, {"_id": 1}, limit=len(ids))
        return frozenset(row["_id"] for row in ours)

    async def settle(self, changes: Mapping[str, DeliveryChange]) -> None:
        """Record what became of attempts, by delivery."""
        if changes:
            await self.rows.write(
                [UpdateOne({"_id": id_}, {"$set": to_doc(change)}) for id_, change in changes.items()]
            )
