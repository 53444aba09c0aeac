"""Events of the notifier."""

from datetime import datetime

import msgspec

TOPIC = "alerts"


class AlertSent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``alert.sent.v1``: an alert is on record and with its channel."""

    alert: str
    case: str
    recipient: str
    unit: str
    channel: str
    kind: str
    because: str
    """Id of the event that it tells of."""
    sent_at: datetime
