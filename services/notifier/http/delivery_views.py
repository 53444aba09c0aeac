"""Deliveries to apps as the API shows them."""

from typing import Any

from services.notifier.documents.delivery import WebhookDelivery, progress


def delivery_view(delivery: WebhookDelivery) -> dict[str, Any]:
    """What is sent, and how far it is; not its body."""
    about = {"id": delivery.id, "type": delivery.type, "event": delivery.event, "case": delivery.case}
    return {**about, **progress(delivery)}
