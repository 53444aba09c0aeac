"""Signatures of webhooks, as Standard Webhooks 1.0.0 has them."""

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook as StandardWebhook

from services.notifier.documents.webhook import Webhook


class Secrets:
    """The signing secrets of webhooks, derived from the installation's secret: none is stored.

    For a day after a rotation the older secret signs as well; the webhook's ``rotations`` say until when.
    """

    def __init__(self, installation: str) -> None:
        self._installation = installation.encode()

    def current(self, webhook: Webhook) -> str:
        """``whsec_…`` (Standard Webhooks): base64 of 32 bytes."""
        return self.secret(webhook.id, webhook.generation)

    def older(self, webhook: Webhook, now: datetime) -> list[str]:
        """Secrets that were replaced and still sign."""
        return [self.secret(webhook.id, rotation.replaces) for rotation in webhook.older_secrets(now)]

    def secret(self, webhook: str, generation: int) -> str:
        digest = hmac.digest(self._installation, f"webhook:{webhook}:{generation}".encode(), "sha256")
        return "whsec_" + base64.b64encode(digest).decode()


def signature(secret: str, id_: str, at: datetime, body: str, older: Sequence[str] = ()) -> dict[str, str]:
    """The three headers of Standard Webhooks over exactly these bytes, signed with ``older`` secrets as well."""
    signed = " ".join(StandardWebhook(one).sign(id_, at, body) for one in (secret, *older))
    return {"webhook-id": id_, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signed}
