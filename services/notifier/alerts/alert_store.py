"""The ``alerts`` collection: one document per event, recipient and channel, however often the event comes."""

from collections import Counter as Tally
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
import structlog
from prometheus_client import Counter, Histogram

from services.notifier.alerts.settlements import SETTLED_FIELDS, Settlement, cases_of_late_alerts
from services.notifier.city_cache import stamped
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.documents.alert import Alert, from_doc, sent_event, to_doc
from services.notifier.documents.delivery import AlertDelivery
from shared.contracts.envelope import Envelope
from shared.kernel.clock import Clock
from shared.runtime.kafka.broker import Publisher
from shared.runtime.kafka.duplicate_metrics import count_duplicates
from shared.runtime.observability.log_ids import ids_of
from shared.runtime.storage.mongo import Collection, Database, Document, IndexModel, Write
from shared.runtime.timekeeping.wall_clock import real_now

log = structlog.get_logger()

INDEXES = (
    IndexModel([("city", 1), ("recipient", 1), ("state", 1), ("at", -1)], name="recipient"),
    IndexModel([("case", 1), ("state", 1)], name="case"),
    IndexModel([("visit_for", 1)], name="visit_for", sparse=True),
)
OF_A_CASE_MAX = 500
SENSITIVE_EVENT = "case.marked_sensitive.v1"
LATER_OF_A_CASE = 16
"""Settlement alerts that are read for each case with late alerts."""
_ALERTS = Counter("whistle_alerts_total", "Alerts put on record, by kind.", ["kind"])
_DELAY = Histogram(
    "whistle_alert_delay_seconds",
    "From a report's arrival until the alerts of its new case were on record.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600),
)


