"""A lock for each receiver: one process at a time sends to it, and reads there when it was sent its last messages."""

from datetime import datetime, timedelta

import msgspec

from shared.runtime.storage.mongo import Collection, Database, Document

MARGIN_SECONDS = 4.0
"""How much longer the lock is held than a message takes at most. When a process dies, others wait until then."""
REMEMBERED = 600
"""How many times of messages are kept: the most that ``per_minute`` of a pack can be."""


class Lock(msgspec.Struct, frozen=True, kw_only=True, rename={"id": "_id"}):
    """A document of ``channel_turns``: ``owner`` may send to the receiver until then; ``sent``: the latest messages."""

    id: str
    owner: str
    until: datetime
    sent: list[datetime]


def to_doc(lock: Lock) -> Document:
    document: Document = msgspec.to_builtins(lock, builtin_types=(datetime,))
    return document


def from_doc(document: Document) -> Lock:
    """The lock that ``to_doc`` stored; fields of a newer version are ignored."""
    return msgspec.convert(document, Lock)


class SendLock:
    """The ``channel_turns`` collection: which process may send to a receiver, and when it was sent messages."""

    def __init__(self, database: Database, owner: str) -> None:
        self.rows: Collection = database.collection("channel_turns")
        self._owner = owner

    async def acquire(self, receiver: str, now: datetime, seconds: float) -> list[datetime] | None:
        """Take or prolong the lock for a message of at most ``seconds``; answers when messages were sent, oldest first.

        None while another process holds it.
        """
        until = now + timedelta(seconds=seconds + MARGIN_SECONDS)
        free: list[Document] = [{"owner": self._owner}, {"until": {"$lte": now}}]
        taken = {"$set": {"owner": self._owner, "until": until}}
        document = await self.rows.update_and_get({"_id": receiver, "$or": free}, taken)
        if document is not None:
            return from_doc(document).sent
        first = Lock(id=receiver, owner=self._owner, until=until, sent=[])
        return [] if await self.rows.insert(to_doc(first)) else None

    async def record_message(self, receiver: str, now: datetime) -> None:
        """Stores that a message is sent to the receiver at ``now``."""
        await self.rows.update({"_id": receiver}, {"$push": {"sent": {"$each": [now], "$slice": -REMEMBERED}}})
