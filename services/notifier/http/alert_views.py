"""Alerts as the API shows them, and what their recipient can do about them with one press."""

from typing import Any

from services.notifier.documents.alert import UNATTENDED, Alert

_CLAIMS_FIRST = frozenset({"new", "need", "assigned", "moved"})
"""Kinds of alerts whose recipient is asked to claim the case."""
_CLAIMS_AS_OWNER = frozenset({"reminder", "breach", "raised", "forgotten", "reopened"})
"""Kinds whose recipient is asked so at the unit that owns the case."""
_REPORTS_IN = frozenset({"called", "reminder", "breach"})
_HIDDEN = ("case", "because", "acked_by")
"""What an alert does not show that says nothing of its confidential case, or is about none."""


def view(alert: Alert) -> dict[str, Any]:
    """The fields that have a value."""
    shown = {
        "id": alert.id,
        "recipient": alert.recipient,
        "unit": alert.unit,
        "channel": alert.channel,
        "kind": alert.kind,
        "case": alert.case,
        "part": alert.part,
        "priority": alert.priority,
        "title": alert.title,
        "text": alert.text,
        "due_at": alert.due_at,
        "due_name": alert.due_name,
        "state": alert.state,
        "at": alert.at,
        "because": alert.because,
        "event_type": alert.event_type,
        "event_at": alert.event_at,
        "acked_at": alert.acked_at,
        "acked_by": alert.acked_by,
        "silenced": alert.silenced,
    }
    hidden = _HIDDEN if alert.kind == UNATTENDED or alert.about_a_duty else ()
    return {name: value for name, value in shown.items() if value is not None and name not in hidden}


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
