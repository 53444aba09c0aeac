"""Watches reports that have no case yet: records when they are late, and publishes them again until they have one.

Nearly every report gets its case within a second, so reports carry no mark for this that would have to be removed
again. Instead a sweep reads all reports once, in the order in which they were stored, and puts those without progress
into the collection ``unanswered``, where they stay until a case exists. This repairs what is missing after a broker
lost records or consumer offsets were moved. A router that is only behind gets nothing twice: a report is published
again only when the router has consumed past its time and there is still no case.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

import structlog
from prometheus_client import Counter, Gauge

from services.intake.reports.report_events import is_imported, lane_of, submitted_event, unrouted_event
from services.intake.reports.report_record import StoredReport
from services.intake.reports.report_store import NEVER, ReportStore
from services.intake.reports.unrouted_record import (
    SweepMark,
    UnroutedRow,
    from_doc,
    mark_doc,
    mark_from_doc,
    to_doc,
)
from shared.city.pack import Pack
from shared.contracts.envelope import DANGER, LANES, LIVE
from shared.kernel.clock import Clock
from shared.kernel.durations import Duration, parse_duration
from shared.kernel.ids import Ids
from shared.kernel.working_time import Calendar, deadline
from shared.runtime.health.checks import COUNTED_MAX
from shared.runtime.kafka.broker import KafkaError
from shared.runtime.kafka.group_offsets import EPOCH
from shared.runtime.kafka.outbox_relay import Outbox
from shared.runtime.observability.trace_id import new_trace
from shared.runtime.pack_library import PackLibrary
from shared.runtime.periodic import every
from shared.runtime.storage.mongo import Collection, Database, Document, IndexModel, UpdateOne
from shared.runtime.timekeeping.wall_clock import real_now

log = structlog.get_logger()

PAGE = 256
SWEPT_PAGES, FORGOTTEN_PAGES = 20, 40
"""Pages per look; then the watch does its other work."""
LOOK_SECONDS = 5.0
SWEEP_AFTER = timedelta(seconds=10)
"""Longer than an insert may take (the MongoDB client gives up after 8 s): no report appears behind the sweep."""
REPUBLISH_AFTER = timedelta(seconds=60)
"""Time from storing to the first repeat; it doubles each time, up to a day and a half."""
DOUBLINGS_MAX = 11
ON_ITS_WAY = timedelta(seconds=30)
"""Longest normal time between storing and publishing a report."""
INDEXES = (
    IndexModel([("lane", 1), ("republish_at", 1)], name="republish"),
    IndexModel([("route_by", 1)], name="route_by"),
    IndexModel([("lane", 1), ("stored_at", 1)], name="lane_order"),
)
_WITHOUT_CASE = Gauge(
    "whistle_unanswered_reports", "Accepted reports, but for history, that have no case for more than ten seconds."
)
_OLDEST = Gauge(
    "whistle_unanswered_age_seconds", "Age of the oldest accepted report, but for history, without a case; 0: none."
)
_AGAIN = Counter("whistle_reports_published_again_total", "Reports without a case that were published again.")


AnsweredUntil = Callable[[int], Awaitable[datetime]]
"""Lane → time: every report published before it has been routed. Raises ``KafkaError``, ``TimeoutError``."""


async def _until_now(_: int) -> datetime:
    return real_now()


class UnroutedWatch:
    """The collection ``unanswered``, and how far the sweep has come."""

    def __init__(
        self,
        database: Database,
        store: ReportStore,
        packs: PackLibrary,
        outbox: Outbox,
        clock: Clock,
        ids: Ids,
        answered_until: AnsweredUntil = _until_now,
    ) -> None:
        self.rows: Collection = database.collection("unanswered")
        self._marks: Collection = database.collection("marks")
        self._store = store
        self._packs = packs
        self._outbox = outbox
        self._clock = clock
        self._ids = ids
        self._answered_until = answered_until
        self._began = real_now()
        self._swept: SweepMark | None = None

    async def run(self) -> None:
        """Look every ``LOOK_SECONDS`` until the service stops; older reports are published at the first look."""
        self._began = real_now()
        await every(LOOK_SECONDS, self._turn, "unrouted-watch")

    async def _turn(self) -> bool:
        """One look; returns whether there are more reports to look at."""
        more = False
        for _ in range(SWEPT_PAGES):
            more = await self.sweep() == PAGE
            if not more:
                break
        await self.breach_late()
        await self.publish_again()
        return more

    async def sweep(self) -> int:
        """Looks at one page of reports stored a while ago; returns how many."""
        if self._swept is None:
            self._swept = mark_from_doc(await self._marks.find_one({"_id": "swept"}))
        reports = await self._store.stored_after(self._swept.place, real_now() - SWEEP_AFTER, PAGE)
        if not reports:
            return 0
        answered = await self._store.with_progress([report.id for report in reports])
        waiting = [await self._row(report) for report in reports if report.id not in answered]
        if waiting:
            await self.rows.insert_each([to_doc(row) for row in waiting], "unanswered reports")
        self._swept = SweepMark(reports[-1].stored_at, reports[-1].id)
        await self._marks.update({"_id": "swept"}, {"$set": mark_doc(self._swept)}, upsert=True)
        return len(reports)

    async def _row(self, report: StoredReport) -> UnroutedRow:
        pack = await self._packs.get(report.city, report.pack_version)
        category = report.category or pack.classify(report.description).code
        danger = pack.categories[category].priority == "danger"
        left_behind = report.stored_at < self._began
        return UnroutedRow(
            id=report.id,
            lane=lane_of(historic=is_imported(report), danger=danger),
            stored_at=report.stored_at,
            route_by=NEVER if is_imported(report) else route_by(pack, category, report.received_at) or NEVER,
            republish_at=report.stored_at + (timedelta() if left_behind else REPUBLISH_AFTER),
            tries=0,
        )

    async def _still_unrouted(self, rows: Sequence[UnroutedRow]) -> list[UnroutedRow]:
        """Those that still have no case; the rows of the others are deleted."""
        answered = await self._store.with_progress([row.id for row in rows])
        if answered:
            await self.forget(sorted(answered))
        return [row for row in rows if row.id not in answered]

    async def forget(self, reports: Sequence[str]) -> None:
        """Stop watching these reports."""
        await self.rows.delete({"_id": {"$in": list(reports)}})

    async def _find(self, where: Document, by: str, limit: int, index: str | None = None) -> list[UnroutedRow]:
        found = await self.rows.find(where, sort=[(by, 1)], limit=limit, hint=index)
        return [from_doc(document) for document in found]

    async def set_gauges(self) -> None:
        """Set the gauges: how many reports have no case, and the age of the oldest."""
        oldest = [first for lane in (DANGER, LIVE) if (first := await self._oldest(lane)) is not None]
        waiting = {"lane": {"$in": [DANGER, LIVE]}}
        _OLDEST.set(max([(real_now() - at).total_seconds() for at in oldest], default=0.0))
        _WITHOUT_CASE.set(await self.rows.count(waiting, limit=COUNTED_MAX) if oldest else 0)

    async def _oldest(self, lane: int) -> datetime | None:
        """When the oldest report of ``lane`` that has no case was stored."""
        for _ in range(FORGOTTEN_PAGES):
            first = await self._find({"lane": lane}, "stored_at", PAGE)
            if not first:
                return None
            if still := await self._still_unrouted(first):
                return still[0].stored_at or self._began
        return None

    async def breach_late(self) -> int:
        """Record, once, that a report is past its deadline, so that the root unit's desk is alerted; how many."""
        due = await self._find({"route_by": {"$lte": self._clock.now()}}, "route_by", PAGE, "route_by")
        breached = 0
        for row in await self._still_unrouted(due):
            report = await self._store.load(row.id)
            done = report is None or report.unrouted_at is not None
            if report is not None and not done:
                event = unrouted_event(report, row.route_by, self._clock.now(), new_trace(self._ids))
                done = await self._store.save_unrouted(report, event)
                breached += done
            if done:
                await self.rows.update({"_id": row.id}, {"$set": {"route_by": NEVER}})
        if breached:
            log.warning("reports.unrouted", reports=breached)
        return breached

    async def publish_again(self) -> int:
        """Publishes due reports, danger first. While the relay cannot publish, or is full, the rows stay due."""
        published = 0
        for lane in LANES:
            published += await self._publish_lane(lane)
        if published:
            _AGAIN.inc(published)
            log.warning("reports.published_again", reports=published)
        return published

    async def _publish_lane(self, lane: int) -> int:
        """Publishes the due reports of a lane that would have a case by now if the router had received them."""
        published, until = 0, real_now()
        for page in range(FORGOTTEN_PAGES):
            room = 0 if self._outbox.stuck else min(PAGE, self._outbox.room(lane))
            due = await self._find({"lane": lane, "republish_at": {"$lte": until}}, "republish_at", room, "republish")
            if due and not page:
                until = await self._passed(lane, until)
                due = [row for row in due if row.republish_at <= until]
            if not due:
                break
            published += await self._publish(await self._still_unrouted(due))
            if len(due) < room:
                break
        return published

    async def _passed(self, lane: int, now: datetime) -> datetime:
        """Only reports that became due before this are published again: the router has consumed past their time."""
        try:
            return min(now, await self._answered_until(lane) + ON_ITS_WAY)
        except (KafkaError, TimeoutError) as error:
            log.warning("unrouted_watch.kafka_away", error=str(error), kind=type(error).__name__)
            return EPOCH

    async def _publish(self, due: Sequence[UnroutedRow]) -> int:
        if not due:
            return 0
        now = real_now()
        await self.rows.write([_put_off(row, now) for row in due])
        reports = await self._store.load_all([row.id for row in due])
        for report in reports:
            self._outbox.offer_first(submitted_event(report))
        return len(reports)


def route_by(pack: Pack, category: str, received_at: datetime) -> datetime | None:
    """When a report without a case is late: the acknowledge target of its category, as the root unit promises it.

    None: the city promises nothing for it.
    """
    target, calendar = _promise(pack, category)
    return None if target is None else deadline(received_at, target, calendar)


@lru_cache(maxsize=2048)
def _promise(pack: Pack, category: str) -> tuple[Duration | None, Calendar]:
    commitment = pack.commitment_for(category, (pack.root.id,))
    promised = commitment.target("acknowledge")
    return None if promised is None else parse_duration(promised), pack.calendar(commitment.calendar)


def _put_off(row: UnroutedRow, now: datetime) -> UpdateOne:
    """Doubles the time until the next repeat; the guard lets only one of several processes do it."""
    tries = row.tries + 1
    at = now + REPUBLISH_AFTER * 2 ** min(tries, DOUBLINGS_MAX)
    return UpdateOne({"_id": row.id, "republish_at": row.republish_at}, {"$set": {"republish_at": at, "tries": tries}})
