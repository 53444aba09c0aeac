"""The installation's own two tokens, of ops and of its services: they follow from its secret and a generation.

The generation is a number in the ``identity`` database. Raising it makes new tokens of both and ends the old ones, in
every service within five seconds: so a token that leaked is withdrawn without another secret.
"""

import time

from shared.runtime.identity.tokens import ops_token, service_token
from shared.runtime.storage.mongo import Database

FOLLOWED_SECONDS = 4.0
_ID = "tokens"


class Installation:
    """Which generation holds, read again after four seconds."""

    def __init__(self, database: Database, secret: str) -> None:
        self._rows = database.collection("installation")
        self._secret = secret
        self._read: tuple[float, int] | None = None

    async def tokens(self, *, fresh: bool = False) -> tuple[str, str]:
        """Of ops and of services. ``fresh``: read the generation now. Raises ``MongoError``."""
        generation = await self.generation(fresh=fresh)
        return ops_token(self._secret, generation), service_token(self._secret, generation)

    async def service_token(self, fresh: bool) -> str:
        return (await self.tokens(fresh=fresh))[1]

    async def generation(self, *, fresh: bool = False) -> int:
        """Which one holds; 0 until it was raised for the first time."""
        asked = time.monotonic()
        if fresh or self._read is None or asked - self._read[0] > FOLLOWED_SECONDS:
            row = await self._rows.find_one({"_id": _ID})
            self._read = (asked, int(row["generation"]) if row is not None else 0)
        return self._read[1]

    async def raised(self, key: str) -> int:
        """The next generation holds from now on; once for each ``key``. Answers it."""
        await self._rows.insert({"_id": _ID, "generation": 0, "key": ""})
        await self._rows.update({"_id": _ID, "key": {"$ne": key}}, {"$inc": {"generation": 1}, "$set": {"key": key}})
        return await self.generation(fresh=True)
