"""Events of a case. Each carries the case's state, bounded and without words of reporters, and what happened."""

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
    ReportChannel,
    ReporterWord,
    ReportKind,
    Sample,
    Sensitivity,
    StateName,
    Suspicion,
)

TOPIC = "cases"

ATTACHED_MAX = 100
"""Reports that one event may attach."""

STEPS_KEPT = 20
"""The newest lines of history that an event carries; who shows more of a long case adds them up."""
WORDS_MAX = 1000
"""Most characters of what an officer said was done, as events carry it."""

OwnField = Literal[
    "tell",
    "judges",
    "act",
    "clock",
    "due_at",
    "part",
    "fired_at",
    "reason",
    "score",
    "attached",
    "from_case",
    "told",
    "asked_by",
    "reporter_word",
    "until",
]
COMMON_FIELDS = ("case", "was_path", "was_offered_to", "was_called", "was_seen_by", "by", "by_unit", "line", "quiet")
"""Fields of ``CaseEvent`` that every type may carry."""
_OF_A_CLOCK: tuple[OwnField, ...] = ("tell", "clock", "due_at", "part", "fired_at")
_OF_A_RULING: tuple[OwnField, ...] = ("tell", "told", "clock", "due_at", "fired_at")
_OF_A_PART: tuple[OwnField, ...] = ("tell", "part")

CARRIES: dict[str, tuple[OwnField, ...]] = {
    "case.opened.v1": ("tell", "judges"),
    "case.acknowledged.v1": (),
    "case.claimed.v1": (),
    "case.released.v1": (),
    "case.assigned.v1": (),
    "case.offered.v1": ("tell", "told"),
    "case.moved.v1": (),
    "case.placed.v1": ("tell",),
    "case.refused.v1": ("tell", "told"),
    "case.return_requested.v1": _OF_A_RULING,
    "case.returned.v1": ("tell", "told", "asked_by"),
    "case.return_refused.v1": ("tell", "told", "asked_by"),
    "case.on_site.v1": (),
    "case.started.v1": (),
    "case.noted.v1": ("tell", "reporter_word"),
    "case.escalated.v1": ("act", "told", *_OF_A_CLOCK),
    "case.supervised.v1": ("tell", "act", "told"),
    "case.recused.v1": ("tell", "told"),
    "case.recusal_lifted.v1": (),
    "case.marked_sensitive.v1": ("tell",),
    "case.unmarked_sensitive.v1": (),
    "case.read.v1": (),
    "case.forgotten.v1": ("tell",),
    "case.categorized.v1": (),
    "case.info_requested.v1": (),
    "case.info_given.v1": ("tell",),
    "case.info_missing.v1": ("tell",),
    "case.called_in.v1": (*_OF_A_PART, "told"),
    "case.reported_in.v1": _OF_A_PART,
    "case.part_finished.v1": (*_OF_A_PART, "told"),
    "case.part_excused.v1": (*_OF_A_PART, "told"),
    "case.part_started.v1": (*_OF_A_PART, "told"),
    "case.consulted.v1": ("tell", "told"),
    "case.concluded.v1": ("tell", "told"),
    "case.planned.v1": ("tell", "told"),
    "case.follow_up.v1": ("tell", "due_at"),
    "case.outcome_requested.v1": _OF_A_RULING,
    "case.outcome_refused.v1": ("tell", "told", "asked_by"),
    "case.resolved.v1": ("tell", "asked_by"),
    "case.inspected.v1": (),
    "case.closed.v1": (),
    "case.redirected.v1": (),
    "case.reopened.v1": ("tell", "told"),
    "case.rejection_requested.v1": _OF_A_RULING,
    "case.rejection_refused.v1": ("tell", "told", "asked_by"),
    "case.rejected.v1": ("reason", "tell", "asked_by"),
    "case.objected.v1": ("tell", "clock", "due_at", "fired_at"),
    "case.objection_refused.v1": (),
    "case.rated.v1": ("score",),
    "case.call_due.v1": ("due_at",),
    "case.called_back.v1": ("score",),
    "case.report_attached.v1": ("attached", "from_case"),
    "case.confirmed.v1": ("tell", "attached", "reporter_word", "told"),
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
    "clock.pause_requested.v1": (*_OF_A_CLOCK, "told", "until"),
    "clock.pause_refused.v1": (*_OF_A_CLOCK, "told", "asked_by"),
    "clock.paused.v1": (*_OF_A_CLOCK, "asked_by"),
    "clock.resumed.v1": _OF_A_CLOCK,
    "clock.extension_requested.v1": (*_OF_A_CLOCK, "told", "until"),
    "clock.extension_refused.v1": (*_OF_A_CLOCK, "told", "asked_by"),
    "clock.extended.v1": (*_OF_A_CLOCK, "asked_by"),
}
"""Type → the fields of ``CaseEvent`` that it may carry beside the common ones; a test checks the router's events."""
TYPES = tuple(CARRIES)


class PauseState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"from_": "from"}):
    """A pause of a clock; ``to`` is absent while it lasts. ``until``: its latest end. ``reason``: the pack's code."""

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
    """Id of the part whose time it measures; absent: the case's own."""
    pauses: list[PauseState] = []
    """The newest five pauses."""
    superseded_at: datetime | None = None
    """When a newer clock of this kind replaced it; absent while it counts."""


