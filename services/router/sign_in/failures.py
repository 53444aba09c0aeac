"""Failed sign-ins, and how long the next one has to wait: for each account, and for each address.

An account waits after five failures, twice as long after each further one, five minutes at most: guessing is slow and
nobody can lock an officer out. An address waits after a hundred failures (a whole county may sit behind one), and not
for a person who signed in from it before.
"""

from datetime import datetime, timedelta

from shared.kernel.errors import too_many
from shared.runtime.storage.mongo import Collection, Database, Document, IndexModel

OF_ACCOUNT = 5
OF_ADDRESS = 100
LONGEST = timedelta(minutes=5)
FORGOTTEN = timedelta(hours=1)
"""Failures count until for so long there was none."""
INDEXES = (IndexModel([("at", 1)], name="old", expireAfterSeconds=int(timedelta(days=2).total_seconds())),)


def wait_after(failures: int, free: int) -> timedelta:
    """How long to wait after so many failures, of which ``free`` cost nothing."""
    if failures < free:
        return timedelta(0)
    return min(LONGEST, timedelta(seconds=2 ** min(failures - free, 20)))


class Failures:
    """Counts them. All methods raise ``MongoError``."""

    def __init__(self, database: Database) -> None:
        self.rows: Collection = database.collection("sign_in_failures")

    async def check(self, name: str, free: int, now: datetime) -> None:
        """Raises ``Refusal`` 429 while ``name`` has to wait."""
        row = await self.rows.find_one({"_id": name})
        if row is None or row["at"] <= now - FORGOTTEN:
            return
        until = row["at"] + wait_after(int(row["count"]), free)
        if until > now:
            seconds = int((until - now).total_seconds()) + 1
            raise too_many(f"Too many failed sign-ins; try again in {seconds} s.", seconds)

    async def count(self, name: str, now: datetime) -> None:
        """One more."""
        counted: Document = {"_id": name, "at": {"$gt": now - FORGOTTEN}}
        if not await self.rows.update(counted, {"$inc": {"count": 1}, "$set": {"at": now}}):
            await self.rows.update({"_id": name}, {"$set": {"count": 1, "at": now}}, upsert=True)

    async def forget(self, name: str) -> None:
        """After a success."""
        await self.rows.delete({"_id": name})
