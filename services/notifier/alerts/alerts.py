"""Alerts: one record per event, recipient and channel, however often the event comes.

The ``inbox`` is always a channel: an alert is on record and readable before anything is sent anywhere else. What the
pack names beside it is a delivery (``alert_deliveries``) that follows from the alert.
"""

from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from prometheus_client import Counter, Histogram

from services.notifier.alerts.alert_record import Subject, record, sent_event
from services.notifier.alerts.closing_alerts import ENDINGS, Endings
from services.notifier.alerts.confidential_recipients import told
from services.notifier.alerts.effect_review import looks_at_effect
from services.notifier.alerts.late_events import settled_before
from services.notifier.alerts.on_duty import found
from services.notifier.alerts.rota_projection import Decided
from services.notifier.alerts.silences import Silences
from services.notifier.alerts.welfare_pages import pages_at_once, paired
from services.notifier.alerts.wording import lacking, text, unattended_text, unrouted_text
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.domain.recipients import Notice, Told, notices
from shared.city.pack import Pack
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from shared.contracts.reports import ReportUnrouted
from shared.kernel.clock import Clock
from shared.kernel.ids import case_id
from shared.kernel.vocabulary import ENDED_STATES
from shared.runtime.kafka.broker import Publisher
from shared.runtime.kafka.duplicates import count_duplicates
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Collection, Database, Document, IndexModel, UpdateMany, Write

INDEXES = (
    IndexModel([("city", 1), ("recipient", 1), ("state", 1), ("at", -1)], name="recipient"),
    IndexModel([("case", 1), ("state", 1)], name="case"),
)
SIGNED = {"case.acknowledged.v1", "case.claimed.v1", "case.moved.v1", "case.on_site.v1", "case.started.v1"}
PART_SIGNED = {"case.reported_in.v1", "case.part_finished.v1", "case.part_excused.v1"}
UNATTENDED = "unattended"
_ALERTS = Counter("whistle_alerts_total", "Alerts put on record, by kind.", ["kind"])
_DELAY = Histogram(
    "whistle_alert_delay_seconds",
    "From a report's arrival until the alerts of its new case were on record.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600),
)


class Alerts:
    """The ``alerts`` of the notifier."""

    def __init__(
        self,
        database: Database,
        packs: PackLibrary,
        publisher: Publisher,
        clock: Clock,
        deliveries: AlertDeliveries,
        decided: Decided,
        silences: Silences,
    ) -> None:
        self.alerts: Collection = database.collection("alerts")
        self.shadows: Collection = database.collection("shadow_alerts")
        self._endings = Endings(self.alerts, deliveries)
        self._silences = silences
        self._deliveries = deliveries
        self._packs = packs
        self._publisher = publisher
        self._clock = clock
        self._decided = decided

    async def handle(self, events: Sequence[Envelope]) -> None:
        """A batch of case events: alerts in one insert, acknowledgements in one bulk."""
        documents: dict[str, Document] = {}
        deliveries: dict[str, Document] = {}
        settled: list[Write] = []
        shadows: list[Document] = []
        for event in events:
            data = decode(event, CaseEvent)
            pack = await self._packs.get(event.city, data.case.pack_version)
            made = self._made(event, data, pack)
            if pack.city.shadow:
                shadows += made
                continue
            deliveries |= self._deliveries.of(pack, made)
            if event.type in ENDINGS:
                subject = self._subject(data, pack)
                ended, owed = await self._endings.of(event, data, pack, subject, self._clock.now())
                made += ended
                deliveries |= owed
            documents |= {alert["_id"]: alert for alert in made}
            settled += _settled(event, data)
        if documents:
            await self.put(list(documents.values()), deliveries)
            settled += await settled_before(self.alerts, list(documents.values()), self._clock.now())
        if shadows:
            await self._shadow(shadows)
        if settled:
            await self.alerts.write(settled)

    async def handle_unrouted(self, events: Sequence[Envelope]) -> None:
        """Reports that nobody made a case of in time: the root's desk is told, so that a dead router is noticed."""
        documents: dict[str, Document] = {}
        deliveries: dict[str, Document] = {}
        for event in events:
            data = decode(event, ReportUnrouted)
            pack = await self._packs.get(event.city, data.pack_version)
            language = pack.city.languages[0]
            subject = Subject(case_id(data.report), 0, "urgent", unrouted_text(data.report, language), data.route_by)
            notice = Notice("unrouted", pack.root.id, "A")
            for person in found(notice, pack, event.time, self._decided.of(event.city)):
                alert = record(event, subject, notice, person.id, language, self._clock.now())
                if pack.city.shadow:
                    await self._shadow([alert])
                    continue
                documents[alert["_id"]] = alert
                deliveries |= self._deliveries.of(pack, [alert])
        if documents:
            await self.put(list(documents.values()), deliveries)

    async def _shadow(self, alerts: Sequence[Document]) -> None:
        """What would have been told: only ops reads it."""
        await self.shadows.insert_each([{**alert, "state": "shadow"} for alert in alerts], "alerts")

    async def put(self, alerts: list[Document], deliveries: Mapping[str, Document]) -> None:
        """On record, then owed to channels, then told to others; the consumed batch is the outbox of all that."""
        known = await self.alerts.insert_each(alerts, "alerts")
        count_duplicates("alerts", len(known))
        made = [alert for i, alert in enumerate(alerts) if i not in known]
        self._count(made)
        made += await self._first([alerts[i]["_id"] for i in known])
        await self._deliveries.add(deliveries)
        await self._publisher.publish([sent_event(alert) for alert in made])

    def _count(self, made: Sequence[Document]) -> None:
        """Fresh alerts; the delay once for each case."""
        for kind, many in Tally(alert["kind"] for alert in made).items():
            _ALERTS.labels(kind).inc(many)
        now = self._clock.now()
        for arrived in {a["case"]: a["event_at"] for a in made if a["event_type"] == "case.opened.v1"}.values():
            _DELAY.observe((now - arrived).total_seconds())

    async def _first(self, ids: list[str]) -> list[Document]:
        """Alerts that were there before, as they were made. A duplicate key may be of one that no majority has yet."""
        found_ = await self.alerts.find({"_id": {"$in": ids}}, limit=len(ids)) if ids else []
        if len(found_) < len(set(ids)):
            raise TimeoutError("an alert exists but not yet on a majority")
        return found_

    def _made(self, event: Envelope, data: CaseEvent, pack: Pack) -> list[Document]:
        case = data.case
        decided = self._decided.of(event.city)
        pages = pages_at_once(event, data.case, pack)
        happened = Told(
            type=event.type,
            unit=case.unit,
            within=case.within,
            offered_to=case.offered_to,
            act=data.act,
            tell=tuple(data.tell),
            assignee=case.assignee,
            historic=case.historic,
            early=data.due_at is not None and event.time < data.due_at,
            part=data.part,
            effect=looks_at_effect(event.type, case, pack),
            paired=paired(case, pack, event.time, decided) if pages else (),
        )
        language = pack.city.languages[0]
        subject = self._subject(data, pack)
        silence = None if pages else self._silences.over(case, pack, event.time)
        marks: Document = {"at_once": True} if pages else {"silenced": silence} if silence is not None else {}
        made = []
        for person, (notice, lacks) in told(notices(happened), case, pack, event.time, decided).items():
            says = " · ".join(filter(None, (lacking(lacks, pack), subject.text)))
            about = replace(subject, text=says) if notice.kind != UNATTENDED else _wordless(subject, case.unit, pack)
            made.append({**record(event, about, notice, person, language, self._clock.now()), **marks})
        return made

    async def acknowledge(self, alert: Document, now: datetime) -> None:
        """An alert that is about no case is acknowledged here and nowhere else."""
        await self.alerts.update(
            {"_id": alert["_id"], "state": "sent"},
            {"$set": {"state": "acked", "acked_at": now, "acked_by": alert["recipient"]}},
        )

    @staticmethod
    def _subject(data: CaseEvent, pack: Pack) -> Subject:
        case = data.case
        part = next(((p.id, p.unit) for p in case.parts if p.id == data.part), None)
        return Subject(case.id, case.version, case.priority, text(data, pack), _tightest(data), part)

    async def page(self, where: Document, limit: int, *, shadow: bool = False) -> list[Document]:
        rows = self.shadows if shadow else self.alerts
        return await rows.find(where, sort=[("at", -1), ("_id", 1)], limit=limit)

    async def get(self, city: str, id_: str) -> Document | None:
        return await self.alerts.find_one({"_id": id_, "city": city})


