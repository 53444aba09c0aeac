"""A lock for each receiver: one process at a time sends to it, and knows what it was sent in the last minute."""

from datetime import datetime, timedelta

import msgspec

from shared.runtime.storage.mongo import Collection, Database, Document

MARGIN_SECONDS = 4.0
"""By how much a lock outlasts the longest message. After a process died, others wait until its lock ends."""
REMEMBERED = 600
"""How many of the latest messages are remembered: as many as a receiver may take in a minute."""


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
    """The lock that ``to_doc`` stored; fields of a newer version are passed over."""
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
        """Remember that a message is being sent."""
        await self.rows.update({"_id": receiver}, {"$push": {"sent": {"$each": [now], "$slice": -REMEMBERED}}})
