"""What the notifier reads from Kafka, and who handles it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from services.notifier.alerts.case_alerts import CaseAlerts
from services.notifier.alerts.duty_alerts import DutyAlerts
from services.notifier.alerts.rota_projection import RotaProjection
from services.notifier.alerts.visit_alerts import VisitAlerts
from services.notifier.delivery.webhooks import Webhooks
from services.notifier.invitations.delivery import Invitations
from shared.contracts import cases, cities, people, reports, rota, visits
from shared.contracts.envelope import DANGER, LIVE, Envelope
from shared.runtime.kafka.consumer import every_event_consumer, latest_event_consumer
from shared.runtime.pack_library import PackFollower, PackLibrary
from shared.runtime.service import Service

Handle = Callable[[Sequence[Envelope]], Awaitable[None]]


class CaseEvents:
    """Handles events of cases: alerts for officers, deliveries for apps."""

    def __init__(self, packs: PackLibrary, alerts: CaseAlerts, webhooks: Webhooks) -> None:
        self._packs = packs
        self._alerts = alerts
        self._webhooks = webhooks

    async def handle(self, events: Sequence[Envelope]) -> None:
        """A batch, for both at the same time. Apps hear nothing of cities in shadow mode."""
        packs = {city: self._packs.current(city) for city in self._packs.cities}
        shadows = {city for city, pack in packs.items() if pack.city.shadow}
        to_apps = [event for event in events if event.city not in shadows] if shadows else events
        await asyncio.gather(self._alerts.handle(events), self._webhooks.handle(to_apps, packs))


class PackEvents:
    """Handles events of cities: another pack was loaded, and may appoint people."""

    def __init__(self, follower: PackFollower, duties: DutyAlerts) -> None:
        self._follower = follower
        self._duties = duties

    async def handle(self, events: Sequence[Envelope]) -> None:
        self._follower.wake()
        await self._duties.handle_packs(events)


class RotaEvents:
    """Handles events of the rota: stored first, then who takes a duty is told."""

    def __init__(self, projection: RotaProjection, duties: DutyAlerts) -> None:
        self._projection = projection
        self._duties = duties

    async def handle(self, events: Sequence[Envelope]) -> None:
        await self._projection.handle(events)
        await self._duties.handle_rota(events)


def subscribe(
    service: Service,
    *,
    case_events: CaseEvents,
    case_alerts: CaseAlerts,
    visit_alerts: VisitAlerts,
    rota_events: RotaEvents,
    invitations: Invitations,
    pack_events: PackEvents,
) -> None:
    """Declare the service's consumers.

    Cases are read on the lanes of danger and of live events. Nobody is alerted of history, whose lane is left out.
    """

    def add(topic: str, group: str, handle: Handle, lane: int = LIVE) -> None:
        service.consumes(every_event_consumer(topic, group, handle, service.dead_letters, service.clock, lane=lane))

    for lane in (DANGER, LIVE):
        add(cases.TOPIC, "notifier.cases", case_events.handle, lane)
    add(reports.UNROUTED_TOPIC, "notifier.unrouted", case_alerts.handle_unrouted)
    add(visits.TOPIC, "notifier.visits", visit_alerts.handle)
    add(rota.TOPIC, "notifier.rota", rota_events.handle)
    add(people.TOPIC, "notifier.people", invitations.handle)
    service.consumes(
        latest_event_consumer(cities.TOPIC, "notifier.cities", pack_events.handle, service.dead_letters, service.clock)
    )
