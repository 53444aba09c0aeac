"""Silences: for a while, alerts about some categories on a unit's ground stay in the inbox and say which silence.

For a planned water stop on an estate, for example. Cases are opened and timed as usual, and danger is never silenced.
"""

from collections.abc import Collection
from datetime import datetime

from services.notifier.city_cache import INDEX, CityCache, stamped
from services.notifier.documents.silence import Silence, from_doc, to_doc
from shared.runtime.storage.mongo import Database, Document, IndexModel

INDEXES = (INDEX, IndexModel([("city", 1), ("until", 1)], name="until"))
LISTED_MAX = 200


class Silences:
    """The ``silences`` collection, with each city's silences in memory."""

    def __init__(self, database: Database) -> None:
        self.cache: CityCache[tuple[Silence, ...]] = CityCache(
            database.collection("silences"), lambda rows: tuple(from_doc(row) for row in rows), ()
        )

    def of_city(self, city: str) -> tuple[Silence, ...]:
        """All silences of ``city``, also those that have ended: a late event may lie in their time."""
        return self.cache.get(city)

    async def unended(self, city: str | None, now: datetime, units: Collection[str] | None = None) -> list[Silence]:
        """Silences that hold at ``now`` or will, the first to end first; of all cities and units for None."""
        where: Document = {"until": {"$gt": now}, "ended_at": None}
        if city is not None:
            where["city"] = city
        if units is not None:
            where["unit"] = {"$in": list(units)}
        rows = await self.cache.rows.find(where, sort=[("until", 1)], limit=LISTED_MAX)
        return [from_doc(row) for row in rows]

    async def get(self, city: str, id_: str) -> Silence | None:
        row = await self.cache.rows.find_one({"_id": id_, "city": city})
        return from_doc(row) if row is not None else None

    async def add(self, silence: Silence) -> bool:
        """Store a silence; False when its id exists already."""
        fresh = await self.cache.rows.insert(stamped(to_doc(silence)))
        await self.cache.refresh()
        return fresh

    async def end(self, silence: Silence, by: str, now: datetime) -> Silence:
        """End a silence early, once; answers it as it is stored afterwards."""
        change = stamped({"ended_at": now, "ended_by": by})
        await self.cache.rows.update({"_id": silence.id, "ended_at": None}, {"$set": change})
        await self.cache.refresh()
        return await self.get(silence.city, silence.id) or silence
