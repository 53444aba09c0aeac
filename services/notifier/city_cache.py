"""Rows of a small collection, kept in memory by city: who is on leave, what people wish, what is silent.

Every process reads what was stored since it last looked, every five seconds; a row changes by being stored again.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from shared.runtime.periodic import every
from shared.runtime.storage.mongo import Collection, Document, IndexModel
from shared.runtime.timekeeping.wall_clock import real_now

Made = TypeVar("Made")

LOOK_SECONDS = 5.0
MARGIN = timedelta(seconds=15)
"""Between being stamped and being readable, and between the clocks of two machines."""
ROWS_MAX = 50_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INDEX = IndexModel([("stored_at", 1)], name="stored")


class Kept(Generic[Made]):
    """What ``made`` makes of a city's rows; ``empty`` for a city without any."""

    def __init__(self, rows: Collection, made: Callable[[Sequence[Document]], Made], empty: Made) -> None:
        self.rows = rows
        self._make = made
        self._empty = empty
        self._by_city: dict[str, dict[str, Document]] = {}
        self._made: dict[str, Made] = {}
        self._seen = EPOCH

    def of(self, city: str) -> Made:
        return self._made.get(city, self._empty)

    async def look(self) -> None:
        """What was stored since. Raises ``MongoError``."""
        found = await self.rows.find(
            {"stored_at": {"$gt": self._seen - MARGIN}}, sort=[("stored_at", -1)], limit=ROWS_MAX
        )
        changed = set()
        for row in found:
            rows = self._by_city.setdefault(row["city"], {})
            if rows.get(row["_id"], {}).get("stored_at") != row["stored_at"]:
                rows[row["_id"]] = row
                changed.add(row["city"])
        for city in changed:
            rows = self._by_city[city]
            self._made[city] = self._make(sorted(rows.values(), key=lambda row: (row["stored_at"], row["_id"])))
        if found:
            self._seen = max(self._seen, found[0]["stored_at"])

    async def run(self) -> None:
        """Every ``LOOK_SECONDS``, until it is cancelled."""
        await every(LOOK_SECONDS, self.look, "city-cache")


def stamped(document: Document, at: datetime | None = None) -> Document:
    """``document`` as it is stored."""
    return {**document, "stored_at": at or real_now()}
