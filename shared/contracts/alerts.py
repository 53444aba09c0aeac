"""Events of the notifier."""

from datetime import datetime

import msgspec

TOPIC = "alerts"


class AlertSent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``alert.sent.v1``: an alert is stored, and passed to its channel."""

    alert: str
    case: str
    recipient: str
    unit: str
    channel: str
    kind: str
    because: str
    """Id of the event that caused it."""
    sent_at: datetime
