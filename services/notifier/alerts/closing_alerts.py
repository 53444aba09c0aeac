"""When a case ends, everybody who was alerted over a channel gets a message that it has ended, over the same channel.

People who have acted on the case, or ended it, know already and get none.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from services.notifier.alerts.alert_store import AlertStore
from services.notifier.alerts.new_alert import Subject, new_alert
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.documents.alert import SAYS_NOTHING, Alert
from services.notifier.documents.delivery import AlertDelivery
from services.notifier.domain.recipients import Notice
from shared.city.pack import Pack
from shared.contracts.cases import CaseEvent
from shared.contracts.envelope import Envelope

CLOSING_EVENTS = frozenset({"case.closed.v1", "case.redirected.v1", "case.rejected.v1", "case.merged.v1"})


class ClosingPlan(NamedTuple):
    """Alerts that a case has ended, and their deliveries by id."""

    alerts: list[Alert]
    deliveries: dict[str, AlertDelivery]


class ClosingAlerts:
    """Plans the alerts of a case's end from what was delivered before."""

    def __init__(self, alerts: AlertStore, deliveries: AlertDeliveries) -> None:
        self._alerts = alerts
        self._deliveries = deliveries

    async def plan(self, event: Envelope, data: CaseEvent, pack: Pack, subject: Subject, now: datetime) -> ClosingPlan:
        """Empty where nobody was reached over a channel."""
        if not pack.receivers or data.case.historic:
            return ClosingPlan([], {})
        earlier = _of_others(await self._alerts.of_case(data.case.id), data.by)
        delivered = await self._deliveries.delivered(list(earlier))
        oldest_last = reversed(delivered)
        by_person = {alert.recipient: alert for alert in (earlier[row.alert] for row in oldest_last)}
        language = pack.city.languages[0]
        alerts = [
            new_alert(event, subject, Notice("over", alert.unit), person, language, now, state="over")
            for person, alert in by_person.items()
        ]
        channels = {(earlier[row.alert].recipient, row.receiver) for row in delivered}
        owners = {alert.id: alert.recipient for alert in alerts}
        deliveries = {
            id_: delivery
            for id_, delivery in self._deliveries.plan(pack, alerts).items()
            if (owners[delivery.alert], delivery.receiver) in channels
        }
        return ClosingPlan(alerts, deliveries)


def _of_others(alerts: Iterable[Alert], by: str | None) -> dict[str, Alert]:
    """By id, the alerts of people who have not acted on the case and did not end it (``by``)."""
    alerts = list(alerts)
    acted = {alert.recipient for alert in alerts if alert.acted or alert.acked_by == alert.recipient} | {by}
    return {a.id: a for a in alerts if a.recipient not in acted and a.kind not in {"over", *SAYS_NOTHING}}
