"""What is read of a report and its case to say where the report stands, whoever keeps it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from shared.kernel.vocabulary import Sample


class ClockState(Protocol):
    """A clock of the case, as its events tell it."""

    @property
    def kind(self) -> str: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def due_at(self) -> datetime: ...
    @property
    def superseded_at(self) -> datetime | None: ...
    @property
    def state(self) -> str: ...


class HistoryLine(Protocol):
    """A line of the case's history, as its events tell it."""

    @property
    def at(self) -> datetime: ...
    @property
    def detail(self) -> str | None: ...
    @property
    def due_at(self) -> datetime | None: ...


class OutcomeState(Protocol):
    """What was done, or why it was rejected (``how``)."""

    @property
    def at(self) -> datetime: ...
    @property
    def how(self) -> str: ...
    @property
    def words(self) -> str | None: ...
    @property
    def object_by(self) -> datetime | None: ...


class QuestionState(Protocol):
    """What the reporter is asked; no ``text`` for a confidential case."""

    @property
    def text(self) -> str | None: ...


class CaseProgress(Protocol):
    """The case as intake keeps it, or as an event tells it."""

    @property
    def id(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def kind(self) -> str | None: ...
    @property
    def unit(self) -> str: ...
    @property
    def report_count(self) -> int: ...
    @property
    def confidential(self) -> bool: ...
    @property
    def clocks(self) -> Sequence[ClockState]: ...
    @property
    def steps(self) -> Sequence[HistoryLine]: ...
    @property
    def outcome(self) -> OutcomeState | None: ...
    @property
    def question(self) -> QuestionState | None: ...
    @property
    def sample(self) -> Sample | None: ...


class SentReport(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def confidential(self) -> bool: ...
    @property
    def channel(self) -> str: ...


class ReportStatus(Protocol):
    """A report, and the case that it is handled in, if it has one."""

    @property
    def report(self) -> SentReport: ...
    @property
    def case(self) -> CaseProgress | None: ...


class HasName(Protocol):
    """A unit or a category of the pack."""

    @property
    def name(self) -> str: ...
    @property
    def name_en(self) -> str | None: ...
