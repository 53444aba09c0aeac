"""Renews ``seen_by`` and ``awaits`` of all open cases after a new pack, or after a new version of their rules.

Otherwise they are only stored when a case changes. The pass goes through the cases by id, page by page, and
stores how far it has come, so that it continues there after an interruption. Several routers may do it at once; a case
that changes meanwhile is skipped, because the change renews it.
"""

import asyncio

import structlog

from services.router.cases.case_store import CaseStore
from services.router.cases.stored.case_document import awaits_of
from services.router.cases.visibility import seen_by
from shared.runtime.pack_library import PackLibrary
from shared.runtime.periodic import every
from shared.runtime.storage.mongo import Database, Document, UpdateOne

log = structlog.get_logger()

RULE = 3
"""Increased when ``visibility`` or ``awaited`` decides differently, so that stored decisions are made again."""
LOOK_SECONDS = 5.0
PAGE = 500
BETWEEN_PAGES_SECONDS = 0.05
"""Live work goes first."""
_ID = "seen_by"


class VisibilityRefresh:
    """Goes through all cases of a city; how far it has come is stored in the router's ``passes``."""

    def __init__(self, database: Database, store: CaseStore, packs: PackLibrary) -> None:
        self._rows = database.collection("passes")
        self._store = store
        self._packs = packs
        self._done: dict[str, str] | None = None

    async def run(self) -> None:
        """Every ``LOOK_SECONDS``, page after page while there are more, until it is cancelled."""

        async def look() -> bool:
            more = await self.step()
            if more:
                await asyncio.sleep(BETWEEN_PAGES_SECONDS)
            return more

        await every(LOOK_SECONDS, look, "renewing")

    async def step(self) -> bool:
        """One page; False when there is nothing more to renew."""
        packs = dict(self._packs.cities)
        if packs == self._done:
            return False
        row = await self._rows.find_one({"_id": _ID})
        same = row is not None and (row["packs"], row["rule"]) == (packs, RULE)
        after = row["after"] if row is not None and same else ""
        if after is not None:
            after = await self._page(after, packs)
            await self._rows.insert({"_id": _ID, "packs": packs, "rule": RULE, "after": after})
            await self._rows.update({"_id": _ID}, {"$set": {"packs": packs, "rule": RULE, "after": after}})
        if after is None:
            self._done = packs
        return after is not None

    async def _page(self, after: str, packs: dict[str, str]) -> str | None:
        """The last id of the page after ``after``; None when it was the last page."""
        ids = await self._store.ids_after(after, PAGE)
        cases = await self._store.load_all([id_ for id_, is_open in ids if is_open])
        writes = []
        for case, _ in cases.values():
            if case.city in packs:
                now: Document = {"seen_by": seen_by(case, self._packs.current(case.city))}
                if awaits := awaits_of(case):
                    now["awaits"] = awaits
                other = [{name: {"$ne": value}} for name, value in now.items()]
                where: Document = {"_id": case.id, "version": case.version, "$or": other}
                writes.append(UpdateOne(where, {"$set": now}))
        renewed = await self._store.cases.write(writes)
        if renewed:
            log.info("renewing.renewed", count=renewed)
        return ids[-1][0] if len(ids) == PAGE else None
