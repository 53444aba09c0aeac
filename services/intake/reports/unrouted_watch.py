"""Reports that got no case: their own deadline is watched, and they are published again until a case answers.

Nearly every report is answered within a second, so that a report carries no mark for this that would have to be taken
away again. A sweep goes once over the reports in the order in which they were stored and keeps those that have no
progress yet in ``unanswered``; that collection is looked after until their cases answer. A broker that lost its
records, or offsets that were moved, are cured by this. Who is merely behind is not sent everything a second time: a
report is published again once the router has passed everything of its time and no case has answered.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import structlog
from prometheus_client import Counter, Gauge

from services.intake.reports.report_store import NEVER, ReportStore, lane_of, submitted_event
from shared.city.pack import Pack
from shared.contracts import reports as contract
from shared.contracts.catalogue import encode
from shared.contracts.envelope import DANGER, LANES, LIVE, Envelope
from shared.kernel.clock import Clock
from shared.kernel.durations import Duration, parse_duration
from shared.kernel.ids import event_id
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
"""In one look; then the others have their turn."""
LOOK_SECONDS = 5.0
SWEEP_AFTER = timedelta(seconds=10)
"""Longer than an insert may take (the client gives up after 8 s): nothing shows up behind the sweep."""
REPUBLISH_AFTER = timedelta(seconds=60)
"""Since it was stored; then after twice as long each time, up to a day and a half."""
DOUBLINGS_MAX = 11
ON_ITS_WAY = timedelta(seconds=30)
"""Between being stored and being published."""
INDEXES = (
    IndexModel([("lane", 1), ("republish_at", 1)], name="republish"),
    IndexModel([("route_by", 1)], name="route_by"),
    IndexModel([("lane", 1), ("stored_at", 1)], name="lane_order"),
)
_SWEPT = ("stored_at", "city", "category", "description", "pack_version", "received_at", "historic")
_WITHOUT_CASE = Gauge(
    "whistle_unanswered_reports", "Accepted reports, but for history, that have no case for more than ten seconds."
)
_OLDEST = Gauge(
    "whistle_unanswered_age_seconds", "Age of the oldest accepted report, but for history, without a case; 0: none."
)
_AGAIN = Counter("whistle_reports_published_again_total", "Reports without a case that were published again.")


AnsweredUntil = Callable[[int], Awaitable[datetime]]
"""Of a lane: the cases of everything published before this have answered. Raises ``KafkaError``, ``TimeoutError``."""


async def _nobody_is_behind(_: int) -> datetime:
    return real_now()


class Unanswered:
    """The ``unanswered`` of intake, and how far the sweep has come."""

    def __init__(
        self,
        database: Database,
        store: ReportStore,
        packs: PackLibrary,
        outbox: Outbox,
        clock: Clock,
        answered_until: AnsweredUntil = _nobody_is_behind,
    ) -> None:
        self.unanswered: Collection = database.collection("unanswered")
        self._marks: Collection = database.collection("marks")
        self._store = store
        self._packs = packs
        self._outbox = outbox
        self._clock = clock
        self._answered_until = answered_until
        self._began = real_now()
        self._swept: tuple[datetime, str] | None = None

    async def run(self) -> None:
        """Until it is cancelled. What the process before left behind is published at once."""
        self._began = real_now()
        await every(LOOK_SECONDS, self._turn, "unanswered")

    async def _turn(self) -> bool:
        """Whether there are more reports to look at."""
        more = False
        for _ in range(SWEPT_PAGES):
            more = await self.sweep() == PAGE
            if not more:
                break
        await self.breach_late()
        await self.publish_again()
        return more

    async def sweep(self) -> int:
        """One page of reports stored a while ago; how many were looked at."""
        at, last = await self._mark()
        reports = await self._store.reports.find(
            {"stored_at": {"$gte": at, "$lt": real_now() - SWEEP_AFTER}, "$or": _after(at, last)},
            dict.fromkeys(_SWEPT, 1),
            sort=[("stored_at", 1), ("_id", 1)],
            limit=PAGE,
        )
        if not reports:
            return 0
        answered = await self._answered([report["_id"] for report in reports])
        waiting = [await self._waiting(report) for report in reports if report["_id"] not in answered]
        if waiting:
            await self.unanswered.insert_each(waiting, "unanswered reports")
        self._swept = reports[-1]["stored_at"], reports[-1]["_id"]
        await self._marks.update(
            {"_id": "swept"}, {"$set": {"at": self._swept[0], "last": self._swept[1]}}, upsert=True
        )
        return len(reports)

    async def _mark(self) -> tuple[datetime, str]:
        if self._swept is None:
            mark = await self._marks.find_one({"_id": "swept"}) or {"at": datetime(1970, 1, 1, tzinfo=UTC), "last": ""}
            self._swept = mark["at"], mark["last"]
        return self._swept

    async def _waiting(self, report: Document) -> Document:
        pack = await self._packs.get(report["city"], report["pack_version"])
        category = report["category"] or pack.classify(report["description"]).code
        danger = pack.categories[category].priority == "danger"
        left_behind = report["stored_at"] < self._began
        return {
            "_id": report["_id"],
            "lane": lane_of(historic=report["historic"], danger=danger),
            "stored_at": report["stored_at"],
            "route_by": NEVER if report["historic"] else route_by(pack, category, report["received_at"]) or NEVER,
            "republish_at": report["stored_at"] + (timedelta() if left_behind else REPUBLISH_AFTER),
            "tries": 0,
        }

    async def _answered(self, ids: Sequence[str]) -> set[str]:
        found = await self._store.progress.find({"_id": {"$in": list(ids)}}, {"_id": 1}, limit=len(ids))
        return {progress["_id"] for progress in found}

    async def _still(self, waiting: Sequence[Document]) -> list[Document]:
        """Those that still have no case; the others are forgotten."""
        answered = await self._answered([document["_id"] for document in waiting])
        if answered:
            await self.unanswered.delete({"_id": {"$in": sorted(answered)}})
        return [document for document in waiting if document["_id"] not in answered]

    async def look(self) -> None:
        """Count those that have no case, and age the oldest. Those that have one by now are forgotten."""
        oldest = [first for lane in (DANGER, LIVE) if (first := await self._oldest(lane)) is not None]
        waiting = {"lane": {"$in": [DANGER, LIVE]}}
        _OLDEST.set(max([(real_now() - at).total_seconds() for at in oldest], default=0.0))
        _WITHOUT_CASE.set(await self.unanswered.count(waiting, limit=COUNTED_MAX) if oldest else 0)

    async def _oldest(self, lane: int) -> datetime | None:
        """When the oldest report of ``lane`` that has no case was stored."""
        for _ in range(FORGOTTEN_PAGES):
            first = await self.unanswered.find({"lane": lane}, sort=[("stored_at", 1)], limit=PAGE)
            if not first:
                return None
            if still := await self._still(first):
                at: datetime = still[0].get("stored_at", self._began)
                return at
        return None

    async def breach_late(self) -> int:
        """Reports past their deadline breach, each once; the root's desk is told. How many did."""
        due = await self.unanswered.find(
            {"route_by": {"$lte": self._clock.now()}}, sort=[("route_by", 1)], limit=PAGE, hint="route_by"
        )
        breached = 0
        for document in await self._still(due):
            report = await self._store.reports.find_one({"_id": document["_id"]})
            told = report is None or "unrouted_at" in report
            if report is not None and not told:
                told = await self._store.breach(report, self._unrouted(report, document["route_by"]))
                breached += told
            if told:
                await self.unanswered.update({"_id": document["_id"]}, {"$set": {"route_by": NEVER}})
        if breached:
            log.warning("reports.unrouted", reports=breached)
        return breached

    def _unrouted(self, report: Document, route_by: datetime) -> Envelope:
        version = report["version"] + 1
        data = contract.ReportUnrouted(
            report=report["_id"],
            received_at=report["received_at"],
            route_by=route_by,
            pack_version=report["pack_version"],
        )
        return Envelope(
            id=event_id(report["_id"], version, 0),
            type="report.unrouted.v2",
            topic=contract.UNROUTED_TOPIC,
            key=report["cell"],
            subject=report["_id"],
            city=report["city"],
            sequence=version,
            time=self._clock.now(),
            lane=0,
            trace=new_trace(),
            data=encode(data),
        )

    async def publish_again(self) -> int:
        """Danger first. While the relay cannot publish, or is full, they wait where they are."""
        published = 0
        for lane in LANES:
            published += await self._publish_lane(lane)
        if published:
            _AGAIN.inc(published)
            log.warning("reports.published_again", reports=published)
        return published

    async def _publish_lane(self, lane: int) -> int:
        """Those that are due, and whose answers would be here if somebody had them in hand."""
        published, until = 0, real_now()
        for page in range(FORGOTTEN_PAGES):
            room = 0 if self._outbox.stuck else min(PAGE, self._outbox.room(lane))
            due = await self.unanswered.find(
                {"lane": lane, "republish_at": {"$lte": until}},
                sort=[("republish_at", 1)],
                limit=room,
                hint="republish",
            )
            if due and not page:
                until = await self._passed(lane, until)
                due = [document for document in due if document["republish_at"] <= until]
            if not due:
                break
            published += await self._published(await self._still(due))
            if len(due) < room:
                break
        return published

    async def _passed(self, lane: int, now: datetime) -> datetime:
        """What was due before this is to be published again: a router that is behind has not passed it yet."""
        try:
            return min(now, await self._answered_until(lane) + ON_ITS_WAY)
        except (KafkaError, TimeoutError) as error:
            log.warning("unanswered.kafka_away", error=str(error), kind=type(error).__name__)
            return EPOCH

    async def _published(self, due: Sequence[Document]) -> int:
        if not due:
            return 0
        now = real_now()
        await self.unanswered.write([_put_off(document, now) for document in due])
        reports = await self._store.reports.find({"_id": {"$in": [d["_id"] for d in due]}}, limit=len(due))
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


def _after(at: datetime, last: str) -> list[Document]:
    """What comes later in the total order: one group commit stores many reports at one moment."""
    return [{"stored_at": {"$gt": at}}, {"stored_at": at, "_id": {"$gt": last}}]


def _put_off(document: Document, now: datetime) -> UpdateOne:
    tries = document["tries"] + 1
    at = now + REPUBLISH_AFTER * 2 ** min(tries, DOUBLINGS_MAX)
    return UpdateOne(
        {"_id": document["_id"], "republish_at": document["republish_at"]},
        {"$set": {"republish_at": at, "tries": tries}},
    )
