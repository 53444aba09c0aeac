"""One process at a time sends to a receiver, and each knows what the receiver was sent in the last minute."""

from datetime import datetime, timedelta

import msgspec

from shared.runtime.storage.mongo import Collection, Database, Document

MARGIN_SECONDS = 4.0
"""What a turn is longer than a message may take. A process that died keeps others waiting for its turn's end."""
REMEMBERED = 600
"""The latest messages: as many as a receiver may take in a minute."""


class Turn(msgspec.Struct, frozen=True, kw_only=True, rename={"id": "_id"}):
    """A document of ``channel_turns``: ``owner`` may send to the receiver until then; ``sent``: the latest messages."""

    id: str
    owner: str
    until: datetime
    sent: list[datetime]


def to_doc(turn: Turn) -> Document:
    document: Document = msgspec.to_builtins(turn, builtin_types=(datetime,))
    return document


def from_doc(document: Document) -> Turn:
    """The turn that ``to_doc`` stored; fields of a newer version are passed over."""
    return msgspec.convert(document, Turn)


class Turns:
    """The ``channel_turns`` of the notifier: whose turn it is at each receiver, and when it was sent something."""

    def __init__(self, database: Database, owner: str) -> None:
        self.turns: Collection = database.collection("channel_turns")
        self._owner = owner

    async def take(self, receiver: str, now: datetime, seconds: float) -> list[datetime] | None:
        """Its turn for a message of at most ``seconds``, and when messages were sent, oldest first.

        None while another process has it.
        """
        until = now + timedelta(seconds=seconds + MARGIN_SECONDS)
        free: list[Document] = [{"owner": self._owner}, {"until": {"$lte": now}}]
        taken = {"$set": {"owner": self._owner, "until": until}}
        document = await self.turns.update_and_get({"_id": receiver, "$or": free}, taken)
        if document is not None:
            return from_doc(document).sent
        first = Turn(id=receiver, owner=self._owner, until=until, sent=[])
        return [] if await self.turns.insert(to_doc(first)) else None

    async def sending(self, receiver: str, now: datetime) -> None:
        """A message is being sent."""
        await self.turns.update({"_id": receiver}, {"$push": {"sent": {"$each": [now], "$slice": -REMEMBERED}}})
