"""Attempts to sign in at the organisation: each is good once, for ten minutes, for the browser that began it.

That browser keeps a token; all else of the attempt follows from token and secret: the ``state`` that comes back with
the browser, the ``nonce`` that is in the ID token, and the PKCE verifier, which only router and provider learn. Stored
is the token's hash. Times are real, as those of the provider.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.router.sign_in.failures import network_of
from shared.runtime.identity.tokens import new_token, token_hash
from shared.runtime.storage.mongo import Collection, Database, IndexModel

LIFE = timedelta(minutes=10)
KEPT = timedelta(days=1)
INDEXES = (IndexModel([("began_at", 1)], name="old", expireAfterSeconds=int(KEPT.total_seconds())),)


@dataclass(frozen=True, slots=True)
class Attempt:
    """``shared``: others use the computer too."""

    began_at: datetime
    shared: bool


class Attempts:
    """The ``sso_attempts`` collection. ``secret``: the installation's."""

    def __init__(self, database: Database, secret: str) -> None:
        self.rows: Collection = database.collection("sso_attempts")
        self._secret = secret.encode()

    async def begin(self, now: datetime, *, shared: bool) -> str:
        """A new one; the token for the browser. Raises ``MongoError``."""
        token = new_token("sso")
        await self.rows.insert({"_id": token_hash(token), "began_at": now, "shared": shared, "spent": False})
        return token

    async def spend(self, token: str, now: datetime) -> Attempt | None:
        """The attempt, spent from now on; None where it was, has ended, or never was. Raises ``MongoError``."""
        fresh = {"_id": token_hash(token), "spent": False, "began_at": {"$gt": now - LIFE}}
        if await self.rows.update(fresh, {"$set": {"spent": True}}) != 1:
            return None
        row = await self.rows.find_one({"_id": token_hash(token)})
        return Attempt(row["began_at"], bool(row["shared"])) if row is not None else None

    def state(self, token: str) -> str:
        """What comes back with the browser; the token does not follow from it."""
        return self._derived("state", token)[:32]

    def nonce(self, token: str) -> str:
        return self._derived("nonce", token)[:32]

    def verifier(self, token: str) -> str:
        """The PKCE verifier (RFC 7636), 64 characters."""
        return self._derived("verifier", token)

    def beginnings(self, address: str) -> str:
        """Under what the attempts that began at an address are counted."""
        return f"sso/{self._derived('address', network_of(address))[:32]}"

    def subject(self, issuer: str, subject: str) -> str:
        """A keyed hash of somebody whom the provider knows (``sub``): the same at each attempt, and nobody's name."""
        return self._derived("subject", f"{issuer}/{subject}")[:32]

    def _derived(self, what: str, token: str) -> str:
        return hmac.digest(self._secret, f"sso {what}/{token}".encode(), "sha256").hex()
