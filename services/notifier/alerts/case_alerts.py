"""Alerts of cases: plans the alerts of each batch of events, stores them, and settles earlier ones."""

from collections.abc import Sequence
from datetime import datetime

from services.notifier.alerts.alert_plan import case_subject, plan_alerts, plan_unrouted_alerts
from services.notifier.alerts.alert_store import SENSITIVE_EVENT, AlertStore
from services.notifier.alerts.closing_alerts import CLOSING_EVENTS, ClosingAlerts
from services.notifier.alerts.rota_projection import RotaProjection
from services.notifier.alerts.settlements import settlements
from services.notifier.alerts.shielded_alerts import SHIELDING_EVENTS, ShieldedAlerts, without_words
from services.notifier.alerts.silences import Silences
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.documents.alert import Alert
from services.notifier.documents.delivery import AlertDelivery
from shared.city.pack import Pack
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from shared.contracts.reports import ReportUnrouted
from shared.kernel.clock import Clock
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Write


class CaseAlerts:
    """Handles events of cases and of reports without one. A batch may be handled again: ids follow from the events."""

    def __init__(
        self,
        store: AlertStore,
        deliveries: AlertDeliveries,
        packs: PackLibrary,
        rota: RotaProjection,
        silences: Silences,
        clock: Clock,
    ) -> None:
        self.store = store
        self._deliveries = deliveries
        self._packs = packs
        self._rota = rota
        self._silences = silences
        self._clock = clock
        self._closing = ClosingAlerts(store, deliveries)
        self._shielded = ShieldedAlerts(store, deliveries)

    async def handle(self, events: Sequence[Envelope]) -> None:
        """A batch of case events: all alerts in one insert, then all settlements in one bulk."""
        alerts: list[Alert] = []
        shadows: list[Alert] = []
        deliveries: dict[str, AlertDelivery] = {}
        settled: list[Write] = []
        shielded: list[tuple[Envelope, CaseEvent, Pack]] = []
        shielded_shadows: list[Write] = []
        for event in events:
            data = decode(event, CaseEvent)
            pack = await self._packs.get(event.city, data.case.pack_version)
            people = await self._people(event, pack, data.case.opened_at)
            rota, silences = self._rota.changes(event.city), self._silences.of_city(event.city)
            planned = plan_alerts(event, data, pack, rota, silences, self._clock.now(), people)
            if pack.city.shadow:
                shadows += planned
                shielded_shadows += [without_words(event, data, people)] if event.type == SENSITIVE_EVENT else []
                continue
            alerts += planned
            deliveries |= self._deliveries.plan(people, planned)
            if event.type in CLOSING_EVENTS:
                about = case_subject(event, data, pack)
                closing = await self._closing.plan(event, data, people, about, self._clock.now())
                alerts += closing.alerts
                deliveries |= closing.deliveries
            settled += settlements(event, data)
            if event.type in SHIELDING_EVENTS:
                shielded.append((event, data, people))
        await self.store.put(alerts, deliveries)
        settled += await self.store.settle_late(alerts)
        await self.store.put_shadows(shadows)
        await self.store.settle_shadows(shielded_shadows)
        await self.store.settle(settled)
        for event, data, people in shielded:
            await self.store.settle(await self._shielded.take_back(event, data, people))

    async def handle_unrouted(self, events: Sequence[Envelope]) -> None:
        """A batch of reports that nobody made a case of in time."""
        alerts: list[Alert] = []
        shadows: list[Alert] = []
        deliveries: dict[str, AlertDelivery] = {}
        for event in events:
            data = decode(event, ReportUnrouted)
            pack = await self._packs.get(event.city, data.pack_version)
            people = await self._people(event, pack, data.received_at)
            planned = plan_unrouted_alerts(event, data, people, self._rota.changes(event.city), self._clock.now())
            if pack.city.shadow:
                shadows += planned
                continue
            alerts += planned
            deliveries |= self._deliveries.plan(people, planned)
        await self.store.put(alerts, deliveries)
        await self.store.put_shadows(shadows)

    async def _people(self, event: Envelope, pack: Pack, made_at: datetime) -> Pack:
        """The version that was in force when the event happened: its people are told, over its channels.

        ``pack``: the version that the event names; ``made_at``: when what the event is about was made with it.
        """
        version = self._packs.in_force(event.city, event.time, pack.version, made_at)
        return pack if version == pack.version else await self._packs.get(event.city, version)
