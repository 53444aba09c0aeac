"""Alerts of the harbour's quayside, as the notifier stores them."""

from datetime import timedelta

import msgspec

from services.notifier.documents.alert import Alert
from tests.kit.made_reports import NOW

ALERT = Alert(
    id="a1",
    city="harbour",
    recipient="qs-desk",
    unit="quayside",
    channel="inbox",
    kind="new",
    case="c1",
    case_version=1,
    because="e1",
    event_type="case.opened.v1",
    event_at=NOW,
    priority="normal",
    title="New case",
    text="Quayside · <b>Street light</b>",
    due_at=NOW + timedelta(minutes=30),
    state="sent",
    at=NOW,
    trace="",
)
DANGER = msgspec.structs.replace(ALERT, priority="danger", title="Danger", text="", due_at=None)
