"""Who holds a key or token and what it may do: the one database that every service reads.

A key belongs to one city; a person's rights are the pack's (unit, role, post), written here when a pack is loaded.
Answers are kept for at most five seconds, so a revocation is seen within five.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from shared.runtime.identity.tokens import ops_token, service_token, token_hash
from shared.runtime.mongo import Database, Document, UpdateOne

SEEN_SECONDS = 5.0
SEEN_MAX = 20_000
EVERY_CITY = "*"


class Principal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whose key or token it is. ``kind``: rider_app, importer, ops, officer, service."""

    kind: str
    city: str
    app: str | None = None
    person: str | None = None
    unit: str | None = None
    role: str | None = None
    post: str | None = None
    rate: int | None = None
    """Requests a second of this key; None: the installation's ``WHISTLE_KEY_RATE``."""

    @property
    def who(self) -> str:
        """The name under which idempotency keys and acts are recorded."""
        return self.person or self.app or self.kind

    def may_enter(self, city: str) -> bool:
        return self.city in (EVERY_CITY, city)


class PersonRights(msgspec.Struct, frozen=True, kw_only=True):
    """A person of a city's posts."""

    id: str
    unit: str
    role: str
    post: str | None


class Directory:
    """Keys and people's rights in the ``identity`` database."""

    def __init__(self, database: Database, secret: str) -> None:
        self._keys = database.collection("keys")
        self._people = database.collection("people")
        self._fixed = {
            token_hash(ops_token(secret)): Principal(kind="ops", city=EVERY_CITY),
            token_hash(service_token(secret)): Principal(kind="service", city=EVERY_CITY),
        }
        self._asked: dict[str, asyncio.Future[Principal | None]] = {}
        """Who is being looked up: hundreds that ask at the moment at which an answer grows old wait for one."""
        self._seen: OrderedDict[str, tuple[float, Principal | None]] = OrderedDict()

    async def principal(self, token: str) -> Principal | None:
        """Who holds ``token``; None when nobody does any more. Raises ``MongoError``."""
        hashed = token_hash(token)
        if hashed in self._fixed:
            return self._fixed[hashed]
        seen = self._seen.get(hashed)
        if seen is not None and time.monotonic() - seen[0] < SEEN_SECONDS:
            return seen[1]
        if hashed not in self._asked:
            self._asked[hashed] = asyncio.ensure_future(self._look_up(hashed))
            self._asked[hashed].add_done_callback(lambda _: self._asked.pop(hashed))
        found = await asyncio.shield(self._asked[hashed])
        self._seen[hashed] = (time.monotonic(), found)
        self._seen.move_to_end(hashed)
        while len(self._seen) > SEEN_MAX:
            self._seen.popitem(last=False)
        return found

    async def _look_up(self, hashed: str) -> Principal | None:
        key = await self._keys.find_one({"_id": hashed, "revoked_at": None})
        if key is None:
            return None
        if key["kind"] != "officer":
            return Principal(kind=key["kind"], city=key["city"], app=key.get("app"), rate=key.get("rate"))
        return await self.person(key["city"], key["person"])

    async def person(self, city: str, person: str) -> Principal | None:
        """The rights of a person as the loaded pack gives them."""
        found = await self._people.find_one({"_id": f"{city}/{person}"})
        if found is None:
            return None
        return Principal(
            kind="officer",
            city=city,
            person=person,
            unit=found["unit"],
            role=found["role"],
            post=found["post"],
        )

    async def add_keys(self, keys: Sequence[tuple[str, Principal]], now: datetime) -> None:
        """Store ``(token, principal)`` pairs by hash; doing it again changes nothing."""
        if keys:
            await self._keys.write(
                [
                    UpdateOne({"_id": token_hash(token)}, {"$setOnInsert": _key_document(who, now)}, upsert=True)
                    for token, who in keys
                ]
            )

    async def revoke(self, city: str, app: str, now: datetime) -> int:
        """Revoke every key of an app; how many were alive."""
        return await self._keys.update_all(
            {"city": city, "app": app, "revoked_at": None}, {"$set": {"revoked_at": now}}
        )

    async def live_keys(self, hashes: Sequence[str]) -> set[str]:
        """Which of these keys, by hash, are not revoked. Read anew each time."""
        found = await self._keys.find({"_id": {"$in": list(hashes)}, "revoked_at": None}, {"_id": 1}, limit=len(hashes))
        return {key["_id"] for key in found}

    async def has_key(self, city: str, app: str) -> bool:
        """Whether an app has a key that is not revoked. Read anew each time."""
        return await self._keys.find_one({"city": city, "app": app, "revoked_at": None}, {"_id": 1}) is not None

    async def put_people(self, city: str, people: Iterable[PersonRights], version: str) -> None:
        """The pack's people, and nobody else of that city."""
        writes = [
            UpdateOne(
                {"_id": f"{city}/{p.id}"},
                {"$set": {"city": city, "unit": p.unit, "role": p.role, "post": p.post, "pack_version": version}},
                upsert=True,
            )
            for p in people
        ]
        if writes:
            await self._people.write(writes)
        await self._people.delete({"city": city, "pack_version": {"$ne": version}})


def _key_document(who: Principal, now: datetime) -> Document:
    return {
        "kind": who.kind,
        "city": who.city,
        "app": who.app,
        "person": who.person,
        "rate": who.rate,
        "created_at": now,
        "revoked_at": None,
    }
