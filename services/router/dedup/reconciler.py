"""Merges cases of one hazard that two routers opened at the same time, on two sides of a partition cell's border."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog

from services.router.cases.case_store import CaseStore
from services.router.cases.dedup_from_pack import rule_of
from services.router.cases.unit_of_work import Changes
from services.router.dedup.cell_index import CellIndex
from services.router.dedup.merge_saga import MergeSaga
from services.router.domain.case import State
from services.router.domain.case_parts.remark import Remark
from services.router.domain.commands.merge import Merge, Merged
from services.router.domain.matching import KnownCase, belongs
from services.router.domain.same_hazard.similarity import SameRule
from shared.kernel.clock import Clock
from shared.runtime.pack_library import PackLibrary
from shared.runtime.periodic import every
from shared.runtime.timekeeping.wall_clock import real_now

log = structlog.get_logger()

ROUNDS_MAX = 5
PAGE = 512
"""Cases read at once: more than share one storing time, few enough not to block the event loop."""
LOOK_SECONDS = 5.0
SETTLED_AFTER = timedelta(seconds=10)
"""Longer than an insert may take, so that no case appears later with an earlier storing time."""
APART_MAX = timedelta(seconds=30)
"""Two cases of which neither router saw the other's were stored less than this apart."""
LOOKED_BACK = timedelta(minutes=10)
"""At a start, cases this old are compared too: the previous process may not have done it."""
BESIDE_MAX = 50_000
"""Cases kept in memory at most: half a minute at 1,600 new cases a second of categories with a ``same`` rule."""


class RecentCases:
    """Cases that were stored within the last ``APART_MAX``, by cell."""

    def __init__(self) -> None:
        self.around = CellIndex()
        self._stored: deque[tuple[datetime, KnownCase]] = deque()

    def add(self, stored: Iterable[tuple[datetime, KnownCase]]) -> None:
        """Adds cases, in the order in which they were stored."""
        for at, known in stored:
            self.around.put(known)
            self._stored.append((at, known))

    def forget_before(self, moment: datetime) -> None:
        while self._stored and (self._stored[0][0] < moment or len(self._stored) > BESIDE_MAX):
            self.around.drop(self._stored.popleft()[1])


class Reconciler:
    """Compares new cases once no earlier one can still be stored, and merges those of one hazard."""

    def __init__(
        self, store: CaseStore, merging: MergeSaga, changes: Changes, packs: PackLibrary, clock: Clock
    ) -> None:
        self._store = store
        self._merging = merging
        self._changes = changes
        self._packs = packs
        self._clock = clock
        self._looked = real_now() - LOOKED_BACK
        self._behind = False
        self._beside = RecentCases()

    async def run(self) -> None:
        """Every ``LOOK_SECONDS``, at once while there are more cases to look at, until it is cancelled."""

        async def look() -> bool:
            await self.merge_duplicates()
            return self._behind

        await every(LOOK_SECONDS, look, "side-by-side")

    async def merge_duplicates(self) -> int:
        """Compares the next page of cases and merges each into an older case of the same hazard. Returns how many.

        Compares only cases that were stored at about the same time: older ones were found when the report was placed.
        """
        found = await self._store.stored_between(self._looked, real_now() - SETTLED_AFTER, PAGE)
        self._behind = len(found) == PAGE
        if not found:
            return 0
        fresh = [(at, known) for known, at in found if known is not None and known.ended_at is None]
        self._beside.add(fresh)
        merged = 0
        for _, known in fresh:
            if known.state is State.QUEUED:
                merged += await self._merged(known)
        self._looked = found[-1][1]
        self._beside.forget_before(self._looked - APART_MAX)
        return merged

    async def _merged(self, known: KnownCase) -> int:
        same = self._same(known)
        if same is None:
            return 0
        near = self._beside.around.known(known.traits.keys(same.radius_m))
        older = [other for other in near if other.age < known.age and other.ended_at is None]
        verdict = belongs(known.traits, known.opened_at, known.id, older, same)
        return await self._merge_alone(known.id, verdict.case) if verdict.case is not None else 0

    def _same(self, known: KnownCase) -> SameRule | None:
        category = self._packs.current(known.traits.city).categories.get(known.traits.category)
        return rule_of(category.same) if category is not None and category.same is not None else None

    async def _merge_alone(self, younger: str, older: str) -> int:
        """Merges the younger case if nobody works on it and no officer split the two. Returns 1, or 0 if it may not.

        Tries again when the case changes meanwhile, for example because a report is attached to it. Raises
        ``TimeoutError`` when it changes each time; the page is then compared again.
        """
        key = f"auto.{younger}.{older}"
        for _ in range(ROUNDS_MAX):
            loaded = await self._store.load(younger)
            if loaded is None or key in loaded[1]:
                return 0
            case, now = loaded[0], self._clock.now()
            if case.state is not State.QUEUED or case.linked_to == older:
                return 0
            await self._merging.intend(Merge(into=older), case, key)
            merged = Merged(at=now, into=older, remark=Remark("reported_at_once"))
            if await self._changes.save(self._changes.of(case, [merged], key=key)):
                log.info("cases.merged", case=younger, into=older)
                await self._merging.finish(key)
                return 1
        raise TimeoutError(f"others are changing the case {younger}")
