"""A danger that nobody signs for is called about: when people are called, and for which alerts. Pure.

The call is a delivery that is held until its time (``held_deliveries``): it is on record with its alert, found by its
time, released once, and dropped when somebody has signed.
"""

from collections.abc import Container
from datetime import datetime

from services.notifier.documents.alert import Alert
from shared.city.model.channels import CALLED_AFTER
from shared.city.people.receivers import Receiver
from shared.kernel.durations import parse_duration

_KINDS = frozenset({"new", "reopened", "called", "raised", "need"})


def call_at(alert: Alert, receiver: Receiver) -> datetime | None:
    """When the recipient is called if nobody has signed by then; None for an alert that is not called about."""
    if not asks_to_sign_danger(alert):
        return None
    return alert.at + parse_duration(receiver.after or CALLED_AFTER).plain()


def asks_to_sign_danger(alert: Alert) -> bool:
    """Whether the alert is of a danger that somebody has to sign for. What was accepted from elsewhere is signed for;
    what a rung of the ladder moved is not."""
    moved = alert.kind == "moved" and alert.event_type in ("case.escalated.v1", "case.returned.v1")
    return alert.priority == "danger" and alert.state == "sent" and (alert.kind in _KINDS or moved)


def is_unsigned(alert: Alert | None, signed_cases: Container[str] = ()) -> bool:
    """Whether the recipient is still to be called: nobody has signed, nor has he done anything on the case."""
    if alert is None or alert.state != "sent" or alert.acted:
        return False
    return not may_be_signed_before(alert) or alert.case not in signed_cases


def may_be_signed_before(alert: Alert) -> bool:
    """Whether the case may have been signed for before the alert: it became a danger later."""
    return alert.kind == "raised"
