"""Retention: deletes what is older than the city pack's ``retention`` allows, and records how much.

Age is real time since a document was stored. Every service sweeps its own collections every hour, page by page;
``dry_run`` only counts.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
import structlog

from shared.city.model.entry import Id
from shared.city.promises.durations import long_before
from shared.kernel.errors import not_found
from shared.runtime.http_server.route import Answer, Call, Route, post
from shared.runtime.identity.directory import EVERY_CITY
from shared.runtime.ops_answers import RetentionAnswer, RetentionItem
from shared.runtime.pack_library import PackLibrary
from shared.runtime.periodic import every
from shared.runtime.storage.mongo import Collection, Database, Document
from shared.runtime.timekeeping.wall_clock import real_now

log = structlog.get_logger()

PAGE = 100
PAGES_MAX = 100
"""Most pages of one kind and city in one run; the next run continues."""
EVERY_SECONDS = 3600.0
OPS = frozenset({"ops"})


@dataclass(frozen=True, slots=True)
class RetainedKind:
    """A kind of document that is deleted by age.

    ``rules``: keys of the pack's ``retention``; the first that the pack has applies. ``age``: the indexed field with
    the time of storing. ``forget`` deletes documents with all that belongs to them and returns how many; it must be
    repeatable, since a crash can leave a document half deleted. ``only``: a filter for documents that may be deleted.
    """

    kind: str
    rules: tuple[str, ...]
    collection: Collection
    age: str
    forget: Callable[[Sequence[Document]], Awaitable[int]]
    only: Document


class RunBody(msgspec.Struct, forbid_unknown_fields=True):
    dry_run: bool = False
    city: Id | None = None


class Retention:
    """Deletes old documents of one service."""

    def __init__(self, database: Database, packs: PackLibrary, *kept: RetainedKind) -> None:
        self._runs: Collection = database.collection("retention_runs")
        self._packs = packs
        self._kept = kept

    def routes(self) -> list[Route]:
        summary = "Delete what is older than the pack keeps it; with dry_run only count"
        return [
            post(
                "/v1/retention:run",
                self.run_route,
                summary,
                roles=OPS,
                body=RunBody,
                keyed=True,
                idempotent_as="runs of retention",
                answers={200: RetentionAnswer},
                logged="operations",
            )
        ]

    async def run(self) -> None:
        """Every ``EVERY_SECONDS``, first an hour after the start, until it is cancelled."""

        async def sweep() -> None:
            for city in list(self._packs.cities):
                await self.sweep(city)

        await asyncio.sleep(EVERY_SECONDS)
        await every(EVERY_SECONDS, sweep, "retention")

    async def run_route(self, call: Call) -> Answer:
        body = call.body_as(RunBody)
        own = call.principal.city
        cities = [c for c in self._packs.cities if own in (EVERY_CITY, c) and body.city in (None, c)]
        if body.city is not None and not cities:
            raise not_found("city")
        items = [item for city in cities for item in await self.sweep(city, dry_run=body.dry_run)]
        return Answer(RetentionAnswer(body.dry_run, items))

    async def sweep(self, city: str, *, dry_run: bool = False) -> list[RetentionItem]:
        """Delete what is too old in ``city``, or with ``dry_run`` count it.

        Returns an item per kind. Runs that deleted something are recorded in ``retention_runs``.
        """
        now = real_now()
        rules = self._packs.current(city).city.retention
        done: list[RetentionItem] = []
        for kept in self._kept:
            rule = next((rules[word] for word in kept.rules if word in rules), None)
            if rule is not None:
                before = long_before(now, rule)
                where = {**kept.only, "city": city}
                count = await (self._count if dry_run else self._forget)(kept, where, before)
                done.append(RetentionItem(city, kept.kind, rule, before, count))
        if not dry_run and any(item.count for item in done):
            items = msgspec.to_builtins(done, builtin_types=(datetime,))
            await self._runs.insert({"_id": f"{city}/{now.isoformat()}", "at": now, "city": city, "items": items})
            log.info("retention.swept", city=city, **{item.kind: item.count for item in done})
        return done

    async def _count(self, kept: RetainedKind, where: Document, before: datetime) -> int:
        return await kept.collection.count({**where, kept.age: {"$lte": before}}, limit=PAGE * PAGES_MAX)

    async def _forget(self, kept: RetainedKind, where: Document, before: datetime) -> int:
        """Delete page by page, oldest first. Documents that ``forget`` leaves are skipped."""
        gone, ages = 0, {"$lte": before}
        for _ in range(PAGES_MAX):
            page = await kept.collection.find({**where, kept.age: ages}, sort=[(kept.age, 1)], limit=PAGE)
            went = await kept.forget(page) if page else 0
            gone += went
            if len(page) < PAGE or (not went and ages.get("$gte") == page[-1][kept.age]):
                break
            ages = {"$lte": before, "$gte": page[-1][kept.age]}
        return gone
