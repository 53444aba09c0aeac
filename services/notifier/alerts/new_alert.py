"""Makes an alert from an event, from what it is about, and from the notice by which it reaches a person."""

from dataclasses import dataclass
from datetime import datetime

from services.notifier.alerts.wording import title
from services.notifier.documents.alert import INBOX, Alert, AlertState
from services.notifier.domain.recipients import Notice
from shared.contracts.envelope import Envelope
from shared.kernel.ids import alert_id


@dataclass(frozen=True, slots=True)
class Subject:
    """What an alert is about. A report without a case is about the case that will be made of it."""

    case: str
    case_version: int
    priority: str
    text: str
    due_at: datetime | None
    category: str | None = None
    """The code of the case's category, if it is not confidential."""
    part: tuple[str, str] | None = None
    """The part that it is about, and the unit that has to do it."""
    due_name: str | None = None
    group_text: str | None = None
    owner: str | None = None
    happens_at: datetime | None = None
    """When the visit is that it tells of."""
    visit_for: str | None = None
    """The case for which that visit is."""
    rings_at: datetime | None = None
    """When its alerts are sent over channels; None: at once."""


def new_alert(
    event: Envelope,
    subject: Subject,
    notice: Notice,
    recipient: str,
    language: str,
    now: datetime,
    *,
    state: AlertState = "sent",
    at_once: bool = False,
    silenced: str | None = None,
) -> Alert:
    """The alert of ``event`` for ``recipient``. Its id follows from both, so that it is stored once."""
    return Alert(
        id=alert_id(event.id, recipient, INBOX),
        city=event.city,
        recipient=recipient,
        unit=notice.unit,
        channel=INBOX,
        kind=notice.kind,
        case=subject.case,
        case_version=subject.case_version,
        part=subject.part[0] if subject.part is not None and subject.part[1] == notice.unit else None,
        because=event.id,
        event_type=event.type,
        event_at=event.time,
        priority=subject.priority,
        title=title(notice.kind, subject.priority, language),
        text=subject.text,
        due_at=subject.due_at,
        due_name=subject.due_name,
        happens_at=subject.happens_at,
        visit_for=subject.visit_for,
        group_text=subject.group_text,
        owner=subject.owner,
        state=state,
        at=now,
        trace=event.trace,
        at_once=at_once,
        rings_at=None if at_once else subject.rings_at,
        silenced=silenced,
        category=subject.category,
    )
