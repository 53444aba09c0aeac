"""Cities: loading a pack is a new version; the switch is an event."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

import msgspec
import structlog
from msgspec import UNSET
from starlette.responses import Response

from services.router.http.city_answers import (
    CityEntry,
    CityList,
    LoadedPack,
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
from shared.kernel.errors import FieldError, conflict, invalid, not_found, unavailable
from shared.kernel.ids import event_id
from shared.runtime.confined_process import ConfinedProcess, ProcessEndedError
from shared.runtime.http_server.route import Answer, Call, Route, get, post
from shared.runtime.identity.directory import Directory
from shared.runtime.kafka.outbox_relay import as_pending
from shared.runtime.pack_library import FILES_MAX, PackLibrary
from shared.runtime.storage.mongo import Collection
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
    """A pack's files, name to text. ``ends_demonstration``: the city's id, where it was a demonstration until now and
    from now on is in use."""

    files: Annotated[dict[Annotated[str, msgspec.Meta(max_length=100)], str], msgspec.Meta(max_length=100)]
    ends_demonstration: Name | None = None


class Cities:
    """Packs that hold, and who may do what in them."""

    def __init__(
        self,
        cities: Collection,
        packs: PackLibrary,
        directory: Directory,
        clock: Clock,
        switched: Callable[[], None],
        left: Callable[[str, list[str]], Awaitable[None]],
    ) -> None:
        """``left``: told a city and the people of its new pack, so that others lose their accounts."""
        self._left = left
        self._cities = cities
        self._packs = packs
        self._directory = directory
        self._clock = clock
        self._switched = switched
        self._loading = asyncio.Lock()
        self._pack_reader = ConfinedProcess(READING_SECONDS, nice=5, idle_seconds=IDLE_SECONDS)

    def routes(self) -> list[Route]:
        everybody = frozenset({"ops", "service", "officer", "rider_app", "importer"})
        return [
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
        ]

    async def load(self, call: Call) -> Answer:
        body = call.body_as(LoadBody)
        files = body.files
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
            self._may_end_demonstration(pack, body.ends_demonstration)
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

    def _may_end_demonstration(self, pack: Pack, confirmed: str | None) -> None:
        """Raises ``Refusal`` 409 where a demonstration would come into use, and nobody said that this is meant."""
        city = pack.city.id
        before = self._packs.current(city) if city in self._packs.cities else None
        if before is None or not before.city.demonstration or pack.city.demonstration or confirmed == city:
            return
        raise conflict(
            "demonstration-ends",
            f"{city} is a demonstration until now. From this pack on its people are told of reports, and riders are "
            f"promised that somebody comes. If that is meant, send `ends_demonstration`: {city!r} with the files; "
            "otherwise write `demonstration: true` into city.yaml.",
            city=city,
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
                demonstration=told.demonstration,
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