class PartState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The part of a case that a called-in unit does."""

    id: str
    unit: str
    caller: str
    state: PartStateName


class QuestionState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A question to the reporter; ``text``: the officer's words, or which of several places is meant; absent for
    confidential cases, whose question is ``sealed``: intake alone opens it, for the reporter."""

    at: datetime
    until: datetime
    text: str | None = None
    sealed: str | None = None


class ReportRef(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A report that is attached to the case."""

    id: str
    app: str
    reporter: str | None = None
    received_at: datetime | None = None
    link: int = 0
    """In ``attached``: the version of the report's link to the case; a higher one replaces a lower one."""
    says: FeedbackKind | None = None
    """In ``attached``: set when the report reports nothing new."""
    channel: ReportChannel = "app"
    outside_number: str | None = None
    """The number of its ticket in another system, as 12345."""


class HistoryLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the history without free text or persons, as reporters may read it."""

    at: datetime
    what: str
    unit: str | None = None
    detail: str | None = None
    due_at: datetime | None = None
    """Of a line about a clock: the deadline before it."""
    act: Act | None = None
    """Of a ladder's rung."""


class OutcomeState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a case ended, or was resolved so far. ``how``: as the officer says, or ``rejected``.

    ``words``: the officer's, without telephone numbers and names; absent for confidential cases, as ``photos`` are.
    ``object_by``: of a rejected case, until when its reporter may object; absent once that was done.
    """

    at: datetime
    how: str
    words: str | None = None
    photos: list[str] = []
    """Ids of the photos after the work; at most ten."""
    object_by: datetime | None = None


class CaseState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The state of a case, bounded in size: enough for queue rows, alerts and webhooks; no words of reporters."""

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
    steps: list[HistoryLine] = []
    rating: int | None = None
    confidential: bool = False
    historic: bool = False
    parts: list[PartState] = []
    parties: list[str] = []
    """Units that were consulted."""
    question: QuestionState | None = None
    outcome: OutcomeState | None = None
    """What was done; absent while nothing was, and after the case was opened again."""
    supervised_by: str | None = None
    """The unit above that supervises it (督办)."""
    routed_by: str = "area"
    apps: list[str] = []
    """Apps whose reports were attached; empty while there is one report."""
    merged_into: str | None = None
    """The older case that took this one's reports."""
    linked_to: str | None = None
    """An earlier, ended case about the same hazard."""
    seen_by: list[str] = []
    """Units and persons that see it (``shared.contracts.sight``); empty in events written by version 0.1.0."""
    worked_by: list[str] = []
    """Officers who claimed, resolved or inspected it or ended a part of it: they rate it for no reporter."""
    recused: bool = False
    """Whether it is about a unit that therefore does not see it (回避)."""
    suspected: list[Suspicion] = []
    """What the words of its report suggest and nobody has decided yet."""
    sensitive: Sensitivity | None = None
    """Why it is sensitive (敏感件): then no words, place or photos of it are in any event."""
    discreet: bool = False
    """Whether no word of it is for a chat group, nor its place for apps nearby: who reads there is not known. Of
    what is ``confidential`` nothing is for them anyway."""
    channel: ReportChannel = "app"
    """How the report came that opened it; what ``patrol`` finds is counted apart from citizens' reports."""
    sample: Sample | None = None
    """Of a patrol find that was handled on the spot: whether it was drawn for inspection."""

    @property
    def closed_to_stand_ins(self) -> bool:
        """Whether people who stand in at a unit that sees it do not see it."""
        return self.confidential or self.recused


class CaseEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The data of every ``case.*`` and ``clock.*`` event; ``CARRIES`` says which type carries which fields."""

    case: CaseState
    was_path: list[str] = []
    """The path, root to owner, before this change, where it differs. The case left the queues that are only in it."""
    was_offered_to: str | None = None
    was_called: list[str] = []
    """Units that had a part before this change and have none now."""
    was_seen_by: list[str] = []
    """Entries of ``CaseState.seen_by`` that this change removed."""
    by: str | None = None
    """The person who did it; absent when a clock or another event did."""
    by_unit: str | None = None
    tell: list[str] = []
    """Units whose people are to be alerted, because of a ladder's step or a part."""
    judges: list[str] = []
    """Units that decide what the words of the report suggest, and are alerted of it."""
    act: Act | None = None
    """For a ladder's step."""
    clock: ClockKind | None = None
    """Of which kind the clock is that it is about: one of ``case.clocks``, whose kinds are read as strictly."""
    due_at: datetime | None = None
    part: str | None = None
    """Id of the part that the event is about."""
    fired_at: datetime | None = None
    reason: str | None = None
    score: int | None = None
    """Of a rating, or answered on the telephone (回访): 3 满意, 2 基本满意, 1 不满意."""
    attached: list[ReportRef] = []
    """Reports that this change attached to the case, at most ``ATTACHED_MAX``; for apps that reward reporters."""
    from_case: str | None = None
    """The case whose reports were moved here when it was merged into this one."""
    told: str | None = None
    """Words of an officer for those who are told: a question, a reason, what is to be done; without personal numbers.
    Absent for confidential cases."""
    asked_by: str | None = None
    """The person whose request this answers; told too."""
    reporter_word: ReporterWord | None = None
    """What the reporter said with it."""
    until: datetime | None = None
    """The time that is asked for: the end of a pause, or a later deadline."""
    quiet: bool = False
    """An imported open item that was attached caused it, or that the case was shielded into which it was merged: nobody
    is alerted."""
    line: str | None = None
    """SHA-256 of the line in the case's history; the line itself does not cross Kafka."""