class AlertStore:
    """Alerts, and ``shadow_alerts``: what cities in shadow mode would have sent.

    An alert is always on record in the inbox before a channel is tried. Its deliveries and its event follow from it.
    """

    def __init__(self, database: Database, deliveries: AlertDeliveries, publisher: Publisher, clock: Clock) -> None:
        self.alerts: Collection = database.collection("alerts")
        self.shadows: Collection = database.collection("shadow_alerts")
        self._deliveries = deliveries
        self._publisher = publisher
        self._clock = clock

    async def put(self, alerts: Iterable[Alert], deliveries: Mapping[str, AlertDelivery]) -> None:
        """Store the alerts, then their deliveries, then publish ``alert.sent.v1``; each may be done again.

        The caller commits its Kafka offset afterwards: the consumed batch serves as the outbox for all three. Raises
        ``TimeoutError`` when it is unknown whether a majority has them.
        """
        planned = list({alert.id: alert for alert in alerts}.values())
        if not planned:
            return
        known = await self._insert(self.alerts, planned)
        count_duplicates("alerts", len(known))
        fresh = [alert for i, alert in enumerate(planned) if i not in known]
        self._count(fresh)
        stored_before = await self._as_stored([planned[i].id for i in known])
        await self._deliveries.add(deliveries)
        await self._publisher.publish([sent_event(alert) for alert in (*fresh, *stored_before)])
        if fresh:
            ids = {**ids_of("alert", [alert.id for alert in fresh]), **_about(fresh)}
            log.info("alerts.stored", alerts=len(fresh), again=len(stored_before), **ids)

    async def put_shadows(self, alerts: Sequence[Alert]) -> None:
        """Store what would have been sent. Raises ``TimeoutError``."""
        if alerts:
            await self._insert(self.shadows, [msgspec.structs.replace(alert, state="shadow") for alert in alerts])

    @staticmethod
    async def _insert(rows: Collection, alerts: Sequence[Alert]) -> frozenset[int]:
        """Indexes of the alerts that were stored before."""
        now = real_now()
        return await rows.insert_each([stamped(to_doc(alert), now) for alert in alerts], "alerts")

    def _count(self, fresh: Sequence[Alert]) -> None:
        """Count alerts by kind; observe the delay once for each new case."""
        for kind, many in Tally(alert.kind for alert in fresh).items():
            _ALERTS.labels(kind).inc(many)
        now = self._clock.now()
        for arrived in {a.case: a.event_at for a in fresh if a.event_type == "case.opened.v1"}.values():
            _DELAY.observe((now - arrived).total_seconds())

    async def _as_stored(self, ids: list[str]) -> list[Alert]:
        """Alerts that existed already, as they were stored first. Raises ``TimeoutError`` when one of them is not on a
        majority yet, which a duplicate key does not tell (decision 0003)."""
        alerts = await self.by_id(ids)
        if len(alerts) < len(set(ids)):
            raise TimeoutError("an alert exists but not yet on a majority")
        return list(alerts.values())

    async def settle(self, writes: Sequence[Write]) -> None:
        """Carry out the writes of ``settlements``."""
        await self.alerts.write(writes)

    async def settle_shadows(self, writes: Sequence[Write]) -> None:
        """The same for what would have been sent."""
        await self.shadows.write(writes)

    async def settle_late(self, alerts: Iterable[Alert]) -> list[Write]:
        """The writes that settle late alerts as later alerts of their cases were settled already."""
        cases = cases_of_late_alerts(alerts, self._clock.now())
        if not cases:
            return []
        settled = await self.alerts.find(
            {"case": {"$in": cases}, "state": {"$in": ["acked", "over"]}},
            SETTLED_FIELDS,
            limit=LATER_OF_A_CASE * len(cases),
        )
        return [msgspec.convert(row, Settlement).write() for row in settled if "acked_at" in row]

    async def acknowledge(self, alert: Alert, now: datetime) -> None:
        """Acknowledge an alert that is about no case; others are acknowledged by an event of their case."""
        change = {"state": "acked", "acked_at": now, "acked_by": alert.recipient}
        await self.alerts.update({"_id": alert.id, "state": "sent"}, {"$set": change})

    async def add_test(self, alert: Alert) -> None:
        """Store a person's test alert; it has no event."""
        await self.alerts.insert(stamped(to_doc(alert)))

    async def tests_since(self, city: str, recipient: str, since: datetime, limit: int) -> int:
        """How many test alerts the person made after ``since``, up to ``limit``."""
        where = {"city": city, "recipient": recipient, "state": "test", "at": {"$gt": since}}
        return await self.alerts.count(where, limit=limit)

    async def get(self, city: str, id_: str) -> Alert | None:
        document = await self.alerts.find_one({"_id": id_, "city": city})
        return from_doc(document) if document is not None else None

    async def by_id(self, ids: Sequence[str]) -> dict[str, Alert]:
        """Those of ``ids`` that exist."""
        documents = await self.alerts.find({"_id": {"$in": list(ids)}}, limit=len(ids)) if ids else []
        return {document["_id"]: from_doc(document) for document in documents}

    async def of_case(self, case: str) -> list[Alert]:
        """The newest alerts of a case, newest first."""
        documents = await self.alerts.find({"case": case}, sort=[("at", -1)], limit=OF_A_CASE_MAX)
        return [from_doc(document) for document in documents]

    async def of_visits_for(self, case: str) -> list[Alert]:
        """The newest alerts of visits for a case, newest first."""
        documents = await self.alerts.find({"visit_for": case}, sort=[("at", -1)], limit=OF_A_CASE_MAX)
        return [from_doc(document) for document in documents]

    async def marked_sensitive(self, case: str, since: datetime) -> bool:
        """Whether somebody was told that the case became sensitive then or later."""
        where = {"case": case, "event_type": SENSITIVE_EVENT, "event_at": {"$gte": since}}
        return bool(await self.alerts.count(where, limit=1))

    async def signed_cases(self, cases: Sequence[str]) -> frozenset[str]:
        """Those of ``cases`` that somebody has signed for, by a settled alert."""
        where = {"case": {"$in": list(cases)}, "state": "acked"}
        rows = await self.alerts.find(where, {"case": 1}, limit=LATER_OF_A_CASE * len(cases)) if cases else []
        return frozenset(row["case"] for row in rows)

    async def page(self, where: Document, limit: int, *, shadow: bool = False) -> list[Alert]:
        """Alerts, newest first."""
        rows = self.shadows if shadow else self.alerts
        documents = await rows.find(where, sort=[("at", -1), ("_id", 1)], limit=limit)
        return [from_doc(document) for document in documents]


def first_event(document: Document) -> Envelope:
    """The event that an alert's document began with."""
    return sent_event(from_doc(document))


def _about(alerts: Sequence[Alert]) -> dict[str, str | list[str]]:
    """The cases and the events that alerts are about, each once."""
    cases, events = {alert.case: None for alert in alerts}, {alert.because: None for alert in alerts}
    return {**ids_of("case", list(cases)), **ids_of("event_id", list(events))}
