"""Failed sign-ins, and how long the next one has to wait: for each account, and for each address.

An account waits after five failures, twice as long after each further one, five minutes at most. Failures from an
address from which the person signed in before are counted apart: who guesses elsewhere cannot lock him out at his desk.
An address waits after a hundred failures (a whole county may sit behind one), and not for a person who signed in from
it before.
"""

import ipaddress
from datetime import datetime, timedelta

from shared.kernel.errors import too_many
from shared.runtime.storage.mongo import Collection, Database, Document, IndexModel

OF_ACCOUNT = 5
OF_ADDRESS = 100
LONGEST = timedelta(minutes=5)
ROUNDS = 10
"""Attempts at counting while others count the same name; more than ``OF_ACCOUNT``, after which all wait."""
FORGOTTEN = timedelta(hours=1)
"""Failures count until for so long there was none."""
INDEXES = (IndexModel([("at", 1)], name="old", expireAfterSeconds=int(timedelta(days=2).total_seconds())),)


def wait_after(failures: int, free: int) -> timedelta:
    """How long to wait after so many failures, of which ``free`` cost nothing."""
    if failures < free:
        return timedelta(0)
    return min(LONGEST, timedelta(seconds=2 ** min(failures - free, 20)))


def network_of(address: str) -> str:
    """What counts as one address: of IPv6 the network of 64 bits, since whoever has one has all of its addresses."""
    try:
        given = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(given, ipaddress.IPv4Address):
        return str(given)
    return str(given.ipv4_mapped or ipaddress.ip_network((given, 64), strict=False))


class Failures:
    """Counts them. All methods raise ``MongoError``."""

    def __init__(self, database: Database) -> None:
        self.rows: Collection = database.collection("sign_in_failures")

    async def check(self, name: str, free: int, now: datetime) -> None:
        """Raises ``Refusal`` 429 while ``name`` has to wait."""
        _judge(await self.rows.find_one({"_id": name}), free, now)

    async def begin(self, name: str, free: int, now: datetime) -> None:
        """An attempt, counted as a failure before it is judged: many at once wait as those one after another do.

        ``forget`` or ``take_back`` undo it. Raises ``Refusal`` 429 while ``name`` has to wait.
        """
        for _ in range(ROUNDS):
            row = await self.rows.find_one({"_id": name})
            _judge(row, free, now)
            if await self._counted(name, row, now):
                return
        raise too_many("Too many sign-ins at once; try again in 1 s.", 1)

    async def _counted(self, name: str, seen: Document | None, now: datetime) -> bool:
        """Whether the count was raised; False when it is not as it was ``seen`` any more."""
        if seen is None:
            return await self.rows.insert({"_id": name, "count": 1, "at": now})
        count = 1 if seen["at"] <= now - FORGOTTEN else int(seen["count"]) + 1
        where: Document = {"_id": name, "count": seen["count"], "at": seen["at"]}
        return await self.rows.update(where, {"$set": {"count": count, "at": now}}) == 1

    async def take_back(self, name: str) -> None:
        """An attempt that was begun was not judged."""
        await self.rows.update({"_id": name, "count": {"$gt": 0}}, {"$inc": {"count": -1}})

    async def count(self, name: str, now: datetime) -> None:
        """One more, after it was judged."""
        counted: Document = {"_id": name, "at": {"$gt": now - FORGOTTEN}}
        if not await self.rows.update(counted, {"$inc": {"count": 1}, "$set": {"at": now}}):
            await self.rows.update({"_id": name}, {"$set": {"count": 1, "at": now}}, upsert=True)

    async def forget(self, name: str) -> None:
        """After a success."""
        await self.rows.delete({"_id": name})


def _judge(row: Document | None, free: int, now: datetime) -> None:
    if row is None or row["at"] <= now - FORGOTTEN:
        return
    until = row["at"] + wait_after(int(row["count"]), free)
    if until > now:
        seconds = int((until - now).total_seconds()) + 1
        raise too_many(f"Too many failed sign-ins; try again in {seconds} s.", seconds)
