"""The installation's own two tokens, one for ops and one for its services, derived from its secret and a generation.

The generation is a number in the ``identity`` database. Raising it replaces both tokens in every service within five
seconds, so that a leaked token can be revoked without changing the secret.
"""

import asyncio
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
        self._made: tuple[int, tuple[str, str]] | None = None
        """The tokens of the generation that was asked for last: every request asks."""
        self._reading: asyncio.Future[int] | None = None
        """A lookup in progress: requests share one when the cached generation expires. With one each, a slow store made
        all of them wait for new connections (test F38: up to six seconds)."""

    async def tokens(self, *, fresh: bool = False) -> tuple[str, str]:
        """The ops token and the service token. ``fresh``: read the generation now. Raises ``MongoError``."""
        generation = await self.generation(fresh=fresh)
        if self._made is None or self._made[0] != generation:
            self._made = generation, (ops_token(self._secret, generation), service_token(self._secret, generation))
        return self._made[1]

    async def service_token(self, fresh: bool) -> str:
        return (await self.tokens(fresh=fresh))[1]

    async def generation(self, *, fresh: bool = False) -> int:
        """The current generation; 0 until it is raised for the first time. Raises ``MongoError``."""
        if fresh:
            return await self._look_up()
        if self._read is not None and time.monotonic() - self._read[0] <= FOLLOWED_SECONDS:
            return self._read[1]
        if self._reading is None:
            self._reading = asyncio.ensure_future(self._look_up())
            self._reading.add_done_callback(self._has_read)
        return await asyncio.shield(self._reading)

    def _has_read(self, reading: "asyncio.Future[int]") -> None:
        self._reading = None
        if not reading.cancelled():
            reading.exception()  # whoever waited has it; with nobody left asyncio would log it

    async def _look_up(self) -> int:
        asked = time.monotonic()
        row = await self._rows.find_one({"_id": _ID})
        self._read = (asked, int(row["generation"]) if row is not None else 0)
        return self._read[1]

    async def raised(self, key: str) -> int:
        """Raise the generation, once for each idempotency ``key``, and return it. Raises ``MongoError``."""
        await self._rows.insert({"_id": _ID, "generation": 0, "key": ""})
        await self._rows.update({"_id": _ID, "key": {"$ne": key}}, {"$inc": {"generation": 1}, "$set": {"key": key}})
        return await self.generation(fresh=True)
