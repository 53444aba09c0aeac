"""The shapes in which the API shows cases: the row of a queue, a case, its clocks, parts, reports and history.

``UNSET`` is the default of what is shown to some readers only, or in some places only; null says that there is nothing.
"""

from datetime import datetime
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from shared.contracts.persons import MaskedReporter
from shared.kernel.vocabulary import (
    Act,
    ClockKind,
    ClockStateName,
    FeedbackKind,
    How,
    PartStateName,
    Priority,
    ReportChannel,
    ReportKind,
    RulingKind,
    Sample,
    Sensitivity,
    StateName,
    Suspicion,
)

AnswerValue = str | int | float | bool


class PauseView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"from_": "from"}):
    """``to`` is absent while it lasts; ``reason``: a code of the pack, for a confidential case its handlers' alone."""

    from_: datetime
    until: datetime
    reason: str | UnsetType = UNSET
    asked_by: str | None = None
    approved_by: str | None = None
    to: datetime | None = None


class ExtensionView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    at: datetime
    was_due_at: datetime
    due_at: datetime
    reason: str | UnsetType = UNSET
    asked_by: str | None = None
    approved_by: str | None = None


class ClockView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``target`` is ISO 8601, ``calendar`` and ``commitment`` ids of the pack. ``commitment`` and ``extensions`` are
    absent in the rows of a stream, which has the newest five pauses."""

    kind: ClockKind
    started_at: datetime
    target: str
    calendar: str
    due_at: datetime
    state: ClockStateName
    pauses: list[PauseView]
    commitment: str | UnsetType = UNSET
    met_at: datetime | None = None
    extensions: list[ExtensionView] = []
    superseded_at: datetime | None = None
    part: str | None = None


class QueueRow(msgspec.Struct, frozen=True, kw_only=True):
    """What an officer needs to choose the next case: a row of a queue, and of its stream. ``due_at``: the earliest
    deadline under which something is still owed. ``supervised_by``: the unit above that supervises it (督办).
    ``suspected``: what the report's words suggest and nobody has decided; ``channel``: how the report came that opened
    it, of confidential cases absent. ``sample``: of a patrol find that was handled on the spot, whether it was drawn
    for inspection."""

    id: str
    version: int
    state: StateName
    priority: Priority
    category: str
    kind: ReportKind
    unit: str
    within: str | None
    offered_to: str | None
    place: str | UnsetType | None = UNSET
    summary: str
    opened_at: datetime
    due_at: datetime | None
    clocks: list[ClockView]
    report_count: int
    assignee: str | None
    confidential: bool
    supervised_by: str | None
    suspected: list[Suspicion]
    sensitive: Sensitivity | None
    channel: ReportChannel | UnsetType = UNSET
    sample: Sample | None = None


class LeftRow(msgspec.Struct, frozen=True):
    """In a stream: the case is not in the queue any more."""

    id: str
    version: int
    state: StateName


class CaseLocation(msgspec.Struct, frozen=True, kw_only=True):
    """``address`` and ``place`` of a confidential case are for its handlers."""

    lon: float | None
    lat: float | None
    crs: Literal["wgs84"] = "wgs84"
    address: str | UnsetType | None = UNSET
    place: str | UnsetType | None = UNSET


class RoutingView(msgspec.Struct, frozen=True, kw_only=True):
    """Why the case has this owner, category and commitment."""

    by: str
    pack_version: str
    near_border: bool
    flags: list[str]
    category_by: str
    rule: str | None
    commitment: str
    why: list[str]


class CaseReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A report on the case; of a confidential case without what says who sent it. ``says``: set when it reports nothing
    new; ``by_photo``: without its photo it would have opened a case of its own. ``reporter``: masked, in
    ``GET /v1/cases/{id}/reports``."""

    id: str
    received_at: datetime
    app: str | None = None
    description: str | UnsetType = UNSET
    photos: list[str] = []
    entered_by: str | None = None
    channel: ReportChannel | UnsetType = UNSET
    outside_number: str | None = None
    says: FeedbackKind | None = None
    by_photo: bool = False
    answers: dict[str, AnswerValue] = {}
    reporter: MaskedReporter | None = None


