"""Computers at which people signed in with their passwords: only there, and for a shift, their PINs open sessions.

A computer is known by a random token that its browser keeps for everybody who uses it. Only the token's hash is stored,
once for each person who signed in there.
"""

from datetime import datetime, timedelta

from shared.runtime.identity.tokens import new_token, token_hash
from shared.runtime.storage.mongo import Collection, Database, Document, IndexModel

REMEMBERED = timedelta(hours=12)
"""For how long after a sign-in with the password the person's PIN is taken at that computer."""
PEOPLE_MAX = 20
INDEXES = (
    IndexModel([("at", 1)], name="old", expireAfterSeconds=int(timedelta(days=2).total_seconds())),
    IndexModel([("computer", 1), ("at", -1)], name="computer"),
)


class Computers:
    """The ``computers`` collection. All methods raise ``MongoError``."""

    def __init__(self, database: Database) -> None:
        self.rows: Collection = database.collection("computers")

    async def remember(self, city: str, person: str, computer: str | None, now: datetime) -> str:
        """The person signed in at ``computer`` with the password; a new token where the browser has none."""
        token = computer or new_token("computer")
        change: Document = {"$set": {"city": city, "person": person, "computer": _hashed(token), "at": now}}
        await self.rows.update({"_id": _id(city, person, token)}, change, upsert=True)
        return token

    async def remembers(self, city: str, person: str, computer: str, now: datetime) -> bool:
        """Whether the person signed in there with the password within the last twelve hours."""
        where: Document = {"_id": _id(city, person, computer), "at": {"$gt": now - REMEMBERED}}
        return await self.rows.find_one(where) is not None

    async def people(self, computer: str, now: datetime) -> list[tuple[str, str]]:
        """City and person of those who are remembered there, the last one first."""
        where: Document = {"computer": _hashed(computer), "at": {"$gt": now - REMEMBERED}}
        rows = await self.rows.find(where, sort=[("at", -1)], limit=PEOPLE_MAX)
        return [(row["city"], row["person"]) for row in rows]

    async def forget_all(self, city: str, person: str) -> None:
        """No computer is remembered for the person: the password is set anew."""
        await self.rows.delete({"city": city, "person": person})


def _id(city: str, person: str, computer: str) -> str:
    return f"{city}/{person}/{_hashed(computer)}"


def _hashed(computer: str) -> str:
    return token_hash(computer)[:32]
