"""Alerts of visits: who is invited hears of it, on its day once more, and when it is called off; then they are over."""

from collections.abc import Sequence

from services.notifier.alerts.alert_record import Subject, record
from services.notifier.alerts.alerts import Alerts
from services.notifier.alerts.on_duty import reached
from services.notifier.alerts.rota_projection import Decided
from services.notifier.alerts.wording import visit_text
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.domain.recipients import Kind, Notice
from shared.city.pack import Pack
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from shared.contracts.visits import VisitEvent
from shared.kernel.clock import Clock
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Document, UpdateMany, Write

KINDS: dict[str, Kind] = {
    "joint_enforcement": "joint_enforcement",
    "patrol": "patrol",
    "campaign": "campaign",
    "service": "service",
}
"""A kind of visit that is newer than this service is told as joint enforcement."""


class VisitAlerts:
    """Handles the ``visits`` topic, each event once per id."""

    def __init__(
        self, alerts: Alerts, deliveries: AlertDeliveries, packs: PackLibrary, decided: Decided, clock: Clock
    ) -> None:
        self._alerts = alerts
        self._deliveries = deliveries
        self._packs = packs
        self._decided = decided
        self._clock = clock

    async def handle(self, events: Sequence[Envelope]) -> None:
        """A batch: alerts in one insert; those of visits that have ended turn over in one bulk."""
        documents: dict[str, Document] = {}
        deliveries: dict[str, Document] = {}
        over: list[Write] = []
        for event in events:
            data = decode(event, VisitEvent)
            pack = await self._packs.get(event.city, data.pack_version)
            if pack.city.shadow:
                continue
            made = self._made(event, data, pack)
            documents |= {alert["_id"]: alert for alert in made}
            deliveries |= self._deliveries.of(pack, made)
            if data.state != "planned":
                over.append(_over(event, data))
        if documents:
            await self._alerts.put(list(documents.values()), deliveries)
        if over:
            await self._alerts.alerts.write(over)

    def _made(self, event: Envelope, data: VisitEvent, pack: Pack) -> list[Document]:
        kind = _kind(event, data)
        subject = Subject(data.visit, data.version, "normal", visit_text(data, pack), data.at)
        notices = [Notice(kind, unit, "A") for unit in data.tell]
        people = reached(notices, pack, event.time, self._decided.of(event.city))
        language, now = pack.city.languages[0], self._clock.now()
        return [record(event, subject, notice, person, language, now) for person, (notice, _) in people.items()]


def _kind(event: Envelope, data: VisitEvent) -> Kind:
    if event.type == "visit.reminded.v1":
        return "visit_today"
    return "visit_off" if data.state == "cancelled" else KINDS.get(data.kind, "joint_enforcement")


def _over(event: Envelope, data: VisitEvent) -> Write:
    return UpdateMany(
        {"case": data.visit, "state": "sent", "case_version": {"$lt": data.version}},
        {"$set": {"state": "over", "acked_at": event.time, "acked_by": data.by}},
    )