class PartView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a called unit does for the case."""

    id: str
    unit: str
    work: str | UnsetType = UNSET
    caller: str
    called_by: str
    called_at: datetime
    state: PartStateName
    turn: int | None = None
    due_at: datetime | None = None
    reported_in_by: str | None = None
    reported_in_at: datetime | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None
    said: str | None = None
    clocks: list[ClockView]


class ConsultationView(msgspec.Struct, frozen=True, kw_only=True):
    unit: str
    parties: list[str]
    question: str | UnsetType = UNSET
    by: str
    at: datetime
    conclusion: str | UnsetType | None = UNSET
    concluded_by: str | None
    concluded_at: datetime | None


class StatedPlace(msgspec.Struct, frozen=True):
    """Where somebody says he was."""

    lon: float
    lat: float
    crs: Literal["wgs84"] = "wgs84"


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the history; what it does not have is absent. ``said_at`` and ``location``: as ``by`` states.
    ``remark``: the code of what the system itself says at the beginning of ``text``."""

    at: datetime
    version: int
    what: str
    by: str | None = None
    by_unit: str | None = None
    unit: str | None = None
    text: str | None = None
    remark: str | None = None
    clock: str | None = None
    due_at: datetime | None = None
    act: Act | None = None
    part: str | None = None
    said_at: datetime | None = None
    photos: list[str] = []
    location: StatedPlace | None = None


class AskView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A pause or an extension that waits for its approval."""

    what: Literal["pause", "extension"]
    clock: ClockKind
    at: datetime
    reason: str | UnsetType = UNSET
    asked_by: str
    until: datetime | None = None
    longest: str | None = None
    approver: Literal["own", "parent"] | UnsetType = UNSET
    part: str | None = None


class UnitToSendTo(msgspec.Struct, frozen=True):
    id: str
    name: str
    name_en: str


class RulingView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the owner asks a level above to rule on. ``reason``: a code of the pack; ``ruler``: the unit whose desk is
    to rule, those above it may too; ``suggests``: for a return, the unit that should have the case; ``may_go_to``: of
    the reader's own subtree the units to which he may send it, at most sixty, none for who may not grant it.
    ``asked_by``: null for the reporter, who objects to a rejection."""

    what: RulingKind
    at: datetime
    reason: str | UnsetType = UNSET
    text: str | UnsetType = UNSET
    asked_by: str | None
    unit: str
    ruler: str
    suggests: str | None = None
    may_go_to: list[UnitToSendTo] = []


class RejectionView(msgspec.Struct, frozen=True, kw_only=True):
    """Why it is not taken on: ``reason`` is a code of the pack. ``unit``: of who granted it; ``objected``: the reporter
    has objected."""

    reason: str | UnsetType = UNSET
    asked_by: str | None
    granted_by: str | None
    unit: str
    objected: bool


class SupervisionView(msgspec.Struct, frozen=True, kw_only=True):
    """``by``: absent when a step of a ladder supervises."""

    at: datetime
    by: str | UnsetType = UNSET
    by_unit: str
    reason: str | UnsetType = UNSET


class AskedReporter(msgspec.Struct, frozen=True, kw_only=True):
    """What the reporter is asked."""

    at: datetime
    text: str | UnsetType = UNSET
    asked_by: str
    until: datetime


class NotOursView(msgspec.Struct, frozen=True):
    """Who may deal with the matter instead: ``redirect`` sends its reporter there."""

    id: str
    name: str


class CallBackView(msgspec.Struct, frozen=True, kw_only=True):
    """The call to the reporter (回访) that is to come, or waits on the list of ``unit`` since ``since``. ``report``:
    whose reporter is called, as ``unmask`` takes it."""

    due_at: datetime
    unit: str
    report: str | None
    tried: int
    tries: int
    since: datetime | None


class CaseAnswer(QueueRow, frozen=True, kw_only=True):
    """A case as officers see it. ``outcomes``: how it may be resolved; ``commands``: what the reader may do now.
    ``recused``: units that it is about, which do not see it."""

    path: list[str]
    location: CaseLocation
    description: str
    photos: list[str]
    routing: RoutingView
    reports: list[CaseReport]
    parts: list[PartView]
    consultation: ConsultationView | None
    follow_up: datetime | None
    history: list[HistoryEntry]
    claimed_by: str | None
    resolved_by: str | None
    resolved_how: str | None
    inspected_by: str | None
    rating: int | None
    asks: list[AskView]
    ruling: RulingView | None
    rejection: RejectionView | None
    supervision: SupervisionView | None
    question: AskedReporter | None
    historic: bool
    merged_into: str | None
    linked_to: str | None
    outcomes: list[How]
    recused: list[str]
    not_ours: NotOursView | None
    call_back: CallBackView | None
    commands: list[str]
