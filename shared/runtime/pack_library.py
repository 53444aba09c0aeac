"""The city packs of a service, by version: fetched once from the router and kept in the service's own database.

A version is the hash of its content and never changes, so a service that has it can start and work while the router is
down. Which version is current is learnt from ``city.loaded.v1`` and a slow poll.
"""

import asyncio
import gzip
import io
from collections.abc import Callable, Mapping
from datetime import datetime

import httpx
import msgspec
import structlog

from shared.city.pack import Pack
from shared.city.reading import read_pack
from shared.kernel.errors import Refusal, unavailable
from shared.runtime.http_client import client as http_client
from shared.runtime.settings import Settings
from shared.runtime.storage.mongo import Database, Document, MongoError

log = structlog.get_logger()

KEPT = 8
SWITCHES_KEPT = 50
"""Earlier current versions of a city that are remembered, newest last."""
POLL_SECONDS = 5.0
FILES_MAX = 64 * 1024 * 1024


def switches_of(held: Document) -> list[tuple[datetime, str]]:
    """Since when which version was current, oldest first, from a document of ``packs_current``."""
    rows = [*held.get("earlier", ()), held]
    return [(row["since"], row["version"]) for row in rows if row.get("since") is not None]


class RouterPacks:
    """The router's packs over HTTP."""

    def __init__(self, settings: Settings, auth: httpx.Auth, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = http_client.client(settings.router_url, transport=transport, auth=auth)

    async def files(self, city: str, version: str) -> bytes:
        """The files of a pack as gzipped JSON. Raises ``httpx.HTTPError`` when the router does not answer.

        Raises ``Refusal`` 404 for a version that the router does not have. That is no outage: retrying would not help,
        so the event that names the version is parked.
        """
        answer = await self._client.get(f"/v1/cities/{city}/packs/{version}")
        if answer.status_code == 404:
            raise Refusal(404, "not-found", f"No version {version} of the pack of {city}.")
        answer.raise_for_status()
        return answer.content

    async def current(self) -> dict[str, str]:
        """City → current version. Raises ``httpx.HTTPError``."""
        answer = await self._client.get("/v1/cities")
        answer.raise_for_status()
        items = msgspec.json.decode(answer.content)["items"]
        return {item["city"]: item["version"] for item in items}


class PackLibrary:
    """Packs by city and version. ``KEPT`` are cached in memory, current versions always."""

    def __init__(self, database: Database, remote: RouterPacks | None) -> None:
        self._bucket = database.bucket("packs")
        self._current = database.collection("packs_current")
        self._remote = remote
        self._packs: dict[tuple[str, str], Pack] = {}
        self._now: dict[str, str] = {}
        self._switches: dict[str, list[tuple[datetime, str]]] = {}
        """City → since when each of the newest versions was the current one, oldest first."""
        self._reading = asyncio.Lock()

    @property
    def cities(self) -> dict[str, str]:
        """City → current version."""
        return dict(self._now)

    def current(self, city: str) -> Pack:
        """The current pack of a city. Raises ``Refusal`` 503 when it has none yet."""
        pack = self._packs.get((city, self._now.get(city, "")))
        if pack is None:
            raise unavailable(f"The city {city!r} has no pack loaded yet: whistle city load DIR.", retry_after=5)
        return pack

    def known(self, city: str, version: str) -> Pack | None:
        """A version of a pack if it is cached in memory, else None."""
        return self._packs.get((city, version))

    async def get(self, city: str, version: str) -> Pack:
        """A version of a pack, from memory, the service's database or the router.

        Raises ``MongoError``, ``httpx.HTTPError``, or ``Refusal`` 404 for an unknown version.
        """
        found = self._packs.get((city, version))
        if found is not None:
            return found
        async with self._reading:
            found = self._packs.get((city, version))
            if found is None:
                content = await self._bucket.get(f"{city}/{version}")
                if content is None:
                    content = await self._fetched(city, version)
                found = await asyncio.to_thread(lambda: read_pack(unpacked(content), checked=True))
                self._keep(found)
        return found

    async def _fetched(self, city: str, version: str) -> bytes:
        if self._remote is None:
            raise Refusal(404, "not-found", f"No version {version} of the pack of {city}.")
        content = await self._remote.files(city, version)
        await self._bucket.put(f"{city}/{version}", content)
        return content

    async def content(self, city: str, version: str) -> bytes | None:
        """The stored files of a version as gzipped JSON; None when they are not stored here."""
        return await self._bucket.get(f"{city}/{version}")

    async def store(self, pack: Pack, files: Mapping[str, str]) -> None:
        """Store a pack and its files, and cache it."""
        await self._bucket.put(f"{pack.city.id}/{pack.version}", await asyncio.to_thread(packed, files))
        self._keep(pack)

    async def switch(self, city: str, version: str, now: datetime) -> None:
        """Make ``version`` the current one. It is read first, so that no request has to wait for it."""
        await self.get(city, version)
        held = await self._current.find_one({"_id": city})
        if held is None or held["version"] != version:
            told = switches_of(held)[-SWITCHES_KEPT:] if held is not None else []
            earlier = [{"version": was, "since": since} for since, was in told]
            held = {"_id": city, "version": version, "since": now, "earlier": earlier}
            changed = {name: value for name, value in held.items() if name != "_id"}
            await self._current.update({"_id": city}, {"$set": changed}, upsert=True)
        self._switches[city] = switches_of(held)
        self._now[city] = version
        log.info("pack.switched", city=city, version=version)

    def in_force(self, city: str, at: datetime, named: str, made_at: datetime) -> str:
        """The version that was the city's current one at ``at``.

        ``named``: the version of something that was made at ``made_at``. It is the answer where this service does not
        remember so far back, and where it is the later one: the router switches first, and this service had not yet.
        """
        known = self._switches.get(city, [])
        number = next((n for n in reversed(range(len(known))) if known[n][0] <= at), None)
        if number is None:
            return named
        since, version = known[number]
        switched = [n for n, (_, one) in enumerate(known) if one == named]
        later = switched[-1] > number if switched else made_at >= since
        return named if later else version

    def before(self, city: str, version: str) -> str | None:
        """The version that was the city's current one before ``version`` became it; None if this service knows none."""
        known = [was for _, was in self._switches.get(city, [])]
        if version in known:
            known = known[: len(known) - 1 - known[::-1].index(version)]
        return known[-1] if known else None

    async def since(self, city: str) -> datetime | None:
        """Since when the city's pack is the current one, by the service's database; None when it has none."""
        held = await self._current.find_one({"_id": city})
        return held.get("since") if held is not None else None

    async def open(self) -> None:
        """Read the packs that were current when the service stopped."""
        for document in await self._current.find({}, limit=1000):
            self._now[document["_id"]] = document["version"]
            self._switches[document["_id"]] = switches_of(document)
            await self.get(document["_id"], document["version"])

    async def follow(self, now: datetime) -> None:
        """Ask the router once for the current versions, and switch to them."""
        if self._remote is not None:
            for city, version in (await self._remote.current()).items():
                if self._now.get(city) != version:
                    await self.switch(city, version, now)

    def _keep(self, pack: Pack) -> None:
        self._packs[pack.city.id, pack.version] = pack
        used = {(city, version) for city, version in self._now.items()}
        for old in [place for place in self._packs if place not in used][: max(0, len(self._packs) - KEPT)]:
            if old != (pack.city.id, pack.version):
                del self._packs[old]


class PackFollower:
    """Keeps a library in step with the router by polling; ``wake``, called on ``city.loaded.v1``, polls at once."""

    def __init__(self, library: PackLibrary, clock_now: Callable[[], datetime]) -> None:
        self._library = library
        self._now = clock_now
        self._wake = asyncio.Event()

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        while True:
            quick = not self._library.cities
            try:
                await self._library.follow(self._now())
            except (httpx.HTTPError, MongoError) as error:
                log.info("packs.router_away", error=str(error), kind=type(error).__name__)
            self._wake.clear()
            try:
                async with asyncio.timeout(0.3 if quick else POLL_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                continue


def packed(files: Mapping[str, str]) -> bytes:
    """A pack's files as gzipped JSON."""
    return gzip.compress(msgspec.json.encode(dict(files)), 6, mtime=0)


def unpacked(content: bytes) -> dict[str, str]:
    """The files in the gzipped JSON ``content``. Raises ``ValueError`` above ``FILES_MAX`` bytes."""
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
        raw = stream.read(FILES_MAX + 1)
    if len(raw) > FILES_MAX:
        raise ValueError("the pack is larger than 64 MiB")
    return msgspec.json.decode(raw, type=dict[str, str])
