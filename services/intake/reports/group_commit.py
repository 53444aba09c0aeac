"""Group commit: many requests, one insert; each is answered only after a majority has it in its journal.

Measured (decision 0003): one insert at a time 585/s, groups of 256 with one in flight 10,853/s at p99 52 ms. One
group at a time: with two, 64 connections made groups of 11, and every group costs the same.
"""

import asyncio
import time
from dataclasses import dataclass

import structlog
from prometheus_client import Counter, Histogram

from services.intake.domain.submission import Submission
from services.intake.privacy.identities import Identities, Person
from services.intake.reports.report_store import ReportStore, lane_of, submitted_event, to_doc
from shared.contracts.envelope import HISTORY, LANES
from shared.kernel.errors import Refusal, key_reused, unavailable
from shared.runtime.kafka.duplicates import count_duplicates
from shared.runtime.kafka.outbox_relay import Outbox
from shared.runtime.storage.mongo import Document, Inserted, MongoError
from shared.runtime.timekeeping.batch_pacing import BatchPacing
from shared.runtime.timekeeping.wall_clock import real_now

log = structlog.get_logger()

GROUP = 256
WAITING_MAX = 4096
WAIT_SECONDS_MAX = 1.0
HISTORY_KEEPS_FREE = 4 * GROUP
"""Places of the relay: for the group that is being stored, and for two rounds that may come back unpublished."""
LATE_SECONDS = 5.0
"""Who waited so long behind a store that stood still would wait for it again: a phone gives up after fifteen."""
UNKNOWN_MAX = 10_000
"""Of those that are remembered; the sweep finds the others a minute later."""
SPACING_SECONDS = 0.01
REPORTS = Counter(
    "whistle_reports_total",
    "Reports by what became of them: stored, repeated, refused (by its content), limited (a quota), unavailable.",
    ["outcome"],
)
_STORED, REPEATED = REPORTS.labels("stored"), REPORTS.labels("repeated")
_SIZE = Histogram("whistle_commit_group_reports", "Reports per commit.", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256))
_TOOK = Histogram(
    "whistle_commit_duration_seconds",
    "Time until a majority had a group of reports in its journal.",
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


@dataclass(slots=True)
class Waiting:
    """A report on its way into the store, and who waits for it."""

    report: Submission
    trace: str
    person: Person | None
    done: "asyncio.Future[Receipt]"
    since: float


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is stored under the id; ``replayed`` when it was there before."""

    stored: Document
    replayed: bool


class GroupCommit:
    """Collects reports and stores them in groups; never cancelled by a client that goes away."""

    def __init__(self, store: ReportStore, identities: Identities, outbox: Outbox) -> None:
        self._store = store
        self._identities = identities
        self._outbox = outbox
        self._waiting: dict[int, list[Waiting]] = {lane: [] for lane in LANES}
        self._wake = asyncio.Event()
        self._spacing = BatchPacing(SPACING_SECONDS)
        self._unknown: dict[str, None] = {}
        """Reports that nobody knows of whether they are stored, oldest first: nor has their event left."""

    async def commit(self, report: Submission, trace: str, person: Person | None) -> Receipt:
        """Durable when this returns. Raises ``Refusal``: 503 when overloaded or unknown, 422 for a reused key."""
        return await asyncio.shield(self.enqueue(report, trace, person))

    def enqueue(self, report: Submission, trace: str, person: Person | None) -> "asyncio.Future[Receipt]":
        """As ``commit``, for batches: the future is settled with the group."""
        lane = lane_of(historic=report.historic, danger=report.danger)
        mine = self._waiting[lane]
        if lane == HISTORY and self._outbox.room(HISTORY) <= len(mine) + HISTORY_KEEPS_FREE:
            raise overloaded()
        if len(mine) >= WAITING_MAX or (mine and time.monotonic() - mine[0].since > WAIT_SECONDS_MAX):
            raise overloaded()
        done: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        mine.append(Waiting(report, trace, person, done, time.monotonic()))
        self._wake.set()
        return done

    async def run(self) -> None:
        """Until it is cancelled: one group after the other; what arrives meanwhile makes the next."""
        while True:
            while not any(self._waiting.values()):
                self._wake.clear()
                await self._wake.wait()
            await self._spacing.turn()
            group = self._next_group()
            if in_time := _in_time(group):
                await self._store_group(in_time)

    def _next_group(self) -> list[Waiting]:
        """Danger first, history last: an import that fills every group waits and is refused by itself."""
        group: list[Waiting] = []
        for waiting in self._waiting.values():
            taken = GROUP - len(group)
            group += waiting[:taken]
            del waiting[:taken]
        return group

    async def _store_group(self, group: list[Waiting]) -> None:
        began = time.monotonic()
        now = real_now()
        documents = [to_doc(w.report, w.trace, now) for w in group]
        try:
            erased, inserted = await self._kept([w.person for w in group if w.person is not None], documents)
            if erased:
                await self._return_of(group, erased, inserted)
            await self._identities.hold([w.report for w in group if w.report.sealed is not None])
            again = [group[i] for i in inserted.duplicate]
            first = await self._store.first_answers([w.report.id for w in again]) if again else {}
            found = [id_ for id_ in first if id_ in self._unknown]
            untold = await self._store.whole(found) if found else []
        except (MongoError, OSError, TimeoutError) as error:
            log.warning("reports.not_stored", reports=len(group), error=str(error), kind=type(error).__name__)
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
                new.append(documents[i])
                _settle(waiting, Receipt(documents[i], replayed=False))
        for document in (*new, *untold):
            self._outbox.offer_first(submitted_event(document))
        for id_ in found:
            self._unknown.pop(id_, None)
        count_duplicates("reports", len(again))
        _STORED.inc(len(new))
        REPEATED.inc(len(again))
        _SIZE.observe(len(group))
        _TOOK.observe(time.monotonic() - began)
        log.info("reports.stored", reports=len(new), again=len(again), took_ms=_millis(began))

    async def _kept(self, persons: list[Person], documents: list[Document]) -> tuple[frozenset[str], Inserted]:
        """Persons and reports side by side; where only one of both is stored, who repeats brings the other."""
        if not persons:
            return frozenset(), await self._store.insert(documents)
        return await asyncio.gather(self._identities.keep(persons), self._store.insert(documents))

    async def _return_of(self, group: list[Waiting], erased: frozenset[str], inserted: Inserted) -> None:
        """Only a new report brings back somebody who was erased; one that comes again does not."""
        fresh = (w.person for i, w in enumerate(group) if i not in inserted.duplicate | inserted.failed)
        back = [person for person in fresh if person is not None and person.id in erased]
        if back:
            await self._identities.return_of(back)

    def _refuse(self, group: list[Waiting]) -> None:
        """Who repeats finds out. Then the event of what was stored leaves at once, and not when the sweep finds it."""
        for waiting in group:
            self._unknown[waiting.report.id] = None
            _settle(waiting, unknown())
        while len(self._unknown) > UNKNOWN_MAX:
            del self._unknown[next(iter(self._unknown))]


def _in_time(group: list[Waiting]) -> list[Waiting]:
    """Those that still have time for a write; the others are refused before anything is written."""
    since = time.monotonic() - LATE_SECONDS
    for late in (waiting for waiting in group if waiting.since < since):
        _settle(late, overloaded())
    return [waiting for waiting in group if waiting.since >= since]


def overloaded() -> Refusal:
    """503 before any write."""
    return unavailable("Too many reports at once; nothing was stored. Repeat with the same key.")


def unknown() -> Refusal:
    """Nobody knows whether it is stored; the same key finds out."""
    return unavailable("It is not known whether the report was stored. Repeat with the same key.")


def _replayed(waiting: Waiting, stored: Document | None) -> "Receipt | Refusal":
    """A duplicate key alone proves nothing: only what a majority has counts (seen: decision 0003)."""
    if stored is None:
        return unknown()
    if stored["fingerprint"] not in waiting.report.fingerprints:
        return key_reused()
    return Receipt(stored, replayed=True)


def _settle(waiting: Waiting, outcome: "Receipt | Refusal") -> None:
    if waiting.done.done():
        return
    if isinstance(outcome, Refusal):
        waiting.done.set_exception(outcome)
    else:
        waiting.done.set_result(outcome)


def _millis(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)
