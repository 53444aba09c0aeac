"""An in-memory copy of a small collection, by city: leave and swaps, people's preferences, silences.

Every five seconds each process reads the rows that were stored since its last refresh (``stored_at``). A row is changed
by storing it again with a new ``stored_at``.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from shared.runtime.periodic import every
from shared.runtime.storage.mongo import Collection, Document, IndexModel
from shared.runtime.timekeeping.wall_clock import real_now

Built = TypeVar("Built")

REFRESH_SECONDS = 5.0
MARGIN = timedelta(seconds=15)
"""Read again at each refresh: a row may become readable after its ``stored_at``, and the clocks of two machines may
differ."""
ROWS_MAX = 50_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INDEX = IndexModel([("stored_at", 1)], name="stored")


class CityCache(Generic[Built]):
    """Holds what ``build`` makes of a city's rows; ``empty`` for a city without any."""

    def __init__(self, rows: Collection, build: Callable[[Sequence[Document]], Built], empty: Built) -> None:
        self.rows = rows
        self._make = build
        self._empty = empty
        self._by_city: dict[str, dict[str, Document]] = {}
        self._built: dict[str, Built] = {}
        self._seen = EPOCH

    def get(self, city: str) -> Built:
        return self._built.get(city, self._empty)

    async def refresh(self) -> None:
        """Read the rows that were stored since the last refresh. Raises ``MongoError``."""
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
            self._built[city] = self._make(sorted(rows.values(), key=lambda row: (row["stored_at"], row["_id"])))
        if found:
            self._seen = max(self._seen, found[0]["stored_at"])

    async def run(self) -> None:
        """Refresh every five seconds until the service stops."""
        await every(REFRESH_SECONDS, self.refresh, "city-cache")


def stamped(document: Document, at: datetime | None = None) -> Document:
    """``document`` with the time at which it is stored, by which other processes find it."""
    return {**document, "stored_at": at or real_now()}
