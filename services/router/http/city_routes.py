"""Cities: loading a pack is a new version; the switch is an event. Keys, and in development a token for everybody."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
import structlog
from msgspec import UNSET
from starlette.responses import Response

from services.router.http.city_answers import (
    CityEntry,
    CityList,
    DevelopmentAccess,
    DevelopmentPerson,
    KeyEntry,
    KeyPage,
    LoadedPack,
    NewKey,
    RevokedKeys,
    RotatedTokens,
)
from services.router.rota.rights import rights
from shared.city.checks.rota import check_rota
from shared.city.pack import Pack
from shared.city.problems import PackProblems, Problem
from shared.city.reading import check_bytes, read_pack
from shared.contracts import cities as contract
from shared.contracts.catalogue import encode
from shared.contracts.envelope import Envelope
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, forbidden, invalid, not_found, unavailable
from shared.kernel.ids import event_id
from shared.runtime.confined_process import ConfinedProcess, ProcessEndedError
from shared.runtime.http_server.field_types import NoBody
from shared.runtime.http_server.pagination import Cursor, Limit, beyond, page
from shared.runtime.http_server.route import Answer, Call, Route, get, post
from shared.runtime.identity.development_keys import DevelopmentKeys
from shared.runtime.identity.directory import EVERY_CITY, Directory, Principal, key_id
from shared.runtime.identity.tokens import new_token
from shared.runtime.kafka.outbox_relay import as_pending
from shared.runtime.pack_library import FILES_MAX, PackLibrary
from shared.runtime.settings import Settings
from shared.runtime.storage.mongo import Collection, Document
from shared.runtime.timekeeping.wall_clock import real_now

log = structlog.get_logger()

OPS = frozenset({"ops"})
SET_UP = frozenset({"ops", "setup"})
READING_SECONDS = 30.0
"""For one pack. The largest that passes takes some ten."""
READ_HERE_MAX = 256 * 1024
"""Characters of a pack that a thread reads without holding up anybody."""
IDLE_SECONDS = 30.0
SHOWN_MAX = 1000
"""Characters of one problem in an answer."""
Name = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_.-]{1,60}$")]


class LoadBody(msgspec.Struct, forbid_unknown_fields=True):
    """A pack's files, name to text."""

    files: Annotated[dict[Annotated[str, msgspec.Meta(max_length=100)], str], msgspec.Meta(max_length=100)]


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


