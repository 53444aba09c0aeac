"""Development only: a key for three apps and a token for every person of a city, the same at every start.

They are derived from the installation's secret, so that tests and developers get the same ones again. A router that
starts without ``WHISTLE_DEV_TOKENS`` revokes all that are stored; one with it makes them valid again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from shared.runtime.identity.directory import Directory, Principal
from shared.runtime.identity.tokens import derived_token, token_hash
from shared.runtime.storage.mongo import Database, Document

PAGE = 1000
ENDED = "development"
APPS: dict[str, tuple[str, str]] = {
    "app_key": ("rider_app", "rider-app"),
    "app_key_2": ("rider_app", "rider-app-2"),
    "importer_key": ("importer", "importer"),
}
"""Name of a key → kind and name of its app."""


class DevelopmentTokens(NamedTuple):
    """The keys and tokens of one city. ``apps``: by the names in ``APPS``; ``people``: by person id."""

    apps: dict[str, str]
    people: dict[str, str]


class DevelopmentKeys:
    """Makes and revokes development keys. All methods raise ``MongoError``."""

    def __init__(self, database: Database, directory: Directory, secret: str) -> None:
        self._keys = database.collection("keys")
        self._directory = directory
        self._secret = secret

    async def make(self, city: str, people: Sequence[str], now: datetime) -> DevelopmentTokens:
        """Store the keys of ``APPS`` and a token for each of ``people`` (ids). A repeat returns the same ones."""
        apps = {name: self._app_key(kind, city, name) for name, (kind, _) in APPS.items()}
        tokens = {person: self._person_token(city, person) for person in people}
        who = {
            **{apps[name]: Principal(kind=kind, city=city, app=app) for name, (kind, app) in APPS.items()},
            **{token: Principal(kind="officer", city=city, person=person) for person, token in tokens.items()},
        }
        await self._directory.add_keys(list(who.items()), now)
        hashes = [token_hash(token) for token in who]
        await self._keys.update_all(
            {"_id": {"$in": hashes}, "ended": ENDED}, {"$set": {"revoked_at": None}, "$unset": {"ended": 1}}
        )
        return DevelopmentTokens(apps, tokens)

    async def revoke(self, now: datetime) -> int:
        """Revoke the development keys of every city. Returns how many were still valid."""
        revoked, last = 0, ""
        while page := await self._keys.find({"revoked_at": None, "_id": {"$gt": last}}, sort=[("_id", 1)], limit=PAGE):
            last = page[-1]["_id"]
            made = [key["_id"] for key in page if self._made(key)]
            if made:
                change: Document = {"$set": {"revoked_at": now, "ended": ENDED}}
                revoked += await self._keys.update_all({"_id": {"$in": made}, "revoked_at": None}, change)
        return revoked

    def _made(self, key: Document) -> bool:
        """Whether a stored key is a development key: it can be derived from the secret and its own fields."""
        if key["kind"] == "officer":
            return bool(key["_id"] == token_hash(self._person_token(key["city"], key["person"])))
        named = [name for name, app in APPS.items() if app == (key["kind"], key.get("app"))]
        return any(key["_id"] == token_hash(self._app_key(key["kind"], key["city"], name)) for name in named)

    def _app_key(self, kind: str, city: str, name: str) -> str:
        return app_key(self._secret, kind, city, name)

    def _person_token(self, city: str, person: str) -> str:
        return f"whk_officer_{derived_token(self._secret, 'dev', city, 'person', person)}"


def app_key(secret: str, kind: str, city: str, name: str) -> str:
    """The key of one of ``APPS``, by its name there and its kind."""
    return f"whk_{kind}_{derived_token(secret, 'dev', city, name)}"
