"""Group commit: the reports of many requests are stored by one insert, and each request is answered after a majority of
MongoDB's members has its report in the journal.

Measured (decision 0003): one insert at a time 585/s, groups of 256 with one in flight 10,853/s at p99 52 ms. One
group at a time: with two, 64 connections made groups of 11, and every group costs the same.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime

import structlog
from prometheus_client import Counter, Histogram

from services.intake.domain.submission import Submission
from services.intake.privacy.identities import Identities, Person
from services.intake.reports.report_events import is_imported, lane_of, submitted_event
from services.intake.reports.report_record import FirstAnswer, ReportRecord, record_of
from services.intake.reports.report_store import ReportStore
from shared.contracts.envelope import HISTORY, LANES
from shared.kernel.errors import Refusal, key_reused, unavailable
from shared.runtime.kafka.duplicate_metrics import count_duplicates
from shared.runtime.kafka.outbox_relay import Outbox
from shared.runtime.observability.log_ids import ids_of
from shared.runtime.storage.mongo import InsertResult, MongoError
from shared.runtime.timekeeping.batch_pacing import BatchPacing
from shared.runtime.timekeeping.wall_clock import real_now

log = structlog.get_logger()

GROUP = 256
WAITING_MAX = 4096
WAIT_SECONDS_MAX = 1.0
HISTORY_KEEPS_FREE = 4 * GROUP
"""Places in the relay's queue that history must leave free: for the group that is being stored, and for two rounds of
the relay that may be put back unpublished."""
LATE_SECONDS = 5.0
"""A report that waited longer than this behind a stalled store is refused: its own write may take as long again, and a
phone gives up after fifteen seconds."""
UNKNOWN_MAX = 10_000
"""Ids of reports with an unknown outcome that are remembered; the unrouted watch finds the others a minute later."""
SPACING_SECONDS = 0.01
REPORTS = Counter(
    "whistle_reports_total",
    "Reports by what became of them: stored, patrol (stored too: what officers found), repeated, refused (by its"
    " content), limited (a quota), unavailable.",
    ["outcome"],
)
_STORED, REPEATED, _PATROL = (REPORTS.labels(outcome) for outcome in ("stored", "repeated", "patrol"))
_SIZE = Histogram("whistle_commit_group_reports", "Reports per commit.", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256))
_TOOK = Histogram(
    "whistle_commit_duration_seconds",
    "Time until a majority had a group of reports in its journal.",
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


@dataclass(slots=True)
class QueuedReport:
    """A report that is to be stored, and the future of the request that waits for it."""

    report: Submission
    trace: str
    person: Person | None
    done: "asyncio.Future[Receipt]"
    since: float


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer for a stored report; ``replayed``: it was stored by an earlier request."""

    id: str
    received_at: datetime
    category: str | None
    replayed: bool


