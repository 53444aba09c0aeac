"""The security log: sign-ins, reads of personal data, acts of set-up and of operations, overrides; for auditors.

In the ``identity`` database, which every service writes to. An entry is on a majority's disks before the act is
answered, is never changed, and is deleted after ``KEPT``. China's Cybersecurity Law (article 21) asks for six months.
"""

from datetime import datetime, timedelta
from typing import Literal, Self

import msgspec

from shared.kernel.clock import Clock
from shared.kernel.ids import Ids
from shared.runtime.storage.mongo import Collection, Database, Document, IndexModel

KEPT = timedelta(days=200)
INDEXES = (
    IndexModel([("city", 1), ("at", -1), ("_id", -1)], name="city"),
    IndexModel([("at", 1)], name="old", expireAfterSeconds=int(KEPT.total_seconds())),
)
ID_BYTES = 12
EntryKind = Literal["sign_in", "account", "personal_data", "setup", "operations", "override"]


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One act. ``what``: which (``POST /v1/keys``, ``sign_in.failed``); ``who``: person, name of a key, or ``ops``;
    ``on``: the person, case, report or key that it was done to; ``outcome``: the HTTP status of the answer, or a word;
    ``address``: of the client; ``trace``: the trace id that logs carry."""

    id: str
    city: str
    at: datetime
    kind: EntryKind
    what: str
    who: str
    role: str
    on: str = ""
    outcome: str = ""
    reason: str = ""
    session: str = ""
    address: str = ""
    trace: str = ""

    def to_row(self) -> Document:
        row: Document = msgspec.to_builtins(self, builtin_types=(datetime,))
        return {"_id": row.pop("id"), **row}

    @classmethod
    def from_row(cls, row: Document) -> Self:
        return msgspec.convert({"id": row["_id"], **row}, cls)


class SecurityLog:
    """All methods raise ``MongoError``."""

    def __init__(self, database: Database, clock: Clock, ids: Ids) -> None:
        self.rows: Collection = database.collection("security_log")
        self._clock = clock
        self._ids = ids

    async def write(self, **entry: object) -> None:
        """Keep an entry of this moment; the arguments are the fields of ``Entry`` without ``id`` and ``at``."""
        full = {"id": self._ids(ID_BYTES), "at": self._clock.now(), **entry}
        await self.rows.insert(msgspec.convert(full, Entry).to_row())

    async def find(self, where: Document, limit: int) -> list[Entry]:
        """The newest entries that match, newest first."""
        rows = await self.rows.find(where, sort=[("at", -1), ("_id", -1)], limit=limit)
        return [Entry.from_row(row) for row in rows]
