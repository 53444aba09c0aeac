"""The document of a report's progress: the newest public state of the case that it opened, or where it points.

A case's state lies at the report that opened it. A report that was attached to another's case points there by ``on``;
``also`` names further cases that were split off for a second matter in the same report.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import msgspec

from services.intake.reports.report_record import ReportRecord
from shared.city.texts.reporter_steps import STEPS
from shared.contracts.cases import CaseEvent, ClockState, HistoryLine, OutcomeState, QuestionState
from shared.kernel.vocabulary import Priority, ReportChannel, ReportKind, Sample, Sensitivity, StateName
from shared.runtime.storage.mongo import Document

ReportState = StateName | Literal["accepted"]
"""Of a report: its case's, ``accepted`` before there is one."""
ENDED = frozenset({"closed", "rejected", "merged"})
STEPS_MAX = 200
"""Steps kept of one case, of which the first ``FIRST_KEPT``: how it began is told however long it takes."""
FIRST_KEPT = 50
KEPT = frozenset({*STEPS, "clock.resumed", "case.merged"})
"""Lines of a case that are kept: those that are shown, by which an old deadline is known, and when it was merged."""


class CaseProgress(msgspec.Struct, frozen=True, kw_only=True):
    """What intake keeps of a case. Those with a default may be missing in documents of version 0.1.0."""

    id: str
    version: int
    state: StateName
    category: str
    priority: Priority
    clocks: list[ClockState]
    """The case's own clocks, without those of its parts."""
    steps: list[HistoryLine]
    pack_version: str
    unit: str
    path: list[str] = []
    within: str | None = None
    offered_to: str | None = None
    assignee: str | None = None
    kind: ReportKind | None = None
    """Of the report that opened it; None where it was stored before kinds were."""
    confidential: bool = False
    recused: bool = False
    discreet: bool = False
    sensitive: Sensitivity | None = None
    channel: ReportChannel = "app"
    """Of the report that opened it."""
    sample: Sample | None = None
    """As in ``CaseState``."""
    seen_by: list[str] = []
    """As in ``shared.contracts.sight``; empty in events of a router of version 0.1.0, which has no such field."""
    worked_by: list[str] = []
    """As in ``CaseState``."""
    cell: str
    lon: float | None = None
    lat: float | None = None
    opened_at: datetime
    merged_into: str | None = None
    report_count: int = 1
    question: QuestionState | None = None
    open: bool = False
    reason: str | None = None
    """The reason in the last event, if it had one."""
    outcome: OutcomeState | None = None
    """What was done, or why it was rejected."""

    @property
    def closed_to_stand_ins(self) -> bool:
        """As of ``CaseState``."""
        return self.confidential or self.recused


class ProgressRecord(msgspec.Struct, frozen=True, kw_only=True, rename={"id": "_id"}):
    """A ``progress`` document. Its ``_id`` is the report's."""

    id: str
    case: CaseProgress | None = None
    on: str | None = None
    """The case that the report was attached to."""
    says: str | None = None
    """``fixed`` or ``thanks`` if the whole report says only that."""
    also: list[str] = []


class OpenCase(msgspec.Struct, frozen=True, kw_only=True):
    """Of a case, what is told to somebody nearby: read for up to 500 cases at once."""

    id: str
    state: StateName
    category: str
    lon: float | None
    lat: float | None
    opened_at: datetime
    channel: ReportChannel = "app"


class _CaseAlone(msgspec.Struct, frozen=True):
    case: CaseProgress | None = None


class _OpenCaseAlone(msgspec.Struct, frozen=True):
    case: OpenCase


@dataclass(frozen=True, slots=True)
class Attachment:
    """A report is attached to a case that it did not open. ``version``: of the link; the higher one counts."""

    report: str
    case: str
    version: int
    says: str | None


def merged_at(case: CaseProgress) -> datetime | None:
    """When the case was merged into another; None where its lines do not tell."""
    return next((line.at for line in reversed(case.steps) if line.what == "case.merged"), None)


