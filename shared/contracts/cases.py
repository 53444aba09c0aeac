"""Events of a case: each carries the case's bounded public state and what happened."""

from datetime import datetime

import msgspec

TOPIC = "cases"

ATTACHED_MAX = 100
"""Reports that one event may attach."""

TYPES = (
    "case.opened.v1",
    "case.acknowledged.v1",
    "case.claimed.v1",
    "case.released.v1",
    "case.assigned.v1",
    "case.offered.v1",
    "case.moved.v1",
    "case.refused.v1",
    "case.on_site.v1",
    "case.started.v1",
    "case.noted.v1",
    "case.escalated.v1",
    "case.supervised.v1",
    "case.forgotten.v1",
    "case.categorized.v1",
    "case.info_requested.v1",
    "case.info_given.v1",
    "case.info_missing.v1",
    "case.called_in.v1",
    "case.reported_in.v1",
    "case.part_finished.v1",
    "case.part_excused.v1",
    "case.part_started.v1",
    "case.consulted.v1",
    "case.concluded.v1",
    "case.planned.v1",
    "case.follow_up.v1",
    "case.resolved.v1",
    "case.inspected.v1",
    "case.closed.v1",
    "case.reopened.v1",
    "case.rejected.v1",
    "case.rated.v1",
    "case.report_attached.v1",
    "case.confirmed.v1",
    "case.priority_raised.v1",
    "case.merged.v1",
    "case.split.v1",
    "case.unmasked.v1",
    "case.unsealed.v1",
    "case.visit_planned.v1",
    "case.visit_held.v1",
    "case.visit_cancelled.v1",
    "clock.warned.v1",
    "clock.breached.v1",
    "clock.pause_requested.v1",
    "clock.pause_refused.v1",
    "clock.paused.v1",
    "clock.resumed.v1",
    "clock.extension_requested.v1",
    "clock.extension_refused.v1",
    "clock.extended.v1",
)


class PauseState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"from_": "from"}):
    """A time that does not count; ``to`` is absent while it lasts. ``reason``: a code of the pack."""

    from_: datetime
    until: datetime
    reason: str
    to: datetime | None = None


class ClockState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A clock as everybody may see it. ``target`` is ISO 8601, ``calendar`` an id of the pack."""

    kind: str
    started_at: datetime
    target: str
    calendar: str
    due_at: datetime
    state: str
    met_at: datetime | None = None
    part: str | None = None
    """The part of the case that it times; absent: the case itself."""
    pauses: list[PauseState] = []
    """The newest five."""
    superseded_at: datetime | None = None
    """Since then another clock of the kind counts."""


class PartState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a called unit does for the case. ``state``: waiting, called, reported_in, finished or excused."""

    id: str
    unit: str
    caller: str
    state: str


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
    says: str | None = None
    """In ``attached``: ``fixed`` or ``thanks``; it reports nothing new."""


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
    state: str
    priority: str
    category: str
    kind: str
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
    """Every ``case.*`` and ``clock.*`` event."""

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
    act: str | None = None
    """For a ladder's step: ``tell``, ``supervise`` or ``move_to``."""
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
