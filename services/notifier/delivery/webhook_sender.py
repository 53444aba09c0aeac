"""Sends deliveries to apps: each in a request of its own, signed, tried for three days."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter, Gauge, Histogram

from services.notifier.delivery.dispatcher import OutgoingMessage
from services.notifier.delivery.http_post import Poster, UnreachableError
from services.notifier.delivery.webhook_signing import Secrets, signature
from services.notifier.delivery.webhooks import Webhooks
from services.notifier.documents.delivery import WebhookDelivery
from services.notifier.documents.webhook import Webhook
from services.notifier.domain.retry import WEBHOOK_RETRY_SECONDS, Outcome
from shared.runtime.http_client.ssrf_guard import AddressRefusedError
from shared.runtime.timekeeping.wall_clock import real_now

log = structlog.get_logger()

AT_ONCE = 8
"""Requests to one receiver; with four, the majority writes before and after them would be waited for."""
INACTIVE = timedelta(minutes=1)
_SENT = Counter("whistle_webhook_attempts_total", "Webhook attempts by outcome.", ["outcome"])
_TOOK = Histogram(
    "whistle_webhook_attempt_duration_seconds",
    "Time that a receiver took to answer, or not to.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
OPEN_CIRCUITS = Gauge(
    "whistle_webhook_open_circuits", "Receivers that are left alone for a while because they kept failing."
)


class WebhookSender:
    """What the dispatcher needs to send to apps."""

    schedule: Sequence[float] = WEBHOOK_RETRY_SECONDS
    at_once = AT_ONCE

    def __init__(self, webhooks: Webhooks, poster: Poster, secrets: Secrets) -> None:
        self._webhooks = webhooks
        self._poster = poster
        self._secrets = secrets

    async def messages(
        self, receiver: str, due: Sequence[WebhookDelivery], now: datetime
    ) -> Sequence[OutgoingMessage[WebhookDelivery, Webhook]] | datetime:
        """Each delivery with its webhook; if that has ended meanwhile, its deliveries end too."""
        webhook = await self._webhooks.get(receiver)
        if webhook is None or webhook.state != "active":
            await self._webhooks.queue.end(receiver, webhook.state if webhook is not None else "deleted")
            return now + INACTIVE
        return [OutgoingMessage([delivery], webhook) for delivery in due]

    async def send(self, receiver: str, message: OutgoingMessage[WebhookDelivery, Webhook], now: datetime) -> Outcome:
        """One attempt, always under the same ``webhook-id``."""
        if receiver in self._webhooks.ended:
            return Outcome("ended", ended=True, counts=False)
        with _TOOK.time():
            outcome = await self.attempt(message.content, message.deliveries[0])
        _SENT.labels(outcome.name).inc()
        return outcome

    async def attempt(self, webhook: Webhook, delivery: WebhookDelivery) -> Outcome:
        """What the receiver answered."""
        now = real_now()
        secret, older = self._secrets.current(webhook), self._secrets.older(webhook, now)
        headers = {
            **signature(secret, delivery.id, now, delivery.body, older),
            "user-agent": "whistle-webhooks/1",
        }
        try:
            reply = await self._poster.post(webhook.url, delivery.body, headers)
        except AddressRefusedError:
            return Outcome("refused_address", final=True)
        except UnreachableError as error:
            log.info("webhook.failed", webhook=webhook.id, kind=str(error), **_ids(delivery))
            return Outcome("unreachable")
        if 200 <= reply.status < 300:
            log.info("webhook.delivered", webhook=webhook.id, **_ids(delivery))
            return Outcome("delivered", reply.status)
        log.info("webhook.failed", webhook=webhook.id, kind="refused", status=reply.status, **_ids(delivery))
        return Outcome("refused", reply.status, wait=reply.retry_after, final=reply.status == 410)


def _ids(delivery: WebhookDelivery) -> dict[str, str]:
    return {"delivery": delivery.id, "event_id": delivery.event, "case": delivery.case}