class GroupCommit:
    """Collects reports and stores them in groups. A client that goes away cancels nothing."""

    def __init__(self, store: ReportStore, identities: Identities, outbox: Outbox) -> None:
        self._store = store
        self._identities = identities
        self._outbox = outbox
        self._waiting: dict[int, list[QueuedReport]] = {lane: [] for lane in LANES}
        self._wake = asyncio.Event()
        self._spacing = BatchPacing(SPACING_SECONDS)
        self._unknown: dict[str, None] = {}
        """Ids of reports that may or may not be stored, oldest first; their events were not published."""

    async def commit(self, report: Submission, trace: str, person: Person | None) -> Receipt:
        """Durable when this returns. Raises ``Refusal``: 503 when overloaded or unknown, 422 for a reused key."""
        return await asyncio.shield(self.enqueue(report, trace, person))

    def enqueue(self, report: Submission, trace: str, person: Person | None) -> "asyncio.Future[Receipt]":
        """As ``commit``, without waiting: the future gets its result when the group is stored."""
        lane = lane_of(historic=is_imported(report), danger=report.danger)
        mine = self._waiting[lane]
        if lane == HISTORY and self._outbox.room(HISTORY) <= len(mine) + HISTORY_KEEPS_FREE:
            raise overloaded()
        if len(mine) >= WAITING_MAX or (mine and time.monotonic() - mine[0].since > WAIT_SECONDS_MAX):
            raise overloaded()
        done: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        mine.append(QueuedReport(report, trace, person, done, time.monotonic()))
        self._wake.set()
        return done

    async def run(self) -> None:
        """Store one group after the other until the service stops; what arrives meanwhile makes the next group."""
        while True:
            while not any(self._waiting.values()):
                self._wake.clear()
                await self._wake.wait()
            await self._spacing.turn()
            group = self._next_group()
            if in_time := _in_time(group):
                await self._store_group(in_time)

    def _next_group(self) -> list[QueuedReport]:
        """At most ``GROUP`` reports, danger first and history last, so that an import delays only itself."""
        group: list[QueuedReport] = []
        for waiting in self._waiting.values():
            taken = GROUP - len(group)
            group += waiting[:taken]
            del waiting[:taken]
        return group

    async def _store_group(self, group: list[QueuedReport]) -> None:
        began = time.monotonic()
        now = real_now()
        records = [record_of(w.report, w.trace, now) for w in group]
        try:
            erased, inserted = await self._insert([w.person for w in group if w.person is not None], records)
            if erased:
                await self._restore(group, erased, inserted)
            await self._identities.rewrap_reports([w.report for w in group if w.report.sealed is not None])
            again = [group[i] for i in inserted.duplicate]
            first = await self._store.first_answers([w.report.id for w in again]) if again else {}
            found = [id_ for id_ in first if id_ in self._unknown]
            unpublished = await self._store.load_all(found) if found else []
        except (MongoError, OSError, TimeoutError) as error:
            ids = ids_of("report", [waiting.report.id for waiting in group])
            log.warning("reports.not_stored", reports=len(group), **ids, error=str(error), kind=type(error).__name__)
            self._refuse(group)
            return
        except Exception:
            self._refuse(group)
            raise
        new = []
        for i, waiting in enumerate(group):
            if i in inserted.failed:
                self._refuse([waiting])
            elif i in inserted.duplicate:
                _settle(waiting, _replayed(waiting, first.get(waiting.report.id)))
            else:
                new.append(records[i])
                _settle(waiting, _receipt(records[i], replayed=False))
        for report in (*new, *unpublished):
            self._outbox.offer_first(submitted_event(report))
        for id_ in found:
            self._unknown.pop(id_, None)
        count_duplicates("reports", len(again))
        patrol = sum(report.channel == "patrol" for report in new)
        _STORED.inc(len(new) - patrol)
        _PATROL.inc(patrol)
        REPEATED.inc(len(again))
        _SIZE.observe(len(group))
        _TOOK.observe(time.monotonic() - began)
        ids = ids_of("report", [report.id for report in new])
        log.info("reports.stored", reports=len(new), **ids, again=len(again), took_ms=_millis(began))

    async def _insert(self, persons: list[Person], records: list[ReportRecord]) -> tuple[frozenset[str], InsertResult]:
        """Store persons and reports at the same time; the ids of persons that were erased before.

        If only one of the two writes succeeds, the client gets 503 and its retry stores the other.
        """
        if not persons:
            return frozenset(), await self._store.insert(records)
        return await asyncio.gather(self._identities.keep(persons), self._store.insert(records))

    async def _restore(self, group: list[QueuedReport], erased: frozenset[str], inserted: InsertResult) -> None:
        """A new report stores an erased person again; a repeat of an older report does not."""
        fresh = (w.person for i, w in enumerate(group) if i not in inserted.duplicate | inserted.failed)
        back = [person for person in fresh if person is not None and person.id in erased]
        if back:
            await self._identities.restore(back)

    def _refuse(self, group: list[QueuedReport]) -> None:
        """503: the outcome is unknown. If a retry finds the report stored, its event is published then, and need not
        wait for the unrouted watch."""
        for waiting in group:
            self._unknown[waiting.report.id] = None
            _settle(waiting, unknown())
        while len(self._unknown) > UNKNOWN_MAX:
            del self._unknown[next(iter(self._unknown))]


def _in_time(group: list[QueuedReport]) -> list[QueuedReport]:
    """Those that waited less than ``LATE_SECONDS``; the others are refused before anything is written."""
    since = time.monotonic() - LATE_SECONDS
    for late in (waiting for waiting in group if waiting.since < since):
        _settle(late, overloaded())
    return [waiting for waiting in group if waiting.since >= since]


def overloaded() -> Refusal:
    """503; nothing was written."""
    return unavailable("Too many reports at once; nothing was stored. Repeat with the same key.")


def unknown() -> Refusal:
    """503; it may be stored or not, and a retry with the same key finds out."""
    return unavailable("It is not known whether the report was stored. Repeat with the same key.")


def _replayed(waiting: QueuedReport, first: FirstAnswer | None) -> "Receipt | Refusal":
    """The answer to a report whose id exists. ``first``: None where no majority has it yet; a duplicate key alone does
    not prove that the report is durable (seen: decision 0003)."""
    if first is None:
        return unknown()
    if first.fingerprint not in waiting.report.fingerprints:
        return key_reused()
    return _receipt(first, replayed=True)


def _receipt(report: ReportRecord | FirstAnswer, *, replayed: bool) -> Receipt:
    return Receipt(report.id, report.received_at, report.category, replayed)


def _settle(waiting: QueuedReport, outcome: "Receipt | Refusal") -> None:
    if waiting.done.done():
        return
    if isinstance(outcome, Refusal):
        waiting.done.set_exception(outcome)
    else:
        waiting.done.set_result(outcome)


def _millis(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)
