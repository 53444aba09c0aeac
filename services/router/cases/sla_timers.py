"""The timer loop: reads a page of due cases, lets the domain decide, writes in bulk, sleeps until the next deadline.

Deadlines are fields of the case and each update is guarded by the case's version, so any number of routers may fire at
once: each breach is applied once. A case that cannot be decided is set aside for a while, in its document, so that the
cases behind it do not wait.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from prometheus_client import Histogram

from services.router.cases.case_store import CaseStore, Change
from services.router.cases.unit_of_work import Changes
from services.router.domain.case import Case
from shared.kernel.clock import Clock
from shared.runtime.observability.log_ids import ids_of
from shared.runtime.storage.mongo import MongoError

log = structlog.get_logger()

PAGE = 1000
PART = 250
"""Cases per bulk write. While MongoDB writes one part the next is decided; longer parts would block the event loop."""
SLEEP_SECONDS_MAX = 0.25
LOOK_SECONDS = 2.0
"""The timer reads the store at least this often, so a deadline set by another process is noticed at most this late."""
SET_ASIDE = timedelta(minutes=5)
LOOKED_WITHIN_SECONDS = 20.0
_LATE = Histogram(
    "whistle_clock_lateness_seconds",
    "From a clock's moment until its warning, breach or rung was stored.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)


class Timers:
    """The loop that fires clocks."""

    def __init__(self, store: CaseStore, changes: Changes, clock: Clock) -> None:
        self._store = store
        self._changes = changes
        self._clock = clock
        self._looked = time.monotonic()

    async def run(self) -> None:
        pause = 0.0
        while True:
            try:
                fired = await self.fire_due()
                self._looked = time.monotonic()
                if not fired:
                    await self._until_due()
                pause = 0.0
            except (MongoError, TimeoutError) as error:
                log.warning("timers.store_away", error=str(error), kind=type(error).__name__)
                pause = min(5.0, max(0.5, pause * 2))
            await asyncio.sleep(pause)

    async def _until_due(self) -> None:
        """Sleeps until the next known deadline; notices meanwhile when the development clock is moved."""
        while True:
            next_due = await self._store.next_due()
            self._looked = time.monotonic()
            while time.monotonic() < self._looked + LOOK_SECONDS:
                left = (next_due - self._clock.now()).total_seconds() if next_due is not None else LOOK_SECONDS
                await asyncio.sleep(min(SLEEP_SECONDS_MAX, left) if left > 0 else SLEEP_SECONDS_MAX)
                if next_due is not None and next_due <= self._clock.now():
                    return

    def unwell(self) -> str | None:
        """Why clocks do not fire on time; None if they do."""
        since = time.monotonic() - self._looked
        return f"clocks were last looked at {since:.0f} s ago" if since > LOOKED_WITHIN_SECONDS else None

    async def fire_due(self) -> int:
        """Fires pages until one has a case that could be decided; returns how many changes were applied."""
        now = self._clock.now()
        while cases := await self._store.due(now, PAGE):
            took, failed = await self._fire_page(cases, now)
            if took or not failed:
                return took
        return 0

    async def _fire_page(self, cases: Sequence[Case], now: datetime) -> tuple[int, int]:
        """Returns how many changes were applied, and how many cases were set aside."""
        saving = []
        for start in range(0, len(cases), PART):
            saving.append(asyncio.create_task(self._fire(cases[start : start + PART], now)))
            await asyncio.sleep(0)
        outcomes = await asyncio.gather(*saving, return_exceptions=True)
        if failed := [outcome for outcome in outcomes if isinstance(outcome, BaseException)]:
            raise failed[0]
        both = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
        took, aside = sum(one for one, _ in both), sum(other for _, other in both)
        ids = ids_of("case", [case.id for case in cases])
        log.info("clocks.fired", cases=len(cases), **ids, took=took, aside=aside)
        return took, aside

    async def _fire(self, cases: Sequence[Case], now: datetime) -> tuple[int, int]:
        changes, failed = [], []
        for case in cases:
            try:
                changes.append(self._changes.of(case, (), at=now))
            except Exception:
                log.exception("clock.failed", case=case.id)
                failed.append(case)
        took = await self._changes.save_all(changes)
        self._say_how_late(took)
        await self._store.set_aside(failed, now, now + SET_ASIDE)
        return len(took), len(failed)

    def _say_how_late(self, fired: Sequence[Change]) -> None:
        """Measures lateness from the deadline until the change was stored."""
        now = self._clock.now()
        for change in fired:
            _LATE.observe(max(0.0, (now - (change.before.next_due or now)).total_seconds()))
