"""Events of a case: each carries the case's bounded public state and what happened."""

from datetime import datetime
from typing import Literal

import msgspec

from shared.kernel.vocabulary import (
    Act,
    ClockKind,
    ClockStateName,
    FeedbackKind,
    PartStateName,
    Priority,
    ReportKind,
    StateName,
)

TOPIC = "cases"

ATTACHED_MAX = 100
"""Reports that one event may attach."""

OwnField = Literal["tell", "act", "clock", "due_at", "part", "fired_at", "reason", "score", "attached", "from_case"]
COMMON_FIELDS = ("case", "was_path", "was_offered_to", "was_called", "was_seen_by", "by", "by_unit", "line")
"""Fields of ``CaseEvent`` that every type may carry."""
_OF_A_CLOCK: tuple[OwnField, ...] = ("tell", "clock", "due_at", "part", "fired_at")
_OF_A_PART: tuple[OwnField, ...] = ("tell", "part")

CARRIES: dict[str, tuple[OwnField, ...]] = {
    "case.opened.v1": (),
    "case.acknowledged.v1": (),
    "case.claimed.v1": (),
    "case.released.v1": (),
    "case.assigned.v1": (),
    "case.offered.v1": ("tell",),
    "case.moved.v1": (),
    "case.refused.v1": (),
    "case.on_site.v1": (),
    "case.started.v1": (),
    "case.noted.v1": (),
    "case.escalated.v1": ("act", *_OF_A_CLOCK),
    "case.supervised.v1": ("tell", "act"),
    "case.forgotten.v1": ("tell",),
    "case.categorized.v1": (),
    "case.info_requested.v1": (),
    "case.info_given.v1": ("tell",),
    "case.info_missing.v1": ("tell",),
    "case.called_in.v1": _OF_A_PART,
    "case.reported_in.v1": _OF_A_PART,
    "case.part_finished.v1": _OF_A_PART,
    "case.part_excused.v1": _OF_A_PART,
    "case.part_started.v1": _OF_A_PART,
    "case.consulted.v1": ("tell",),
    "case.concluded.v1": ("tell",),
    "case.planned.v1": ("tell",),
    "case.follow_up.v1": ("tell", "due_at"),
    "case.resolved.v1": (),
    "case.inspected.v1": (),
    "case.closed.v1": (),
    "case.reopened.v1": ("tell",),
    "case.rejected.v1": ("reason",),
    "case.rated.v1": ("score",),
    "case.report_attached.v1": ("attached", "from_case"),
    "case.confirmed.v1": ("attached",),
    "case.priority_raised.v1": ("tell",),
    "case.merged.v1": (),
    "case.split.v1": (),
    "case.unmasked.v1": (),
    "case.unsealed.v1": (),
    "case.visit_planned.v1": (),
    "case.visit_held.v1": (),
    "case.visit_cancelled.v1": (),
    "clock.warned.v1": _OF_A_CLOCK,
    "clock.breached.v1": _OF_A_CLOCK,
    "clock.pause_requested.v1": _OF_A_CLOCK,
    "clock.pause_refused.v1": _OF_A_CLOCK,
    "clock.paused.v1": _OF_A_CLOCK,
    "clock.resumed.v1": _OF_A_CLOCK,
    "clock.extension_requested.v1": _OF_A_CLOCK,
    "clock.extension_refused.v1": _OF_A_CLOCK,
    "clock.extended.v1": _OF_A_CLOCK,
}
"""Type → the fields of ``CaseEvent`` that it may carry beside the common ones. A test holds the router to it."""
TYPES = tuple(CARRIES)


class PauseState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"from_": "from"}):
    """A time that does not count; ``to`` is absent while it lasts. ``reason``: a code of the pack."""

    from_: datetime
    until: datetime
    reason: str
    to: datetime | None = None


class ClockState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A clock as everybody may see it. ``target`` is ISO 8601, ``calendar`` an id of the pack."""

    kind: ClockKind
    started_at: datetime
    target: str
    calendar: str
    due_at: datetime
    state: ClockStateName
    met_at: datetime | None = None
    part: str | None = None
    """The part of the case that it times; absent: the case itself."""
    pauses: list[PauseState] = []
    """The newest five."""
    superseded_at: datetime | None = None
    """Since then another clock of the kind counts."""


class PartState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a called unit does for the case."""

    id: str
    unit: str
    caller: str
    state: PartStateName


class QuestionState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the reporter is asked, in the officer's words; none are told of a confidential case."""

    at: datetime
    until: datetime
    text: str | None = None


class ReportRef(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A report that hangs on the case."""

    id: str
    app: str
    reporter: str | None = None
    received_at: datetime | None = None
    link: int = 0
    """In ``attached``: which version of the report's link this is; a later one overrules."""
    says: FeedbackKind | None = None
    """In ``attached``: it reports nothing new."""


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the history, as reporters and officers may read it: no words, no person."""

    at: datetime
    what: str
    unit: str | None = None
    detail: str | None = None


class CaseState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The bounded public state: enough for every queue row, alert and webhook; no words of reporters."""

    id: str
    city: str
    version: int
    state: StateName
    priority: Priority
    category: str
    kind: ReportKind
    unit: str
    path: list[str]
    pack_version: str
    opened_at: datetime
    clocks: list[ClockState]
    cell: str
    within: str | None = None
    offered_to: str | None = None
    place: str | None = None
    lon: float | None = None
    lat: float | None = None
    summary: str | None = None
    assignee: str | None = None
    reports: list[ReportRef] = []
    report_count: int = 1
    steps: list[Step] = []
    rating: int | None = None
    confidential: bool = False
    historic: bool = False
    parts: list[PartState] = []
    parties: list[str] = []
    """Units that were consulted."""
    question: QuestionState | None = None
    supervised_by: str | None = None
    """The unit above that watches over it."""
    routed_by: str = "area"
    apps: list[str] = []
    """Apps whose reports were attached; empty while there is one report."""
    merged_into: str | None = None
    """The older case that took this one's reports."""
    linked_to: str | None = None
    """An earlier case of the same trouble."""
    seen_by: list[str] = []
    """Who sees it, by ``shared.contracts.sight``; empty in events of 0.1.0, which did not say."""


class CaseEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Every ``case.*`` and ``clock.*`` event. Which type carries which fields says ``CARRIES``."""

    case: CaseState
    was_path: list[str] = []
    """Before this change, where it differs: root to owner. A queue in it that is not in the case's path was left."""
    was_offered_to: str | None = None
    was_called: list[str] = []
    """Units that had a part to do before this change and have none now."""
    was_seen_by: list[str] = []
    """Who saw it before this change and does not any more, as ``CaseState.seen_by`` has it."""
    by: str | None = None
    """The person who did it; absent when a clock or another event did."""
    by_unit: str | None = None
    tell: list[str] = []
    """Units whose people are to be told: because of a ladder, as the commitment says, or of a part."""
    act: Act | None = None
    """For a ladder's step."""
    clock: str | None = None
    due_at: datetime | None = None
    part: str | None = None
    """The part of the case that it is about."""
    fired_at: datetime | None = None
    reason: str | None = None
    score: int | None = None
    attached: list[ReportRef] = []
    """Reports that this change hung on the case, at most ``ATTACHED_MAX``; who credits reporters finds them here."""
    from_case: str | None = None
    """The case whose reports came along when it was merged into this one."""
    line: str | None = None
    """SHA-256 of the line in the case's history, whose words do not cross Kafka."""
