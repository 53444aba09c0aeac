"""Login links as they are stored: for each that was asked for one document, with the event that sends it.

Neither the link nor the token of the browser that asked is in it, only hashes. One is stored, too, for a person who
gets none: whoever asks cannot tell.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, Self

import msgspec

from shared.contracts.envelope import DANGER, Envelope
from shared.runtime.kafka.outbox_relay import Outbox, as_pending
from shared.runtime.storage.mongo import Collection, Document, IndexModel
from shared.runtime.timekeeping.wall_clock import real_now

KEPT = timedelta(days=2)
INDEXES = (
    IndexModel([("asker", 1)], name="asker"),
    IndexModel([("made_at", 1)], name="old", expireAfterSeconds=int(KEPT.total_seconds())),
)
LinkState = Literal["sent", "pressed", "used", "refused"]


class LoginLink(msgspec.Struct, frozen=True, kw_only=True):
    """``number``: two digits on the screen of the browser that asked, whose token's hash is ``asker``; ``accepted``: of
    the account when it was asked for; ``shared``, ``device``: of that browser. ``made_at``: real time."""

    id: str
    city: str
    person: str
    number: int
    asker: str
    accepted: str
    device: str
    shared: bool
    asked_at: datetime
    ends: datetime
    made_at: datetime
    state: LinkState = "sent"

    @classmethod
    def from_row(cls, row: Document) -> Self:
        return msgspec.convert({**row, "id": row["_id"]}, cls)


class LinkStore:
    """The ``login_links`` collection. All methods raise ``MongoError``."""

    def __init__(self, rows: Collection, outbox: Outbox) -> None:
        self._rows = rows
        self._outbox = outbox

    async def add(self, link: LoginLink, events: Sequence[Envelope]) -> None:
        row: Document = msgspec.to_builtins(link, builtin_types=(datetime,))
        row["_id"] = row.pop("id")
        if events:
            row |= {"version": 1, "pending": as_pending(events), "outbox": {"lane": DANGER, "since": real_now()}}
        if await self._rows.insert(row) and events:
            self._outbox.offer(link.id, 1, events)

    async def get(self, id_: str) -> LoginLink | None:
        row = await self._rows.find_one({"_id": id_})
        return LoginLink.from_row(row) if row is not None else None

    async def asked_by(self, asker: str) -> LoginLink | None:
        row = await self._rows.find_one({"asker": asker})
        return LoginLink.from_row(row) if row is not None else None

    async def move(self, link: LoginLink, state: LinkState) -> bool:
        """Whether it was still as it is ``link``: of two who press, one does."""
        return await self._rows.update({"_id": link.id, "state": link.state}, {"$set": {"state": state}}) == 1