class Cities:
    """Packs that hold, and who may do what in them."""

    def __init__(
        self,
        cities: Collection,
        packs: PackLibrary,
        directory: Directory,
        settings: Settings,
        clock: Clock,
        switched: Callable[[], None],
        development: DevelopmentKeys,
        left: Callable[[str, list[str]], Awaitable[None]],
    ) -> None:
        """``left``: told a city and the people of its new pack, so that others lose their accounts."""
        self._left = left
        self._development = development
        self._cities = cities
        self._packs = packs
        self._directory = directory
        self._settings = settings
        self._clock = clock
        self._switched = switched
        self._loading = asyncio.Lock()
        self._pack_reader = ConfinedProcess(READING_SECONDS, nice=5, idle_seconds=IDLE_SECONDS)

    def routes(self) -> list[Route]:
        everybody = frozenset({"ops", "service", "officer", "rider_app", "importer"})
        routes = [
            post(
                "/v1/cities",
                self.load,
                "Load a pack as the version that holds from now on",
                roles=SET_UP,
                body=LoadBody,
                logged="setup",
                json_max=FILES_MAX,
                large_body_process=self._pack_reader,
                keyed=True,
                idempotent_as="cities",
                answers={200: LoadedPack},
            ),
            get("/v1/cities", self.list, "Cities", roles=everybody, answers={200: CityList}),
            get(
                "/v1/cities/{city}/packs/{version}",
                self.pack,
                "A version's files, gzipped JSON",
                roles=frozenset({"ops", "service"}),
                media=("application/gzip",),
            ),
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
        if self._settings.dev_tokens:
            routes.append(
                post(
                    "/v1/dev/tokens",
                    self.dev_tokens,
                    "Development: a token for everybody",
                    roles=OPS,
                    body=TokensBody,
                    keyed=True,
                    idempotent_as="dev tokens",
                    answers={200: DevelopmentAccess},
                    replay_answer=lambda call, _: self.dev_tokens(call),
                )
            )
        return routes

    async def load(self, call: Call) -> Answer:
        files = call.body_as(LoadBody).files
        try:
            pack, warnings = await self._read(files)
        except PackProblems as problems:
            raise invalid(
                *(
                    FieldError(
                        f"/files/{p.file}#{p.place}"[:SHOWN_MAX], f"{p.message} {p.hint or ''}".strip()[:SHOWN_MAX]
                    )
                    for p in problems.problems
                )
            ) from problems
        if not call.principal.may_enter(pack.city.id):
            raise not_found("city")
        call.city, call.on = pack.city.id, pack.version
        async with self._loading:
            await self._packs.store(pack, files)
            await self._directory.put_people(pack.city.id, rights(pack), pack.version)
            await self._left(pack.city.id, list(pack.people))
            await self._packs.switch(pack.city.id, pack.version, self._clock.now())
            self._switched()
            await self._tell(pack)
        return Answer(
            LoadedPack(
                city=pack.city.id,
                version=pack.version,
                units=len(pack.units),
                warnings=[f"{w.file} {w.place}: {w.message}" for w in warnings][:200],
            )
        )

    async def _read(self, files: dict[str, str]) -> tuple[Pack, list[Problem]]:
        """The pack and its warnings. Raises ``PackProblems``.

        A large one is checked in a process of its own; what passed holds so little that a thread can read it again.
        """
        now = self._clock.now()
        if sum(map(len, files.values())) <= READ_HERE_MAX:
            return await asyncio.to_thread(_read, files, now)
        check_bytes(files)
        try:
            problems, warnings = await self._pack_reader.run(_found_in, files, now)
        except ProcessEndedError as ended:
            says = f"the pack takes more than {READING_SECONDS:.0f} s, or more memory than it may, to read"
            raise PackProblems([Problem("", "", says)]) from ended
        if problems:
            raise PackProblems(problems)
        return await asyncio.to_thread(lambda: read_pack(files, checked=True)), warnings

    async def _tell(self, pack: Pack) -> None:
        """``city.loaded.v1`` leaves from the city's document, once for each switch."""
        for _ in range(5):
            document = await self._cities.find_one({"_id": pack.city.id}) or {}
            if document.get("current") == pack.version:
                return
            version = int(document.get("version", 0)) + 1
            event = Envelope(
                id=event_id(pack.city.id, version, 0),
                type="city.loaded.v1",
                topic=contract.TOPIC,
                key=pack.city.id,
                subject=pack.city.id,
                city=pack.city.id,
                sequence=version,
                time=self._clock.now(),
                lane=0,
                trace="",
                data=encode(contract.CityLoaded(city=pack.city.id, version=pack.version)),
            )
            changed: dict[str, Any] = {
                "$set": {"version": version, "current": pack.version},
                "$push": {"pending": {"$each": as_pending([event])}},
                "$min": {"outbox.lane": 0, "outbox.since": real_now()},
            }
            if version == 1:
                await self._cities.insert({"_id": pack.city.id, "version": 0})
            if await self._cities.update({"_id": pack.city.id, "version": version - 1}, changed):
                return
        raise unavailable("Others are loading this city. Repeat with the same key.")

    async def list(self, call: Call) -> Answer:
        """To operators also how many administrators a city has: `whistle doctor` says when there is none."""
        items = []
        for city, version in sorted(self._packs.cities.items()):
            if not call.principal.may_enter(city):
                continue
            told = self._packs.current(city).city
            appointed = {*told.administrators.ops, *told.administrators.setup, *told.administrators.auditor}
            entry = CityEntry(
                city=city,
                version=version,
                name=told.name,
                shadow=told.shadow,
                timezone=told.timezone,
                administrators=len(appointed) if call.principal.kind == "ops" else UNSET,
            )
            items.append(entry)
        return Answer(CityList(items))

    async def pack(self, call: Call) -> Response:
        city, version = call.path["city"], call.path["version"]
        if not re.fullmatch(r"[A-Za-z0-9_.-]{1,60}", city) or not re.fullmatch(r"[0-9a-f]{8,64}", version):
            raise not_found("pack")
        content = await self._packs.content(city, version)
        if content is None or not call.principal.may_enter(city):
            raise not_found("pack")
        return Response(content, media_type="application/gzip")

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

    async def dev_tokens(self, call: Call) -> Answer:
        city = call.body_as(TokensBody).city
        if not call.principal.may_enter(city) or city not in self._packs.cities:
            raise not_found("city")
        pack = self._packs.current(city)
        made = await self._development.make(city, list(pack.people), self._clock.now())
        people = [
            DevelopmentPerson(id=p.id, unit=p.unit, role=p.role, post=p.post, token=made.people[p.id])
            for p in pack.people.values()
        ]
        return Answer(DevelopmentAccess(city=city, **made.apps, people=people), stored_body={})


def _read(files: dict[str, str], now: datetime) -> tuple[Pack, list[Problem]]:
    """The pack and its warnings, those of the coming weeks' rota too. Raises ``PackProblems``."""
    pack = read_pack(files)
    holes, warnings = check_rota(pack, now)
    if holes:
        raise PackProblems(holes)
    return pack, [*pack.warnings, *warnings]


def _found_in(files: dict[str, str], now: datetime) -> tuple[list[Problem], list[Problem]]:
    """Returns problems instead of raising them: exceptions cross the process boundary only as text."""
    try:
        return [], _read(files, now)[1]
    except PackProblems as found:
        return found.problems, []


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
