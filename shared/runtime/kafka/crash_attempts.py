"""Crash counters: finds the record that kills every process that handles it (a poison pill).

A record may end its process: a crash in a C library, no memory, a handler that never returns. Kafka delivers it again
to the next process, which ends too, and so on. So a counter is raised in MongoDB before a batch is handled and deleted
afterwards; what is left of it says how many processes ended with these records. Only the first batch of each partition
after a start can hold such a record, so only that one is counted.
"""

from collections.abc import Iterable

from shared.runtime.storage.mongo import Collection, UpdateOne

BATCH_ATTEMPTS_MAX = 3
"""After so many, its records are handled one by one."""
RECORD_ATTEMPTS_MAX = 5
"""After so many, it is parked as a dead letter."""


class CrashAttempts:
    """The ``attempts`` of one service."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def begin(self, places: Iterable[str]) -> int:
        """Raise the counters of ``places`` (group/partition/offset); the highest of them. Stored when this returns."""
        ids = sorted(places)
        await self._collection.write([UpdateOne({"_id": id_}, {"$inc": {"times": 1}}, upsert=True) for id_ in ids])
        return max([d["times"] for d in await self._collection.find({"_id": {"$in": ids}}, limit=len(ids))], default=0)

    async def done(self, places: Iterable[str]) -> None:
        """These records were handled: delete their crash counters."""
        await self._collection.delete({"_id": {"$in": sorted(places)}})
