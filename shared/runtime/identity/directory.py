"""Authentication: who holds a key or token, and with which rights. Every service reads this database.

A key belongs to one city. A person's rights come from the pack (unit, role, post, appointment) and are written here
when a pack is loaded; the router also writes, for each minute, for which other units a person is on duty. Answers are
cached for four seconds, and never beyond the current minute of the installation's clock: a revocation takes effect
within five seconds, the end of a duty or appointment on its minute.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from shared.kernel.clock import Clock
from shared.kernel.errors import second_factor
from shared.runtime.identity.installation import Installation
from shared.runtime.identity.principals import (
    EVERY_CITY,
    MINUTE,
    Minutes,
    PersonRights,
    Principal,
    at_minute,
    holder,
    key_document,
    key_id,
    maker_id,
    of_pack,
    officer,
    screen,
    signed_in,
)
from shared.runtime.identity.rider_sessions import RiderSessions
from shared.runtime.identity.sessions import Session, Sessions
from shared.runtime.identity.tokens import token_hash
from shared.runtime.storage.mongo import Database, Document, UpdateOne

__all__ = ["EVERY_CITY", "MINUTE", "Directory", "Minutes", "PersonRights", "Principal", "at_minute", "key_id"]

SEEN_SECONDS = 4.0
SEEN_MAX = 20_000
STAND_INS_MAX = 10_000


class Directory:
    """Keys and people's rights in the ``identity`` database."""

    def __init__(self, database: Database, secret: str, clock: Clock, *, notes_use: bool = False) -> None:
        """``notes_use``: a session's use is written down; by the router, the one service that may write here."""
        self._notes_use = notes_use
        self._clock = clock
        self._keys = database.collection("keys")
        self._people = database.collection("people")
        self.installation = Installation(database, secret)
        self.sessions = Sessions(database)
        self.riders = RiderSessions(database)
        self._asked: dict[str, tuple[_Moment, asyncio.Future[Principal | None]]] = {}
        """Lookups in progress, by token hash: requests with the same token share one when the cached answer expires."""
        self._owned: tuple[tuple[str, str], dict[str, Principal]] | None = None
        """The installation's own tokens of the generation that was asked for last, and what ``_own`` says of them."""
        self._seen: OrderedDict[str, tuple[_Moment, Principal | None]] = OrderedDict()

    async def principal(self, token: str) -> Principal | None:
        """Who holds ``token``; None when it is unknown, revoked or outside the appointment. Raises ``MongoError``."""
        hashed = token_hash(token)
        if (own := (await self._own()).get(hashed)) is not None:
            return own
        seen = self._seen.get(hashed)
        now = self._moment()
        if seen is not None and now.seconds - seen[0].seconds < SEEN_SECONDS and now.minute == seen[0].minute:
            return seen[1]
        if hashed not in self._asked:
            self._asked[hashed] = now, asyncio.ensure_future(self._look_up(hashed))
            self._asked[hashed][1].add_done_callback(lambda _: self._asked.pop(hashed))
        asked_at, asked = self._asked[hashed]
        found = await asyncio.shield(asked)
        self._seen[hashed] = (asked_at, found)
        self._seen.move_to_end(hashed)
        while len(self._seen) > SEEN_MAX:
            self._seen.popitem(last=False)
        return found

    def _moment(self) -> "_Moment":
        return _Moment(time.monotonic(), _minute(self._clock.now()))

    async def _own(self, *, fresh: bool = False) -> dict[str, Principal]:
        """Token hash → principal, for the installation's own two tokens of the current generation."""
        tokens = await self.installation.tokens(fresh=fresh)
        if self._owned is None or self._owned[0] != tokens:
            kinds = zip(tokens, ("ops", "service"), strict=True)
            self._owned = tokens, {token_hash(token): Principal(kind=kind, city=EVERY_CITY) for token, kind in kinds}
        return self._owned[1]

    async def _look_up(self, hashed: str) -> Principal | None:
        key = await self._keys.find_one({"_id": hashed, "revoked_at": None})
        if key is None and (session := await self._session(hashed)) is not None:
            return signed_in(await self.person_since(session.city, session.person, session.opened_at), session)
        if key is None and (rider := await self._rider(hashed)) is not None:
            return rider
        if key is None:  # perhaps a token of a newer generation than the cached one
            return (await self._own(fresh=True)).get(hashed)
        if key["kind"] == "wall":
            return (await self.screens([key])).get(hashed)
        return await self.person(key["city"], key["person"]) if key["kind"] == "officer" else holder(key)

    async def _rider(self, hashed: str) -> Principal | None:
        """Who opened a rider's session, while his app has a key."""
        found = await self.riders.alive(hashed, self._clock.now())
        if found is None or not await self.has_key(found.city, found.app):
            return None
        return Principal(kind="rider", city=found.city, app=found.app, reporter=found.reporter)

    async def _session(self, hashed: str) -> Session | None:
        now = self._clock.now()
        if self._notes_use:
            return await self.sessions.used(hashed, now)
        return next(iter(await self.sessions.alive([hashed], now)), None)

    async def holders(self, hashes: Collection[str]) -> dict[str, Principal]:
        """Token hash → who holds it now; hashes that nobody holds are left out. Raises ``MongoError``."""
        found = {hashed: who for hashed, who in (await self._own(fresh=True)).items() if hashed in hashes}
        keys = await self._keys.find({"_id": {"$in": list(hashes)}, "revoked_at": None}, limit=max(1, len(hashes)))
        found |= {key["_id"]: holder(key) for key in keys if key["kind"] not in ("officer", "wall")}
        found |= await self.screens([key for key in keys if key["kind"] == "wall"])
        now = self._clock.now()
        sessions = {session.hashed: session for session in await self.sessions.alive(hashes, now)}
        of = {key["_id"]: f"{key['city']}/{key['person']}" for key in keys if key["kind"] == "officer"}
        of |= {hashed: f"{session.city}/{session.person}" for hashed, session in sessions.items()}
        ids = list(set(of.values()))
        people = {p["_id"]: p for p in await self._people.find({"_id": {"$in": ids}}, limit=max(1, len(ids)))}

        def made_at(hashed: str) -> datetime | None:
            return sessions[hashed].opened_at if hashed in sessions else None

        officers = {
            hashed: signed_in(officer(people[id_], now, made_at(hashed)), sessions.get(hashed))
            for hashed, id_ in of.items()
            if id_ in people
        }
        return found | {hashed: who for hashed, who in officers.items() if who is not None}

    async def check_confirmed(self, who: Principal, token: str) -> None:
        """Raises ``Refusal`` 403 `second-factor` where somebody signed in and gave no one-time code within ten minutes.

        Keys of ops and development tokens are no sessions and need none. Raises ``MongoError``.
        """
        if who.session is not None and not await self.sessions.is_confirmed(token, self._clock.now()):
            raise second_factor()

    async def person(self, city: str, person: str) -> Principal | None:
        """The rights of a person by the loaded pack; None when unknown or outside the appointment."""
        return await self.person_since(city, person, None)

    async def person_since(self, city: str, person: str, made_at: datetime | None) -> Principal | None:
        """The same by a session that was made then: of before he left the pack and came back it stands for nobody."""
        found = await self._people.find_one({"_id": f"{city}/{person}"})
        return None if found is None else officer(found, self._clock.now(), made_at)

    async def screens(self, keys: Sequence[Document]) -> dict[str, Principal]:
        """Token hash → screen, of those of these keys of screens whose makers may still make them. Raises
        ``MongoError``."""
        ids = [id_ for key in keys if (id_ := maker_id(key)) is not None]
        rows = await self._people.find({"_id": {"$in": ids}}, limit=len(ids)) if ids else []
        people, now = {row["_id"]: row for row in rows}, self._clock.now()
        found = {key["_id"]: screen(key, people, now) for key in keys}
        return {hashed: who for hashed, who in found.items() if who is not None}

    async def add_keys(self, keys: Sequence[tuple[str, Principal]], now: datetime, made_by: str = "ops") -> None:
        """Store ``(token, principal)`` pairs by hash; a repeat changes nothing. ``made_by``: who created the keys."""
        if keys:
            await self._keys.write(
                [
                    UpdateOne(
                        {"_id": token_hash(token)}, {"$setOnInsert": key_document(who, now, made_by)}, upsert=True
                    )
                    for token, who in keys
                ]
            )

    async def key(self, token: str) -> Document | None:
        """A key as it is stored, revoked or not."""
        return await self._keys.find_one({"_id": token_hash(token)})

    async def keys(self, where: Document, limit: int) -> list[Document]:
        """Keys as they are stored (never the tokens themselves), newest first."""
        return await self._keys.find(where, sort=[("created_at", -1), ("_id", 1)], limit=limit)

    async def has_key(self, city: str, app: str) -> bool:
        """Whether an app has a key that is not revoked. Raises ``MongoError``."""
        return bool(await self._keys.count({"city": city, "app": app, "revoked_at": None}, limit=1))

    async def had_key(self, city: str, app: str) -> bool:
        """Whether an app ever had a key, revoked or not. Raises ``MongoError``."""
        return bool(await self._keys.count({"city": city, "app": app}, limit=1))

    async def revoke(self, city: str, name: str, now: datetime, *, role: str | None = None) -> int:
        """Revoke every key with that name: of an app, of ops or of a person (``role``: only keys of that kind).

        Returns how many were still valid.
        """
        named: Document = {"$or": [{"name": name}, {"app": name}, {"person": name}]}
        return await self.revoke_where({"city": city, **named, **({"kind": role} if role is not None else {})}, now)

    async def revoke_one(self, city: str, id_: str, now: datetime) -> int:
        """Revoke the key with this id (``key_id``), for ops keys of version 0.1.0, which have no name."""
        return await self.revoke_where({"city": city, "_id": {"$gte": id_, "$lt": id_ + "g"}}, now)

    async def revoke_where(self, where: Document, now: datetime) -> int:
        """Revoke the keys that a filter finds; how many were still valid. Raises ``MongoError``."""
        return await self._keys.update_all({**where, "revoked_at": None}, {"$set": {"revoked_at": now}})

    async def live_keys(self, hashes: Sequence[str]) -> set[str]:
        """Those of ``hashes`` whose keys are not revoked; never cached."""
        found = await self._keys.find({"_id": {"$in": list(hashes)}, "revoked_at": None}, {"_id": 1}, limit=len(hashes))
        return {key["_id"] for key in found}

    async def put_people(self, city: str, people: Iterable[PersonRights], version: str) -> None:
        """Store the people of a pack, and delete everybody else of that city: who comes back is as new (``joined``)."""
        joined = self._clock.now()
        writes = [
            UpdateOne(
                {"_id": f"{city}/{p.id}"},
                {
                    "$set": {"city": city, "pack_version": version, **of_pack(p)},
                    "$setOnInsert": {"joined": joined},
                },
                upsert=True,
            )
            for p in people
        ]
        if writes:
            await self._people.write(writes)
        await self._people.delete({"city": city, "pack_version": {"$ne": version}})

    async def renew_people(self, city: str, people: Iterable[PersonRights], version: str) -> None:
        """Add the fields that an older version of this program did not write for the people of the current pack."""
        writes = [
            UpdateOne({"_id": f"{city}/{p.id}", "pack_version": version}, {"$set": of_pack(p)})
            for p in people
            if not (p.home is None and p.since is None and p.until is None and not p.offices)
        ]
        if writes:
            await self._people.write(writes)

    async def stand_ins(self, city: str) -> dict[str, tuple[datetime, Minutes]]:
        """Person → the first minute and the units per minute, as ``put_stand_ins`` wrote them last."""
        where: Document = {"city": city, "stands_in": {"$exists": True}}
        rows = await self._people.find(where, {"stands_in": 1}, limit=STAND_INS_MAX)
        written = {row["_id"].removeprefix(f"{city}/"): row["stands_in"] for row in rows}
        return {person: (told["from"], told["units"]) for person, told in written.items()}

    async def put_stand_ins(self, city: str, at: datetime, units: Mapping[str, Minutes]) -> None:
        """Store for which other units people are on duty, per minute from the full minute ``at`` on; empty: none."""
        await self._people.write(
            [
                UpdateOne({"_id": f"{city}/{person}"}, {"$set": {"stands_in": {"from": at, "units": told}}})
                if any(told)
                else UpdateOne({"_id": f"{city}/{person}"}, {"$unset": {"stands_in": 1}})
                for person, told in units.items()
            ]
        )


class _Moment(NamedTuple):
    """When a lookup began: monotonic seconds, and the full minute of the installation's clock."""

    seconds: float
    minute: datetime


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
