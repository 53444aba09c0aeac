"""What the routes for reading answer: units, a queue, a history, the reports of a case, protected data."""

import msgspec

from services.router.cases.case_answers import CaseAnswer, CaseReport, HistoryEntry, QueueRow
from shared.contracts.persons import KnownReporter, SealedReport


class UnitAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """``path``: ids from the root to the unit."""

    id: str
    level: str
    name: str
    name_en: str
    parent: str | None
    path: list[str]
    layer: str | None


class LocatedUnit(msgspec.Struct, frozen=True):
    id: str
    name: str
    level: str


class LocatedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Which unit answers for a place. ``within``: the deepest unit that covers it; ``why``: the steps of the search."""

    unit: LocatedUnit
    within: str | None
    path: list[str]
    by: str
    near_border: bool
    flags: list[str]
    place: str | None
    why: list[str]


class QueueAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``stream_from``: where the queue's stream is to begin. ``shadow``: the city only tries the system out."""

    items: list[QueueRow]
    next: str | None
    stream_from: str
    shadow: bool = False


class HistoryAnswer(msgspec.Struct, frozen=True):
    items: list[HistoryEntry]
    next: str | None


class CaseReportPage(msgspec.Struct, frozen=True):
    items: list[CaseReport]
    next: str | None


class UnmaskAnswer(msgspec.Struct, frozen=True, kw_only=True):
    case: CaseAnswer
    report: str
    reporter: KnownReporter


class UnsealAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """``sealed``: the words of a confidential report."""

    case: CaseAnswer
    report: str
    sealed: SealedReport
