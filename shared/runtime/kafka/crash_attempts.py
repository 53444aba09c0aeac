"""Records that were in hand when a process ended, counted before they are touched.

A record that ends its process (a crash in a C library, memory, a handler that never returns) is delivered again to the
next one and would end that too, for ever. Only what comes first after a start can be such a record, so that only the
first batch of each partition is counted; once it is handled, nothing is.
"""

from collections.abc import Iterable

from shared.runtime.storage.mongo import Collection, UpdateOne

BATCH_ATTEMPTS_MAX = 3
"""Then its records are handled one by one."""
RECORD_ATTEMPTS_MAX = 5
"""Then it is parked."""


class Attempts:
    """The ``attempts`` of one service."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def begin(self, places: Iterable[str]) -> int:
        """One more for each of ``places``, on record when this returns; the most that any of them has had."""
        ids = sorted(places)
        await self._collection.write([UpdateOne({"_id": id_}, {"$inc": {"times": 1}}, upsert=True) for id_ in ids])
        return max([d["times"] for d in await self._collection.find({"_id": {"$in": ids}}, limit=len(ids))], default=0)

    async def done(self, places: Iterable[str]) -> None:
        """They ended nobody."""
        await self._collection.delete({"_id": {"$in": sorted(places)}})
