"""One alert: the type, its document in MongoDB, and the event that follows from it."""

from datetime import datetime
from typing import Literal

import msgspec

from shared.contracts import alerts as contract
from shared.contracts.catalogue import encode
from shared.contracts.envelope import Envelope
from shared.kernel.ids import event_id
from shared.runtime.storage.mongo import Document

INBOX = "inbox"
UNATTENDED = "unattended"
"""The kind of an alert that says nothing of its confidential case."""
RECUSED = "recused"
"""The kind that an alert has from the moment at which its recipient's unit is recused from the case."""
SAYS_NOTHING = frozenset({UNATTENDED, RECUSED})
"""Kinds of alerts whose recipients may not see the case."""
AlertState = Literal["sent", "acked", "over", "test", "shadow"]


class Alert(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"id": "_id"}):
    """An alert for one person about one event, as the inbox shows it.

    ``state``: ``sent`` until the case is acknowledged (``acked``) or has ended (``over``); a person's own ``test``; or
    ``shadow``, which only operators read. ``kind`` is a plain string, so that kinds of a newer version can be read.
    """

    id: str
    city: str
    recipient: str
    unit: str
    channel: str
    kind: str
    case: str
    case_version: int
    part: str | None = None
    """The part of the case that the recipient's unit has to do."""
    because: str
    """Id of the event that it tells of."""
    event_type: str
    event_at: datetime
    priority: str
    title: str
    text: str
    due_at: datetime | None
    due_name: str | None = None
    """What ``due_at`` is the deadline of, in words: 下一时限：办结."""
    happens_at: datetime | None = None
    """When the visit is that it tells of: no deadline."""
    visit_for: str | None = None
    """The case for which that visit is."""
    group_text: str | None = None
    """What a group reads instead of ``text``, of a case about people."""
    owner: str | None = None
    """The unit that owned the case then; of a visit, the unit that organises it."""
    state: AlertState
    at: datetime
    trace: str
    at_once: bool = False
    """Sent over every channel without delay, whatever the recipient's preferences are."""
    rings_at: datetime | None = None
    """When it is sent over channels: it is about what can wait for the hours of its promise. None: at once."""
    silenced: str | None = None
    """The silence that kept it in the inbox."""
    acked_at: datetime | None = None
    acked_by: str | None = None
    acted: bool = False
    """The recipient has done something on the case since."""
    category: str | None = None
    """The code of the case's category; None of a confidential case, and where there is no case."""

    @property
    def about_a_visit(self) -> bool:
        return self.event_type.startswith("visit.")

    @property
    def about_a_duty(self) -> bool:
        """Of a swap or an appointment; ``case`` is then the id of the swap, or the city."""
        return self.event_type.startswith(("rota.", "city."))

    @property
    def about_a_case(self) -> bool:
        """Whether there is a case, or will be, that its recipient may look at."""
        return self.kind not in SAYS_NOTHING and self.event_type.startswith(("case.", "clock.", "report."))


def to_doc(alert: Alert) -> Document:
    """The document of ``alerts``, without ``stored_at``, which the store adds."""
    document: Document = msgspec.to_builtins(alert, builtin_types=(datetime,))
    return document


def from_doc(document: Document) -> Alert:
    """The alert that ``to_doc`` stored; fields of a newer version are ignored."""
    return msgspec.convert(document, Alert)


def sent_event(alert: Alert) -> Envelope:
    """``alert.sent.v1``, made from those fields of an alert that never change."""
    return Envelope(
        id=event_id(alert.id, 1, 0),
        type="alert.sent.v1",
        topic=contract.TOPIC,
        key=alert.case,
        subject=alert.id,
        city=alert.city,
        sequence=1,
        time=alert.at,
        lane=0 if alert.priority == "danger" else 1,
        trace=alert.trace,
        data=encode(
            contract.AlertSent(
                alert=alert.id,
                case=alert.case,
                recipient=alert.recipient,
                unit=alert.unit,
                channel=alert.channel,
                kind=alert.kind,
                because=alert.because,
                sent_at=alert.at,
            )
        ),
    )
