"""The installation's own two tokens, one for ops and one for its services, derived from its secret and a generation.

The generation is a number in the ``identity`` database. Raising it replaces both tokens in every service within five
seconds, so that a leaked token can be revoked without changing the secret.
"""

import time

from shared.runtime.identity.tokens import ops_token, service_token
from shared.runtime.storage.mongo import Database

FOLLOWED_SECONDS = 4.0
_ID = "tokens"


class Installation:
    """The current generation, cached for ``FOLLOWED_SECONDS``, and its tokens."""

    def __init__(self, database: Database, secret: str) -> None:
        self._rows = database.collection("installation")
        self._secret = secret
        self._read: tuple[float, int] | None = None

    async def tokens(self, *, fresh: bool = False) -> tuple[str, str]:
        """The ops token and the service token. ``fresh``: read the generation now. Raises ``MongoError``."""
        generation = await self.generation(fresh=fresh)
        return ops_token(self._secret, generation), service_token(self._secret, generation)

    async def service_token(self, fresh: bool) -> str:
        return (await self.tokens(fresh=fresh))[1]

    async def generation(self, *, fresh: bool = False) -> int:
        """The current generation; 0 until it is raised for the first time. Raises ``MongoError``."""
        asked = time.monotonic()
        if fresh or self._read is None or asked - self._read[0] > FOLLOWED_SECONDS:
            row = await self._rows.find_one({"_id": _ID})
            self._read = (asked, int(row["generation"]) if row is not None else 0)
        return self._read[1]

    async def raised(self, key: str) -> int:
        """Raise the generation, once for each idempotency ``key``, and return it. Raises ``MongoError``."""
        await self._rows.insert({"_id": _ID, "generation": 0, "key": ""})
        await self._rows.update({"_id": _ID, "key": {"$ne": key}}, {"$inc": {"generation": 1}, "$set": {"key": key}})
        return await self.generation(fresh=True)