@dataclass(frozen=True, slots=True)
class ReportStatus:
    """A report and its progress: everything that its reporter, its app and officers are shown."""

    report: ReportRecord
    case: CaseProgress | None = None
    """The case that it belongs to, after following merges; None while there is none."""
    attached: bool = False
    """Whether another report opened that case, or its own case was merged into an older one."""
    says: str | None = None
    """``fixed`` or ``thanks`` for an attached report that says only that."""
    also: tuple[CaseProgress, ...] | None = None
    """Cases of a second matter in the report, as far as their events have arrived; None if there is none."""
    joined_at: datetime | None = None
    """When its own case was merged; None where it was attached as it came, or where nothing tells."""

    @property
    def state(self) -> ReportState:
        """Of the case, ``accepted`` before there is one."""
        return self.case.state if self.case is not None else "accepted"

    @property
    def cases(self) -> tuple[CaseProgress, ...]:
        """All cases that came of the report."""
        also = self.also or ()
        return also if self.case is None else (self.case, *also)

    def only(self, seen: Callable[[CaseProgress], bool]) -> "ReportStatus | None":
        """The status for a reader who may see only some of its cases: the first of these becomes ``case``, the others
        ``also``; progress of the others is left out. None if the reader may see none."""
        cases = [case for case in self.cases if seen(case)]
        if not cases:
            return None
        also = tuple(cases[1:]) if self.also is not None else None
        if self.case is cases[0]:
            return replace(self, also=also)
        return replace(self, case=cases[0], attached=False, says=None, also=also)


def progress_of(event: CaseEvent) -> CaseProgress:
    """The progress of the event's case."""
    case = event.case
    return CaseProgress(
        id=case.id,
        version=case.version,
        state=case.state,
        category=case.category,
        priority=case.priority,
        clocks=[clock for clock in case.clocks if clock.part is None],
        steps=case.steps,
        pack_version=case.pack_version,
        unit=case.unit,
        path=case.path,
        within=case.within,
        offered_to=case.offered_to,
        assignee=case.assignee,
        kind=case.kind,
        confidential=case.confidential,
        recused=case.recused,
        discreet=case.discreet,
        sensitive=case.sensitive,
        channel=case.channel,
        sample=case.sample,
        seen_by=case.seen_by,
        worked_by=case.worked_by,
        cell=case.cell,
        lon=case.lon,
        lat=case.lat,
        opened_at=case.opened_at,
        merged_into=case.merged_into,
        report_count=case.report_count,
        question=case.question,
        open=case.state not in ENDED,
        reason=event.reason,
        outcome=case.outcome,
    )


def with_earlier_steps(case: CaseProgress, earlier: Sequence[HistoryLine]) -> CaseProgress:
    """``case`` with the steps that its events carry no more: the first of a long case stay, and the newest."""
    if not case.steps:
        return case
    oldest = case.steps[0].at
    gone = [line for line in earlier if line.at < oldest or (line.at == oldest and line not in case.steps)]
    steps = [line for line in (*gone, *case.steps) if line.what in KEPT]
    if len(steps) > STEPS_MAX:
        steps = [*steps[:FIRST_KEPT], *steps[FIRST_KEPT - STEPS_MAX :]]
    return msgspec.structs.replace(case, steps=steps)


def to_doc(case: CaseProgress) -> Document:
    """The ``case`` of a document. ``reason`` and ``outcome`` are absent where there is none; all others are there."""
    document: Document = msgspec.to_builtins(case, builtin_types=(datetime,))
    for name in ("reason", "outcome"):
        if document[name] is None:
            del document[name]
    return document


def from_doc(document: Document) -> ProgressRecord:
    """The progress of any version's document."""
    return msgspec.convert(document, ProgressRecord)


def case_from_doc(document: Document) -> CaseProgress | None:
    """The case of a document of which only ``case`` was read."""
    return msgspec.convert(document, _CaseAlone).case


def open_case_from_doc(document: Document) -> OpenCase:
    """A case of a document that was read with ``OPEN_CASE_FIELDS``."""
    return msgspec.convert(document, _OpenCaseAlone).case


OPEN_CASE_FIELDS: Document = {f"case.{name}": 1 for name in OpenCase.__struct_fields__}
