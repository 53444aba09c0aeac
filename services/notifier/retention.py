"""How long the notifier keeps things: alerts, and the deliveries of their cases to channels and apps."""

from collections.abc import Sequence

from services.notifier.alerts.alert_store import AlertStore
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.delivery.webhooks import Webhooks
from services.notifier.documents.alert import from_doc
from shared.runtime.retention import RetainedKind
from shared.runtime.storage.mongo import Document


def old_alerts(alerts: AlertStore, alert_deliveries: AlertDeliveries, webhooks: Webhooks) -> RetainedKind:
    """Alerts are kept by the pack's rule ``alerts``, without one as long as reports. Deliveries of their cases that are
    as old as the newest alert of a page are deleted with the page."""

    async def forget(page: Sequence[Document]) -> int:
        stored = [from_doc(document) for document in page]
        newest = max(document["stored_at"] for document in page)
        cases = {"$in": sorted({alert.case for alert in stored})}
        for deliveries in (alert_deliveries.queue.rows, webhooks.queue.rows):
            await deliveries.delete({"case": cases, "made_at": {"$lte": newest}})
        return await alerts.alerts.delete({"_id": {"$in": [alert.id for alert in stored]}})

    return RetainedKind("alerts", ("alerts", "reports"), alerts.alerts, "stored_at", forget, {})
