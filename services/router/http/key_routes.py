"""Keys of apps, importers and operators, the installation's own tokens, and in development a token for everybody."""

from typing import Annotated, Any, Literal

import msgspec
import structlog

from services.router.http.city_answers import (
    DevelopmentAccess,
    DevelopmentPerson,
    KeyEntry,
    KeyPage,
    NewKey,
    RevokedKeys,
    RotatedTokens,
)
from services.router.http.city_routes import SET_UP, Name
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, forbidden, invalid, not_found
from shared.runtime.http_server.field_types import NoBody
from shared.runtime.http_server.pagination import Cursor, Limit, beyond, page
from shared.runtime.http_server.route import Answer, Call, Route, get, post
from shared.runtime.identity.development_keys import DevelopmentKeys
from shared.runtime.identity.directory import EVERY_CITY, Directory, Principal, key_id
from shared.runtime.identity.tokens import new_token
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Document

log = structlog.get_logger()

OPS = frozenset({"ops"})


class KeyBody(msgspec.Struct, forbid_unknown_fields=True):
    name: Name
    role: Literal["rider_app", "importer", "ops"]
    city: Name
    rate: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    """Requests a second, where the installation's own quota does not fit."""


class RevokeBody(msgspec.Struct, forbid_unknown_fields=True):
    """``name``: every key of that name, of ``role`` alone where it is said; or ``id``: one key, as the list has it."""

    city: Name
    name: Name | None = None
    id: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$")] | None = None
    role: Literal["rider_app", "importer", "ops", "officer"] | None = None


class KeysQuery(msgspec.Struct, forbid_unknown_fields=True):
    city: Name | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class TokensBody(msgspec.Struct, forbid_unknown_fields=True):
    city: Name


class KeyRoutes:
    """``/v1/keys…``."""

    def __init__(self, directory: Directory, packs: PackLibrary, clock: Clock) -> None:
        self._directory = directory
        self._packs = packs
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            post(
                "/v1/keys",
                self.new_key,
                "A key, shown once",
                roles=SET_UP,
                body=KeyBody,
                logged="setup",
                keyed=True,
                idempotent_as="keys",
                answers={201: NewKey},
            ),
            post(
                "/v1/keys:revoke",
                self.revoke,
                "Revoke the keys of a name, or one key",
                roles=SET_UP,
                body=RevokeBody,
                logged="setup",
                keyed=True,
                idempotent_as="revocations",
                answers={200: RevokedKeys},
            ),
            get(
                "/v1/keys",
                self.keys,
                "Keys, newest first: never the tokens themselves",
                roles=SET_UP,
                query=KeysQuery,
                answers={200: KeyPage},
            ),
            post(
                "/v1/keys:rotate",
                self.rotate,
                "New tokens for the installation's ops and services; the old ones end",
                roles=OPS,
                body=NoBody,
                logged="setup",
                keyed=True,
                idempotent_as="rotations",
                answers={200: RotatedTokens},
            ),
        ]

    async def new_key(self, call: Call) -> Answer:
        """The key is in the first answer alone: whoever lost that asks under another idempotency key."""
        body = call.body_as(KeyBody)
        if not call.principal.may_enter(body.city) or body.city not in self._packs.cities:
            raise invalid(FieldError("/city", "is not loaded"))
        if body.role == "ops" and call.principal.kind != "ops":
            raise forbidden("A key of ops is made by ops.")
        maker = _maker(call.principal)
        call.city, call.on = body.city, body.name
        token = new_token(body.role)
        app = body.name if body.role != "ops" else None
        who = Principal(kind=body.role, city=body.city, app=app, rate=body.rate, name=body.name)
        await self._directory.add_keys([(token, who)], self._clock.now(), maker)
        about = NewKey(city=body.city, name=body.name, role=body.role)
        return Answer(msgspec.structs.replace(about, key=token), 201, stored_body=about)

    async def keys(self, call: Call) -> Answer:
        """Who may come in, and who let them: a key that somebody made in secret is found here."""
        query, who = call.query_as(KeysQuery), call.principal
        city = query.city if who.city == EVERY_CITY else who.city
        where: dict[str, Any] = {} if city is None else {"city": city}
        if query.city is not None and not who.may_enter(query.city):
            raise not_found("city")
        if query.cursor is not None:
            where |= beyond(query.cursor, "created_at", -1)
        found, following = page(await self._directory.keys(where, query.limit + 1), query.limit, "created_at")
        return Answer(KeyPage([_key_view(key) for key in found], following))

    async def revoke(self, call: Call) -> Answer:
        body, now = call.body_as(RevokeBody), self._clock.now()
        call.city, call.on = body.city, body.name or body.id or ""
        if not call.principal.may_enter(body.city):
            raise not_found("city")
        if body.id is not None:
            return Answer(RevokedKeys(await self._directory.revoke_one(body.city, body.id, now)))
        if body.name is None:
            raise invalid(FieldError("/name", "is required, or an id"))
        return Answer(RevokedKeys(await self._directory.revoke(body.city, body.name, now, role=body.role)))

    async def rotate(self, call: Call) -> Answer:
        """The new tokens are in no answer: they follow from the secret, which a thief of a token does not have."""
        if call.principal.city != EVERY_CITY:
            raise forbidden("The installation's tokens are for its own ops.")
        generation = await self._directory.installation.raised(call.key)
        log.warning("installation.tokens_rotated", generation=generation)
        return Answer(RotatedTokens(generation))


class DevelopmentTokens:
    """``/v1/dev/tokens``: not there unless the installation allows development tokens."""

    def __init__(self, keys: DevelopmentKeys, packs: PackLibrary, clock: Clock) -> None:
        self._keys = keys
        self._packs = packs
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            post(
                "/v1/dev/tokens",
                self.tokens,
                "Development: a token for everybody",
                roles=OPS,
                body=TokensBody,
                keyed=True,
                idempotent_as="dev tokens",
                answers={200: DevelopmentAccess},
                replay_answer=lambda call, _: self.tokens(call),
            )
        ]

    async def tokens(self, call: Call) -> Answer:
        city = call.body_as(TokensBody).city
        if not call.principal.may_enter(city) or city not in self._packs.cities:
            raise not_found("city")
        pack = self._packs.current(city)
        made = await self._keys.make(city, list(pack.people), self._clock.now())
        people = [
            DevelopmentPerson(id=p.id, unit=p.unit, role=p.role, post=p.post, token=made.people[p.id])
            for p in pack.people.values()
        ]
        return Answer(DevelopmentAccess(city=city, **made.apps, people=people), stored_body={})


def _maker(who: Principal) -> str:
    """Whose act it is, as a key keeps it."""
    return who.person or who.name or ("ops" if who.city == EVERY_CITY else f"ops of {who.city}")


def _key_view(key: Document) -> KeyEntry:
    return KeyEntry(
        id=key_id(key),
        city=key["city"],
        name=key.get("name") or key.get("app") or key.get("person"),
        role=key["kind"],
        made_by=key.get("made_by"),
        created_at=key["created_at"],
        revoked_at=key["revoked_at"],
    )
