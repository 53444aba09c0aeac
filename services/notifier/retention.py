"""What the notifier keeps for a time: alerts, and what of their cases was owed to channels and apps."""

from collections.abc import Sequence

from services.notifier.alerts.alerts import Alerts
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.delivery.webhooks import Webhooks
from shared.runtime.retention import Retained
from shared.runtime.storage.mongo import Document


def old_alerts(alerts: Alerts, owed: AlertDeliveries, webhooks: Webhooks) -> Retained:
    """By the pack's ``alerts``, else as long as reports. What was owed is older than the newest alert that goes."""

    async def page_of(page: Sequence[Document]) -> int:
        newest = max(alert["stored_at"] for alert in page)
        cases = {"$in": sorted({alert["case"] for alert in page})}
        for deliveries in (owed.deliveries.rows, webhooks.deliveries):
            await deliveries.delete({"case": cases, "made_at": {"$lte": newest}})
        return await alerts.alerts.delete({"_id": {"$in": [alert["_id"] for alert in page]}})

    return Retained("alerts", ("alerts", "reports"), alerts.alerts, "stored_at", page_of, {})
