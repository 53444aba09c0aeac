"""Alerts of visits: invited units are alerted of a visit, again on its day, and when it is cancelled.

Once the visit has ended these alerts are over.
"""

from collections.abc import Sequence
from datetime import datetime

from services.notifier.alerts.alert_store import AlertStore
from services.notifier.alerts.case_words import unit_name
from services.notifier.alerts.clock_words import moment
from services.notifier.alerts.new_alert import Subject, new_alert
from services.notifier.alerts.recipient_resolution import recipients_of
from services.notifier.alerts.rota_projection import RotaProjection
from services.notifier.alerts.settlements import Settlement
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.documents.alert import Alert
from services.notifier.documents.delivery import AlertDelivery
from services.notifier.domain.recipients import Kind, Notice
from shared.city.pack import Pack
from shared.city.people.rota import RotaChanges
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from shared.contracts.visits import VisitEvent
from shared.kernel.clock import Clock
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import UpdateMany, Write

KINDS: dict[str, Kind] = {
    "joint_enforcement": "joint_enforcement",
    "patrol": "patrol",
    "campaign": "campaign",
    "service": "service",
}
"""Alerts of a kind of visit that is newer than this service are titled joint enforcement."""


class VisitAlerts:
    """Handles the ``visits`` topic. A batch may be handled again: ids follow from the events."""

    def __init__(
        self, store: AlertStore, deliveries: AlertDeliveries, packs: PackLibrary, rota: RotaProjection, clock: Clock
    ) -> None:
        self._store = store
        self._deliveries = deliveries
        self._packs = packs
        self._rota = rota
        self._clock = clock

    async def handle(self, events: Sequence[Envelope]) -> None:
        """A batch: all alerts in one insert, then those of visits that have ended settled in one bulk.

        Where a visit's case became sensitive meanwhile, its place is taken back at once.
        """
        alerts: list[Alert] = []
        deliveries: dict[str, AlertDelivery] = {}
        settled: list[Write] = []
        placed: list[tuple[Envelope, VisitEvent, Pack]] = []
        for event in events:
            data = decode(event, VisitEvent)
            pack = await self._packs.get(event.city, data.pack_version)
            if pack.city.shadow:
                continue
            version = self._packs.in_force(event.city, event.time, data.pack_version, event.time)
            people = await self._packs.get(event.city, version)
            planned = plan_visit_alerts(event, data, people, self._rota.changes(event.city), self._clock.now())
            alerts += planned
            deliveries |= self._deliveries.plan(people, planned)
            if data.state != "planned":
                settled.append(_over(event, data).write())
            if data.case is not None and data.place and planned:
                placed.append((event, data, people))
        await self._store.put(alerts, deliveries)
        for event, data, people in placed:
            if await self._store.marked_sensitive(data.case or "", event.time):
                settled += without_place([alert for alert in alerts if alert.because == event.id], people)
        await self._store.settle(settled)


def plan_visit_alerts(event: Envelope, data: VisitEvent, pack: Pack, rota: RotaChanges, now: datetime) -> list[Alert]:
    """The alerts of a visit's event for the desks of the units that it names; pure."""
    kind, language = _kind(event, data), pack.city.languages[0]
    subject = visit_subject(data, pack)
    people = recipients_of([Notice(kind, unit, "A") for unit in data.tell], pack, event.time, rota)
    return [new_alert(event, subject, notice, person, language, now) for person, (notice, _) in people.items()]


def visit_subject(data: VisitEvent, pack: Pack) -> Subject:
    """What alerts of a visit are about: who invites, where and when. It has no deadline."""
    words = visit_text(data, pack)
    return Subject(
        data.visit, data.version, "normal", words, None, happens_at=data.at, visit_for=data.case, owner=data.unit
    )


def visit_text(data: VisitEvent, pack: Pack) -> str:
    """Who invites, where, and when by the city's clock. The place of a case of which no word leaves is not told."""
    names = {place.known_as: place.name for place in pack.places}
    where = (names.get(data.place) or unit_name(data.place, pack),) if data.place else ()
    return " · ".join((unit_name(data.unit, pack), *where, moment(data.at, pack)))


def without_place(alerts: Sequence[Alert], pack: Pack) -> list[Write]:
    """The writes by which alerts of visits say who invites and when, and no longer where."""
    writes: list[Write] = []
    for visit in {alert.case: alert for alert in alerts}.values():
        told = (unit_name(visit.owner, pack) if visit.owner else "", moment(visit.happens_at or visit.at, pack))
        people = sorted({alert.recipient for alert in alerts if alert.case == visit.case})
        said = {"text": " · ".join(filter(None, told)), "group_text": None}
        writes.append(UpdateMany({"case": visit.case, "recipient": {"$in": people}}, {"$set": said}))
    return writes


def _kind(event: Envelope, data: VisitEvent) -> Kind:
    if event.type == "visit.reminded.v1":
        return "visit_today"
    return "visit_off" if data.state == "cancelled" else KINDS.get(data.kind, "joint_enforcement")


def _over(event: Envelope, data: VisitEvent) -> Settlement:
    return Settlement(case=data.visit, case_version=data.version, state="over", acked_at=event.time, acked_by=data.by)
