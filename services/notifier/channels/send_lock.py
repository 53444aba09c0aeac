"""One process at a time sends to a receiver, and each knows what the receiver was sent in the last minute."""

from datetime import datetime, timedelta

from shared.runtime.storage.mongo import Collection, Database

MARGIN_SECONDS = 4.0
"""What a turn is longer than a message may take. A process that died keeps others waiting for its turn's end."""
REMEMBERED = 600
"""The latest messages: as many as a receiver may take in a minute."""


class Turns:
    """The ``channel_turns`` of the notifier: whose turn it is at each receiver, and when it was sent something."""

    def __init__(self, database: Database, owner: str) -> None:
        self.turns: Collection = database.collection("channel_turns")
        self._owner = owner

    async def take(self, receiver: str, now: datetime, seconds: float) -> list[datetime] | None:
        """Its turn for a message of at most ``seconds``, and when messages were sent, oldest first.

        None while another process has it.
        """
        turn = {"owner": self._owner, "until": now + timedelta(seconds=seconds + MARGIN_SECONDS)}
        free: list[dict[str, object]] = [{"owner": self._owner}, {"until": {"$lte": now}}]
        found = await self.turns.update_and_get({"_id": receiver, "$or": free}, {"$set": turn})
        if found is None and await self.turns.insert({"_id": receiver, **turn, "sent": []}):
            return []
        return list(found["sent"]) if found is not None else None

    async def sending(self, receiver: str, now: datetime) -> None:
        """A message is being sent."""
        await self.turns.update({"_id": receiver}, {"$push": {"sent": {"$each": [now], "$slice": -REMEMBERED}}})
