"""Keys of screens on walls: made, listed and revoked by who sets the city up, and by supervisors for their own units.

A supervisor has those of his own unit and the units below it, whoever made them: the filter of every query says so.
Where he stands in for somebody else he has none, for a key outlives the hour; nor makes he one in a session that a PIN
opened, which ends with the shift. What he sees below is what his unit sees, on a screen too; a screen that an office
set up shows nothing confidential. Keys stop with the right by which they were made (``principals.screen``).
"""

from datetime import datetime
from typing import Annotated

import msgspec

from services.router.city_scope import city_named
from services.router.http.city_answers import RevokedKeys
from services.router.sign_in.sign_in import pin_session
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, Refusal, conflict, forbidden, invalid, not_found
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.pagination import LIMIT_MAX, Cursor, Limit, beyond, page
from shared.runtime.http_server.route import Answer, Call, Route, get, post
from shared.runtime.identity.directory import EVERY_CITY, Directory, Principal, key_id
from shared.runtime.identity.tokens import new_token, token_hash
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Document

LIVING_MAX = 20
"""Keys of the screens of one unit that are not revoked, so that a list has all of them."""
NAMED_MAX = 3
MAKERS = frozenset({"ops", "setup", "officer"})
"""Of officers, supervisors alone."""
Name = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_.-]{1,60}$")]


class WallKeyBody(msgspec.Struct, forbid_unknown_fields=True):
    """``name``: of the screen. ``unit``: what it shows, with everything below."""

    name: Name
    unit: Ident
    city: Ident | None = None


class WallRevokeBody(msgspec.Struct, forbid_unknown_fields=True):
    """``id``: as the list has it."""

    id: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$")]
    city: Ident | None = None


class WallKeysQuery(msgspec.Struct, forbid_unknown_fields=True):
    """``living``: those that are not revoked alone, or (false) those that are."""

    city: Ident | None = None
    living: bool | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class WallKey(msgspec.Struct, frozen=True, kw_only=True):
    """``key``: shown here alone."""

    city: str
    unit: str
    name: str
    key: str


class WallKeyEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A key without its token. ``stopped``: not revoked, but who made it may make it no more, or has left."""

    id: str
    city: str
    unit: str
    name: str
    made_by: str
    created_at: datetime
    revoked_at: datetime | None
    stopped: bool


class WallKeyPage(msgspec.Struct, frozen=True):
    items: list[WallKeyEntry]
    next: str | None


class SpareKey(msgspec.Struct, frozen=True, kw_only=True):
    """One that may be revoked (``revoke`` of the problem `too-many`)."""

    id: str
    name: str


class WallKeyRoutes:
    """``/v1/walls`` and ``/v1/walls:revoke``."""

    def __init__(self, directory: Directory, packs: PackLibrary, clock: Clock) -> None:
        self._directory = directory
        self._packs = packs
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            post(
                "/v1/walls",
                self.make,
                "A key for a screen on the wall, shown once",
                roles=MAKERS,
                body=WallKeyBody,
                answers={201: WallKey, 409: None},
                logged="setup",
            ),
            get(
                "/v1/walls",
                self.keys,
                "Keys of screens, newest first: never the tokens themselves",
                roles=MAKERS,
                query=WallKeysQuery,
                answers={200: WallKeyPage},
            ),
            post(
                "/v1/walls:revoke",
                self.revoke,
                "Revoke the key of a screen",
                roles=MAKERS,
                body=WallRevokeBody,
                answers={200: RevokedKeys, 404: None},
                logged="setup",
            ),
        ]

    async def make(self, call: Call) -> Answer:
        body, who = call.body_as(WallKeyBody), call.principal
        city, units = self._ground(who, body.city)
        call.city, call.on = city, body.name
        if body.unit not in self._packs.current(city).units:
            raise invalid(FieldError("/unit", "is no unit of this city"))
        if units is not None and body.unit not in units:
            raise invalid(FieldError("/unit", "is neither your unit nor one below it"))
        await self._check_full_session(who)
        await self._check_room(city, body.unit, LIVING_MAX - 1)
        token = new_token("wall")
        sees_as = who.unit if units is not None else None
        key = Principal(kind="wall", city=city, unit=body.unit, name=body.name, sees_as=sees_as, maker=who.person)
        await self._directory.add_keys([(token, key)], self._clock.now(), who.person or who.name or who.who)
        try:
            await self._check_room(city, body.unit, LIVING_MAX)  # others may have made one at the same time
        except Refusal:
            await self._directory.revoke_where({"_id": token_hash(token)}, self._clock.now())
            raise
        made = WallKey(city=city, unit=body.unit, name=body.name, key=token)
        return Answer(made, 201, {"cache-control": "no-store"})

    async def keys(self, call: Call) -> Answer:
        query = call.query_as(WallKeysQuery)
        where = self._where(call.principal, query.city)
        if query.living is not None:
            where["revoked_at"] = None if query.living else {"$ne": None}
        if query.cursor is not None:
            where |= beyond(query.cursor, "created_at", -1)
        found, following = page(await self._directory.keys(where, query.limit + 1), query.limit, "created_at")
        works = await self._directory.screens(found)
        return Answer(WallKeyPage([_entry(one, one["_id"] in works) for one in found], following))

    async def revoke(self, call: Call) -> Answer:
        body = call.body_as(WallRevokeBody)
        where = {**self._where(call.principal, body.city), "_id": {"$gte": body.id, "$lt": body.id + "g"}}
        found = await self._directory.keys(where, 1)
        if not found:
            raise not_found("key of a screen")
        call.city, call.on = found[0]["city"], found[0]["name"]
        return Answer(RevokedKeys(await self._directory.revoke_where(where, self._clock.now())))

    async def _check_full_session(self, who: Principal) -> None:
        """Raises ``Refusal`` 409 `pin-session` where a PIN opened the session. Keys and development tokens are none."""
        session = await self._directory.sessions.find(who.city, who.session, self._clock.now()) if who.session else None
        if session is not None and session.by == "pin":
            raise pin_session()

    async def _check_room(self, city: str, unit: str, most: int) -> None:
        """Raises ``Refusal`` 409 `too-many` where a unit has more living keys than ``most``. It says which to revoke:
        those that stopped first, then the oldest."""
        where: Document = {"kind": "wall", "city": city, "unit": unit, "revoked_at": None}
        living = await self._directory.keys(where, LIMIT_MAX)
        if len(living) <= most:
            return
        works = await self._directory.screens(living)
        spare = [
            SpareKey(id=key_id(key), name=key["name"])
            for key in sorted(living, key=lambda key: (key["_id"] in works, key["created_at"]))
        ]
        raise conflict(
            "too-many",
            f"A unit has {LIVING_MAX} keys of screens at most. Revoke one that no screen needs, for example "
            f"{', '.join(f'{one.name} ({one.id})' for one in spare[:NAMED_MAX])}.",
            name=spare[0].name,
            revoke=msgspec.to_builtins(spare),
        )

    def _where(self, who: Principal, asked: str | None) -> Document:
        """Of which keys somebody may know."""
        city, units = self._ground(who, asked)
        return {"kind": "wall", "city": city, **({} if units is None else {"unit": {"$in": units}})}

    def _ground(self, who: Principal, asked: str | None) -> tuple[str, list[str] | None]:
        """City and units for which somebody may make keys; None: all of the city. Raises ``Refusal`` 403, 404, 422."""
        if who.kind == "officer" and who.role != "supervisor":
            raise forbidden("Keys of screens are made by the supervisors of a unit.", reason="role")
        if not who.may_enter(asked or who.city):
            raise invalid(FieldError("/city", "is not yours: leave it out"))
        city = city_named(self._packs, asked if who.city == EVERY_CITY else who.city)
        if who.kind != "officer":
            return city, None
        return city, [unit.id for unit in self._packs.current(city).units.values() if who.unit in unit.path]


def _entry(key: Document, works: bool) -> WallKeyEntry:
    return WallKeyEntry(
        id=key_id(key),
        city=key["city"],
        unit=key["unit"],
        name=key["name"],
        made_by=key["made_by"],
        created_at=key["created_at"],
        revoked_at=key["revoked_at"],
        stopped=key["revoked_at"] is None and not works,
    )
