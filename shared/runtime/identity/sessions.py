"""Sessions of people who signed in, in the ``identity`` database that every service reads.

A session is an opaque token of 256 random bits, of which only the hash is stored. It ends when it was not used for
twelve hours, seven days after the sign-in (one that a PIN opened: at the end of the shift), when somebody ends it, and
as soon as its person is not in the pack any more. One at a shared computer is over, too, when its person did nothing
there for ``locks_after`` seconds, whatever the page asks for by itself. Times are those of the installation's clock.
"""

from collections.abc import Collection as Many
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, Self

import msgspec

from shared.runtime.identity.tokens import new_token, token_hash
from shared.runtime.storage.mongo import Collection, Database, Document, IndexModel

OpenedBy = Literal["password", "pin", "link", "sso", "development"]
IDLE = timedelta(hours=12)
LIFE = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=1)
"""How exactly it is known when a session was used last."""
CONFIRMED = timedelta(minutes=10)
"""For how long a one-time code counts for acts that ask for one."""
KEPT = timedelta(days=180)
EACH_MAX = 20
"""Sessions of one person; a further sign-in ends the one that was unused for longest."""
ID_LENGTH = 16
INDEXES = (
    IndexModel([("city", 1), ("person", 1), ("ended_at", 1), ("seen_at", -1)], name="person"),
    IndexModel([("opened_at", 1)], name="old", expireAfterSeconds=int(KEPT.total_seconds())),
)


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One sign-in. ``device``: the browser or program as it named itself; ``confirmed_until``: see ``CONFIRMED``.
    ``by``: with what it was opened; sessions of before, with a password. ``locks_after``: 0 where nobody else uses the
    computer; ``locks_at``: when it is over if its person does nothing until then."""

    hashed: str
    city: str
    person: str
    device: str
    opened_at: datetime
    seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    confirmed_until: datetime | None = None
    by: OpenedBy = "password"
    locks_after: int = 0
    locks_at: datetime | None = None

    @property
    def id(self) -> str:
        """The beginning of the token's hash, which opens nothing."""
        return self.hashed[:ID_LENGTH]

    def to_row(self) -> Document:
        row: Document = msgspec.to_builtins(self, builtin_types=(datetime,))
        return {"_id": row.pop("hashed"), **row}

    @classmethod
    def from_row(cls, row: Document) -> Self:
        return msgspec.convert({"hashed": row["_id"], **row}, cls)


class Sessions:
    """All methods raise ``MongoError``."""

    def __init__(self, database: Database) -> None:
        self.rows: Collection = database.collection("sessions")

    async def open(
        self,
        city: str,
        person: str,
        device: str,
        now: datetime,
        *,
        by: OpenedBy = "password",
        confirmed: bool = False,
        expires_at: datetime | None = None,
        locks_after: timedelta = timedelta(0),
    ) -> tuple[str, Session]:
        """A new session and its token, which is not known afterwards. ``confirmed``: a one-time code was given.
        ``expires_at``: sooner than after seven days. ``locks_after``: nothing: at a computer of one's own."""
        token = new_token("session")
        session = Session(
            hashed=token_hash(token),
            city=city,
            person=person,
            device=device,
            opened_at=now,
            seen_at=now,
            expires_at=expires_at or now + LIFE,
            confirmed_until=now + CONFIRMED if confirmed else None,
            by=by,
            locks_after=int(locks_after.total_seconds()),
            locks_at=now + locks_after if locks_after else None,
        )
        await self.rows.insert(session.to_row())
        alive = await self.of(city, person, now)
        await self._end([one.hashed for one in alive[EACH_MAX:]], now)
        return token, session

    async def here(self, token: str, now: datetime) -> Session | None:
        """Its person is there and did something; None when it has ended."""
        found = await self.alive([token_hash(token)], now)
        if not found:
            return None
        session, until = found[0], now + timedelta(seconds=found[0].locks_after)
        if session.locks_at is not None and session.locks_at < until:
            where: Document = {"_id": session.hashed, "locks_at": {"$gt": now, "$lt": until}}
            await self.rows.update(where, {"$set": {"locks_at": until}})
        return session

    async def alive(self, hashed: Many[str], now: datetime) -> list[Session]:
        """Those of these tokens, by hash, that have not ended."""
        found = await self.rows.find({"_id": {"$in": list(hashed)}, **_alive(now)}, limit=len(hashed))
        return [Session.from_row(row) for row in found]

    async def used(self, hashed: str, now: datetime) -> Session | None:
        """The session of a token, noted as used now; None when it has ended."""
        found = await self.alive([hashed], now)
        if not found:
            return None
        if now - found[0].seen_at >= SEEN_EVERY:
            await self.rows.update({"_id": hashed, "seen_at": {"$lt": now}}, {"$set": {"seen_at": now}})
        return found[0]

    async def of(self, city: str, person: str, now: datetime) -> list[Session]:
        """A person's sessions that have not ended, the one that was used last first."""
        where: Document = {"city": city, "person": person, **_alive(now)}
        rows = await self.rows.find(where, sort=[("seen_at", -1)], limit=2 * EACH_MAX)
        return [Session.from_row(row) for row in rows]

    async def find(self, city: str, id_: str, now: datetime) -> Session | None:
        """The session with this ``id`` that has not ended."""
        row = await self.rows.find_one({"city": city, "_id": {"$gte": id_, "$lt": id_ + "g"}, **_alive(now)})
        return Session.from_row(row) if row is not None else None

    async def end(self, session: Session, now: datetime) -> None:
        """End one; nothing opens with it within five seconds, in any service."""
        await self._end([session.hashed], now)

    async def end_all(self, city: str, person: str, now: datetime, *, but: Session | None = None) -> int:
        """End all of a person's, ``but`` this one; how many there were."""
        where: Document = {"city": city, "person": person, "ended_at": None}
        if but is not None:
            where["_id"] = {"$ne": but.hashed}
        return await self.rows.update_all(where, {"$set": {"ended_at": now}})

    async def end_of_others(self, city: str, people: Sequence[str], now: datetime) -> None:
        """End those of a city's people who are not among these: whoever comes back signs in anew."""
        where: Document = {"city": city, "person": {"$nin": list(people)}, "ended_at": None}
        await self.rows.update_all(where, {"$set": {"ended_at": now}})

    async def confirm(self, token: str, now: datetime) -> None:
        """A one-time code was given: acts that ask for one are open for ten minutes."""
        change: Document = {"$set": {"confirmed_until": now + CONFIRMED}}
        await self.rows.update({"_id": token_hash(token), "ended_at": None}, change)

    async def is_confirmed(self, token: str, now: datetime) -> bool:
        """Whether a one-time code was given within the last ten minutes. Read anew each time."""
        row = await self.rows.find_one({"_id": token_hash(token), "confirmed_until": {"$gt": now}, **_alive(now)})
        return row is not None

    async def _end(self, hashed: Sequence[str], now: datetime) -> None:
        if hashed:
            where: Document = {"_id": {"$in": list(hashed)}, "ended_at": None}
            await self.rows.update_all(where, {"$set": {"ended_at": now}})


def _alive(now: datetime) -> Document:
    unlocked: list[Document] = [{"locks_at": None}, {"locks_at": {"$gt": now}}]
    return {"ended_at": None, "expires_at": {"$gt": now}, "seen_at": {"$gt": now - IDLE}, "$or": unlocked}
