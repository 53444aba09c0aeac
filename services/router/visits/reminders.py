"""What visits do by themselves: they add a line to the history of their case, and remind invited units on their day.

The visit's document says what is still to do, so that after a crash the next look does it. A line is added to a case
once, however often it is tried.
"""

import asyncio
from datetime import datetime

import structlog

from services.router.cases.case_store import CaseStore
from services.router.cases.unit_of_work import Changes
from services.router.dedup.merge_chain import MergeChain
from services.router.domain.case_parts.remark import Remark
from services.router.domain.domain_event import DomainEvent
from services.router.domain.visits.visit import Visit
from services.router.domain.visits.visit_events import VisitCancelled, VisitHeld, VisitPlanned
from services.router.visits.store import VisitStore
from shared.kernel.clock import Clock, rfc3339
from shared.kernel.ids import event_id
from shared.runtime.periodic import every

log = structlog.get_logger()

LOOK_SECONDS = 5.0
"""How late a reminder may be. Lines of cases are written at once, or after a crash at the next look."""
PAGE = 200
ROUNDS_MAX = 5


class VisitsDue:
    """The loop that reminds and writes the lines."""

    def __init__(self, visits: VisitStore, cases: CaseStore, changes: Changes, clock: Clock) -> None:
        self._visits = visits
        self._cases = cases
        self._merge_chain = MergeChain(cases)
        self._changes = changes
        self._clock = clock
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """A visit was planned or has ended."""
        self._wake.set()

    async def run(self) -> None:
        """Every ``LOOK_SECONDS``, and when a visit was planned or has ended, until it is cancelled."""

        async def look() -> None:
            await self.tell_cases()
            await self.remind()

        await every(LOOK_SECONDS, look, "visits", wake=self._wake)

    async def remind(self) -> int:
        """Reminds the units invited to visits of today, unless the visit has begun. Returns how many visits."""
        now = self._clock.now()
        due = await self._visits.to_remind(now, PAGE)
        cases = await self._cases.load_all(sorted({visit.case for visit in due if visit.case is not None}))
        for visit in due:
            case = cases.get(visit.case or "")
            wordless = case is not None and case[0].wordless
            await self._visits.reminded(visit, now, tells=now < visit.at, wordless=wordless)
        return len(due)

    async def tell_cases(self) -> int:
        """Writes the lines that are missing in cases. Returns how many."""
        told = 0
        for visit, versions in await self._visits.with_untold_versions(PAGE):
            for version in versions:
                try:
                    await self._tell(visit, version)
                except TimeoutError as lost:
                    log.warning("visit.not_told", visit=visit.id, case=visit.case, error=str(lost))
                    continue
                await self._visits.mark_told(visit.id, version)
                told += 1
        return told

    async def _tell(self, visit: Visit, version: int) -> None:
        """Writes the line of that version into the visit's case, or the case into which that was merged."""
        key = event_id(visit.id, version, 0)
        for _ in range(ROUNDS_MAX):
            loaded = await self._merge_chain.unless_done(visit.case, key) if visit.case is not None else None
            if loaded is None:
                log.warning("visit.case_gone", visit=visit.id, case=visit.case)
                return
            case, done = loaded
            if done:
                return
            happened = visit_line(visit, version, self._clock.now())
            if await self._changes.save(self._changes.of(case, [happened], key=key)):
                return
        raise TimeoutError(f"others are changing the case {visit.case}")


def visit_line(visit: Visit, version: int, now: datetime) -> DomainEvent:
    """The case's event for that version of the visit; ``now``: its time in the case."""
    about = (("kind", visit.kind), ("visit", visit.id), ("place", visit.place), ("at", rfc3339(visit.at)))
    unit, by = visit.unit, visit.planned_by if version == 1 else visit.ended_by
    text = visit.purpose if version == 1 else visit.result
    if version == 1:
        planned = Remark("visit_planned", about)
        return VisitPlanned(at=now, by=by, by_unit=unit, organiser=unit, text=text, remark=planned)
    if visit.state == "cancelled":
        cancelled = Remark("visit_cancelled", about)
        return VisitCancelled(at=now, by=by, by_unit=unit, organiser=unit, text=text, remark=cancelled)
    held = Remark("visit_held", (*about, *(("came", unit) for unit in visit.came)))
    return VisitHeld(at=now, by=by, by_unit=unit, organiser=unit, text=text, remark=held, photos=visit.photos)
