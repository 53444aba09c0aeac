"""How a case's event settles earlier alerts: ``acked`` when somebody acknowledged the case, ``over`` at its end.

An alert that was sent for a later version of the case than the event's stays ``sent``.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from services.notifier.documents.alert import Alert, AlertState
from shared.contracts.cases import CaseEvent
from shared.contracts.envelope import Envelope
from shared.kernel.vocabulary import ENDED_STATES
from shared.runtime.storage.mongo import Document, UpdateMany, Write

SIGNED = {"case.acknowledged.v1", "case.claimed.v1", "case.moved.v1", "case.on_site.v1", "case.started.v1"}
PART_SIGNED = {"case.reported_in.v1", "case.part_finished.v1", "case.part_excused.v1"}
ANSWERED = (
    "assigned",
    "breach",
    "called",
    "forgotten",
    "moved",
    "need",
    "new",
    "raised",
    "reminder",
    "reopened",
    "supervise",
    "told",
    "unattended",
    "unrouted",
    "unstaffed",
)
"""Kinds of alerts that somebody's signature answers. A request waits for whoever decides it, news for its reader."""
LATE = timedelta(seconds=10)


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of a settled alert by which earlier alerts of its case are settled too."""

    case: str
    case_version: int
    state: AlertState
    acked_at: datetime | None = None
    acked_by: str | None = None
    part: str | None = None

    def write(self, *answered: str) -> Write:
        """At the end of the case all its alerts are over; before, those that ask to sign are settled (and those of the
        kinds ``answered`` besides), those of a part with that part alone."""
        kinds = {"$in": [*ANSWERED, *answered]}
        whose: Document = {} if self.state == "over" else {"part": self.part, "kind": kinds}
        return UpdateMany(
            {"case": self.case, "state": "sent", "case_version": {"$lt": self.case_version}, **whose},
            {"$set": {"state": self.state, "acked_at": self.acked_at, "acked_by": self.acked_by}},
        )


SETTLED_FIELDS = dict.fromkeys(Settlement.__struct_fields__, 1)


def settlements(event: Envelope, data: CaseEvent) -> list[Write]:
    """The writes by which a case's event settles earlier alerts, and notes who has acted on the case."""
    case = data.case
    if not event.type.startswith("case."):
        return []
    acted: list[Write] = []
    if data.by is not None:
        acted = [UpdateMany({"case": case.id, "recipient": data.by}, {"$set": {"acted": True}})]
    if case.state in ENDED_STATES:
        over = Settlement(case=case.id, case_version=case.version, state="over", acked_at=event.time)
        return [*acted, over.write()]
    if event.type in SIGNED or event.type in PART_SIGNED:
        acked = Settlement(
            case=case.id,
            case_version=case.version,
            state="acked",
            acked_at=event.time,
            acked_by=data.by,
            part=data.part if event.type in PART_SIGNED else None,
        )
        return [*acted, acked.write(*(("offered",) if event.type == "case.moved.v1" else ()))]
    return acted


def cases_of_late_alerts(alerts: Iterable[Alert], now: datetime) -> list[str]:
    """Cases with an alert whose event is more than ten seconds old.

    When a case is raised to danger, its later events use another lane and may arrive before the earlier ones. Alerts of
    these would then stay ``sent`` although the case was acknowledged already. Without a backlog the order is kept, so
    only alerts of late events are checked.
    """
    return sorted({alert.case for alert in alerts if now - alert.event_at > LATE})
