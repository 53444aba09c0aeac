"""Sessions of riders who have no account here: an app's server asks for an address for one of its reporters, which the
rider's browser opens once, within five minutes. The session is that app's and that reporter's alone.

Only hashes of tokens are stored, and the reporter's pseudonym; the app's own reference of him is not. A session ends
after ``LIFE``, when it is ended, and as soon as its app has no key any more.
"""

from datetime import datetime, timedelta
from typing import Self

import msgspec

from shared.kernel.ids import secret_id
from shared.runtime.identity.tokens import new_token, token_hash
from shared.runtime.storage.mongo import Collection, Database, Document, IndexModel
from shared.runtime.timekeeping.wall_clock import real_now

LINK_LIFE = timedelta(minutes=5)
LIFE = timedelta(hours=12)
KEPT = timedelta(days=2)
INDEXES = (
    IndexModel([("made_at", 1)], name="old", expireAfterSeconds=int(KEPT.total_seconds())),
    IndexModel([("reporter", 1)], name="reporter"),
)


def pseudonym(secret: bytes, city: str, app: str, ref: str) -> str:
    """The pseudonym of an app's reporter, used everywhere outside intake. ``ref`` cannot be found from it without the
    installation's secret."""
    return secret_id("p", secret, "reporter", city, app, ref)


class RiderSession(msgspec.Struct, frozen=True, kw_only=True):
    """Of ``reporter``, a pseudonym, of ``app``. ``link``: it is the address, not the session that it opens."""

    hashed: str
    city: str
    app: str
    reporter: str
    link: bool
    expires_at: datetime

    def to_row(self) -> Document:
        row: Document = msgspec.to_builtins(self, builtin_types=(datetime,))
        return {"_id": row.pop("hashed"), **row, "ended_at": None, "made_at": real_now()}

    @classmethod
    def from_row(cls, row: Document) -> Self:
        return msgspec.convert({"hashed": row["_id"], **row}, cls)


class RiderSessions:
    """The collection ``rider_sessions``. All methods raise ``MongoError``."""

    def __init__(self, database: Database) -> None:
        self.rows: Collection = database.collection("rider_sessions")

    async def make_link(self, city: str, app: str, reporter: str, now: datetime) -> tuple[str, datetime]:
        """The token of an address, and when it opens nothing any more."""
        return await self._make("riderlink", city, app, reporter, now + LINK_LIFE, link=True)

    async def open(self, token: str, now: datetime) -> tuple[str, RiderSession] | None:
        """The session that an address opens, and its token; None where the address was opened before, or is over."""
        where: Document = {"_id": token_hash(token), "link": True, **_alive(now)}
        row = await self.rows.update_and_get(where, {"$set": {"ended_at": now}})
        if row is None:
            return None
        link = RiderSession.from_row(row)
        opened, until = await self._make("rider", link.city, link.app, link.reporter, now + LIFE, link=False)
        return opened, msgspec.structs.replace(link, hashed=token_hash(opened), link=False, expires_at=until)

    async def _make(
        self, kind: str, city: str, app: str, reporter: str, until: datetime, *, link: bool
    ) -> tuple[str, datetime]:
        token = new_token(kind)
        made = RiderSession(
            hashed=token_hash(token), city=city, app=app, reporter=reporter, link=link, expires_at=until
        )
        await self.rows.insert(made.to_row())
        return token, until

    async def alive(self, hashed: str, now: datetime) -> RiderSession | None:
        """The session of a token, by hash, while it lasts."""
        row = await self.rows.find_one({"_id": hashed, "link": False, **_alive(now)})
        return None if row is None else RiderSession.from_row(row)

    async def end(self, token: str, now: datetime) -> None:
        """Nothing opens with it within five seconds, in any service."""
        await self.rows.update({"_id": token_hash(token), "ended_at": None}, {"$set": {"ended_at": now}})

    async def end_all(self, reporter: str, now: datetime) -> int:
        """End every session of the reporter, and every address that would open one; how many. The pseudonym is of one
        app. Nothing opens with them within five seconds, in any service."""
        return await self.rows.update_all({"reporter": reporter, "ended_at": None}, {"$set": {"ended_at": now}})


def _alive(now: datetime) -> Document:
    return {"ended_at": None, "expires_at": {"$gt": now}}