def _settled(event: Envelope, data: CaseEvent) -> list[Write]:
    """An alert turns ``acked`` by the case's event, ``over`` when the case ends."""
    case = data.case
    acted: list[Write] = []
    if data.by is not None and event.type.startswith("case."):
        acted = [UpdateMany({"case": case.id, "recipient": data.by}, {"$set": {"acted": True}})]
    if case.state in ENDED_STATES:
        turns = event.type.startswith("case.")
        return [*acted, _turned(case.id, case.version, "over", None, event)] if turns else []
    if event.type in SIGNED:
        return [*acted, _turned(case.id, case.version, "acked", data.by, event)]
    if event.type in PART_SIGNED:
        return [*acted, _turned(case.id, case.version, "acked", data.by, event, data.part)]
    return acted


def _turned(case: str, version: int, state: str, by: str | None, event: Envelope, part: str | None = None) -> Write:
    """Alerts of the case turn with it, those of a part with that part; at the end all of them."""
    whose: Document = {} if state == "over" else {"part": part}
    return UpdateMany(
        {"case": case, "state": "sent", "case_version": {"$lt": version}, **whose},
        {"$set": {"state": state, "acked_at": event.time, "acked_by": by}},
    )


def _wordless(subject: Subject, unit: str, pack: Pack) -> Subject:
    """For those who may not see the case: it turns with the case, and says nothing of it."""
    return replace(subject, text=unattended_text(unit, pack), due_at=None, part=None)


def _tightest(data: CaseEvent) -> datetime | None:
    waiting = [c.due_at for c in data.case.clocks if c.state == "running" and c.part == data.part]
    return min(waiting, default=None)


def view(alert: Document) -> dict[str, Any]:
    """An alert as the API shows it."""
    names = (
        "recipient",
        "unit",
        "channel",
        "kind",
        "case",
        "part",
        "priority",
        "title",
        "text",
        "due_at",
        "state",
        "at",
        "because",
        "event_type",
        "event_at",
        "acked_at",
        "acked_by",
        "silenced",
    )
    hidden = ("case", "because", "acked_by") if alert["kind"] == UNATTENDED else ()
    shown = {name: alert[name] for name in names if name not in hidden and alert.get(name) is not None}
    return {"id": alert["_id"], **shown}
