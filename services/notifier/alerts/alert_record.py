"""One alert: the document, and the event that follows from it."""

from dataclasses import dataclass
from datetime import datetime

from services.notifier.alerts.wording import title
from services.notifier.domain.recipients import Notice
from shared.contracts import alerts as contract
from shared.contracts.catalogue import encode
from shared.contracts.envelope import Envelope
from shared.kernel.ids import alert_id, event_id
from shared.runtime.storage.mongo import Document
from shared.runtime.timekeeping.wall_clock import real_now

INBOX = "inbox"


@dataclass(frozen=True, slots=True)
class Subject:
    """What an alert is about; a report without a case is about the case that it will be."""

    case: str
    case_version: int
    priority: str
    text: str
    due_at: datetime | None
    part: tuple[str, str] | None = None
    """The part that it is about, and the unit whose it is."""


def record(event: Envelope, subject: Subject, notice: Notice, recipient: str, language: str, now: datetime) -> Document:
    """The alert of ``event`` for ``recipient`` in the inbox. ``part``: the part that the recipient's unit has to do."""
    part = subject.part[0] if subject.part is not None and subject.part[1] == notice.unit else None
    return {
        "_id": alert_id(event.id, recipient, INBOX),
        "city": event.city,
        "recipient": recipient,
        "unit": notice.unit,
        "channel": INBOX,
        "kind": notice.kind,
        "case": subject.case,
        "case_version": subject.case_version,
        **({"part": part} if part is not None else {}),
        "because": event.id,
        "event_type": event.type,
        "event_at": event.time,
        "priority": subject.priority,
        "title": title(notice.kind, subject.priority, language),
        "text": subject.text,
        "due_at": subject.due_at,
        "state": "sent",
        "at": now,
        "trace": event.trace,
        "stored_at": real_now(),
    }


def sent_event(alert: Document) -> Envelope:
    """``alert.sent.v1``, from the fields of an alert's document that never change."""
    return Envelope(
        id=event_id(alert["_id"], 1, 0),
        type="alert.sent.v1",
        topic=contract.TOPIC,
        key=alert["case"],
        subject=alert["_id"],
        city=alert["city"],
        sequence=1,
        time=alert["at"],
        lane=0 if alert["priority"] == "danger" else 1,
        trace=alert["trace"],
        data=encode(
            contract.AlertSent(
                alert=alert["_id"],
                case=alert["case"],
                recipient=alert["recipient"],
                unit=alert["unit"],
                channel=alert["channel"],
                kind=alert["kind"],
                because=alert["because"],
                sent_at=alert["at"],
            )
        ),
    )
