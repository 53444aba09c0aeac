"""What visits have to say by themselves: a line on the record of their case, and a reminder on their day.

Both are owed by the visit's document, so that whatever ends the process in between is done by the next look; a line is
on a case once, however often it is tried.
"""

import asyncio
from datetime import datetime

import structlog

from services.router.cases.case_store import CaseStore
from services.router.cases.unit_of_work import Changes
from services.router.dedup.merge_chain import MergeChain
from services.router.domain.domain_event import DomainEvent
from services.router.domain.visit import Visit
from services.router.domain.visit_events import VisitCancelled, VisitHeld, VisitPlanned
from services.router.visits.store import VisitStore
from shared.kernel.clock import Clock, rfc3339
from shared.kernel.ids import event_id
from shared.runtime.periodic import every

log = structlog.get_logger()

LOOK_SECONDS = 5.0
"""How late a reminder may be; a line of a case comes at once, unless the process ended in between."""
PAGE = 200
ROUNDS_MAX = 5


class VisitsDue:
    """The loop that tells."""

    def __init__(self, visits: VisitStore, cases: CaseStore, changes: Changes, clock: Clock) -> None:
        self._visits = visits
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
        """Who is invited to a visit of today; how many visits. One that has begun meanwhile reminds nobody any more."""
        now = self._clock.now()
        due = await self._visits.to_remind(now, PAGE)
        for visit in due:
            await self._visits.reminded(visit, now, tells=now < visit.at)
        return len(due)

    async def tell_cases(self) -> int:
        """Lines that cases owe their visits; how many."""
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
        """The line of that version on the visit's case, or on the one into which that was merged."""
        key = event_id(visit.id, version, 0)
        for _ in range(ROUNDS_MAX):
            loaded = await self._merge_chain.unless_done(visit.case, key) if visit.case is not None else None
            if loaded is None:
                log.warning("visit.case_gone", visit=visit.id, case=visit.case)
                return
            case, done = loaded
            if done:
                return
            happened = _line(visit, version, self._clock.now())
            if await self._changes.save(self._changes.of(case, [happened], key=key)):
                return
        raise TimeoutError(f"others are changing the case {visit.case}")


def _line(visit: Visit, version: int, now: datetime) -> DomainEvent:
    """What happened to the visit by that version; ``now``: when the case hears of it."""
    about = f"{visit.kind} {visit.id}, {visit.place}, {rfc3339(visit.at)}"
    if version == 1:
        said = f"{about}: {visit.purpose}"
        return VisitPlanned(at=now, by=visit.planned_by, by_unit=visit.unit, organiser=visit.unit, text=said)
    said = f"{about}: {visit.result}"
    if visit.state == "cancelled":
        return VisitCancelled(at=now, by=visit.ended_by, by_unit=visit.unit, organiser=visit.unit, text=said)
    came = f"{said} ({', '.join(visit.came) or 'nobody'} came)"
    return VisitHeld(
        at=now, by=visit.ended_by, by_unit=visit.unit, organiser=visit.unit, text=came, photos=visit.photos
    )
