"""Alerts as the API shows them, and what their recipient can do about them with one press."""

from datetime import datetime
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from services.notifier.documents.alert import SAYS_NOTHING, Alert, AlertState
from services.notifier.documents.delivery import ChannelDelivery

_CLAIMS_FIRST = frozenset({"new", "need", "assigned", "moved"})
"""Kinds of alerts whose recipient is asked to claim the case."""
_CLAIMS_AS_OWNER = frozenset({"reminder", "breach", "raised", "forgotten", "reopened"})
"""Kinds whose recipient is asked so at the unit that owns the case."""
_REPORTS_IN = frozenset({"called", "reminder", "breach"})


class AlertView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An alert; what it does not have is absent. One that says nothing of its confidential case, or is about a duty,
    has no ``case``, ``because`` and ``acked_by``. ``channels``: the progress of each; ``link``: one press, for its
    recipient."""

    id: str
    recipient: str
    unit: str
    channel: str
    kind: str
    case: str | None = None
    part: str | None = None
    priority: str
    title: str
    text: str
    due_at: datetime | None = None
    due_name: str | None = None
    """Which time limit ``due_at`` is, in words."""
    happens_at: datetime | None = None
    """When the visit is that it tells of."""
    state: AlertState
    at: datetime
    because: str | None = None
    event_type: str
    event_at: datetime
    acked_at: datetime | None = None
    acked_by: str | None = None
    rings_at: datetime | None = None
    """When it is sent over channels, where it waits for the hours of its promise."""
    silenced: str | None = None
    channels: list[ChannelDelivery] | UnsetType = UNSET
    link: str | None = None


class AlertPage(msgspec.Struct, frozen=True):
    items: list[AlertView]
    next: str | None


class AcknowledgedAlert(msgspec.Struct, frozen=True, omit_defaults=True):
    """``case``: absent where the alert says nothing of it."""

    id: str
    status: Literal["recorded"]
    case: str | None = None


class RetriedDelivery(msgspec.Struct, frozen=True):
    id: str
    status: Literal["pending"]


def view(alert: Alert) -> AlertView:
    """The alert without its channels and link."""
    hidden = alert.kind in SAYS_NOTHING or alert.about_a_duty
    return AlertView(
        id=alert.id,
        recipient=alert.recipient,
        unit=alert.unit,
        channel=alert.channel,
        kind=alert.kind,
        case=None if hidden else alert.case,
        part=alert.part,
        priority=alert.priority,
        title=alert.title,
        text=alert.text,
        due_at=alert.due_at,
        due_name=alert.due_name,
        happens_at=alert.happens_at,
        state=alert.state,
        at=alert.at,
        because=None if hidden else alert.because,
        event_type=alert.event_type,
        event_at=alert.event_at,
        acked_at=alert.acked_at,
        acked_by=None if hidden else alert.acked_by,
        rings_at=alert.rings_at,
        silenced=alert.silenced,
    )


def command_of(alert: Alert) -> str | None:
    """The command of one press: report in where the recipient's unit is called in, else claim the case.

    None for what is about no case, and for a case that the recipient may not see. A supervisor (督办) is offered
    nothing that is for the owner to do.
    """
    if not alert.about_a_case or (alert.kind == "supervise" and alert.unit != alert.owner):
        return None
    return "report_in" if alert.part is not None else "claim"


def invites_to(alert: Alert) -> str | None:
    """The command that a message says its link is for: ``claim``, ``report_in``; None: it leads to the case, where the
    recipient finds what it needs from him (an inspection, an answer, a decision), or to nothing but the alert."""
    if command_of(alert) is None:
        return None
    if alert.part is not None:
        return "report_in" if alert.kind in _REPORTS_IN else None
    owner = alert.kind in _CLAIMS_AS_OWNER and alert.owner in (None, alert.unit)
    return "claim" if alert.kind in _CLAIMS_FIRST or owner else None
