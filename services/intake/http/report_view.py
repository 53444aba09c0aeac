"""What ``GET /v1/reports/{id}`` shows of a report and where it stands."""

from datetime import datetime

import msgspec

from services.intake.reports.progress_record import CaseProgress, ReportState, ReportStatus
from shared.city.pack import Pack
from shared.city.progress_texts import ProgressTexts
from shared.city.sorting.questions import Answer
from shared.city.texts.reporter_steps import STEPS
from shared.contracts.cases import ClockState, HistoryLine
from shared.kernel.vocabulary import CASE_CLOCKS, Priority, ReportKind, StateName


class UnitName(msgspec.Struct, frozen=True):
    id: str
    name: str


class StepView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    at: datetime
    what: str
    text: str | None
    unit: UnitName | None = None
    photo: str | None = None


class CaseProgressView(msgspec.Struct, frozen=True, kw_only=True):
    """Where the case stands that the report is handled in."""

    id: str
    state: StateName
    version: int
    category: str
    priority: Priority
    clocks: list[ClockState]


class QuestionView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A question to the reporter. ``link``: the page to answer on, for the app that sent the report."""

    text: str
    at: datetime
    until: datetime
    link: str | None = None


class OutcomeView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was done. ``words``: the officer's, without names and numbers. ``photos``: ids, shown once clean."""

    at: datetime
    how: str
    words: str | None = None
    photos: list[str] = []


class SecondCaseView(msgspec.Struct, frozen=True):
    """A case of a second matter in the same report."""

    id: str
    state: StateName
    category: str


class ReportView(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The answer; what a report does not have is absent."""

    id: str
    status: ReportState
    status_text: str
    received_at: datetime
    kind: ReportKind
    description: str
    photos: list[str]
    steps: list[StepView]
    unit: UnitName | None = None
    case: CaseProgressView | None = None
    question: QuestionView | None = None
    also: list[SecondCaseView] | None = None
    message: str | None = None
    feedback: str | None = None
    merged: bool = False
    reason: str | None = None
    outcome: OutcomeView | None = None
    answers: dict[str, Answer] | None = None
    confidential: bool = False
    entered_by: str | None = None
    channel: str | None = None
    rating: int | None = None
    emergency: str | None = None
    """Whom to call first, while nothing was done: by the case's category, before there is one by the words."""


def report_view(status: ReportStatus, pack: Pack, now: datetime, link: str | None = None) -> ReportView:
    """``link``: to the answer page, where the reader may answer the open question."""
    report, texts = status.report, ProgressTexts(status, pack, now)
    view = ReportView(
        id=report.id,
        status=status.state,
        status_text=texts.word(status.state),
        received_at=report.received_at,
        kind=report.kind,
        description=report.description,
        photos=[*report.photos, *report.added_photos],
        steps=_steps(status, pack, texts),
        answers=report.answers,
        confidential=report.confidential,
        entered_by=report.entered_by,
        channel=report.channel if report.entered_by is not None else None,
        rating=report.rating,
        emergency=_emergency(status, pack),
    )
    if status.case is not None:
        _show_case(view, status.case, pack, texts, link)
        _show_message(view, status, texts)
    return view


def _emergency(status: ReportStatus, pack: Pack) -> str | None:
    report, case = status.report, status.case
    if case is not None and (case.outcome is not None or not case.open):
        return None
    given = case.category if case is not None else report.category
    category = pack.categories.get(given if given is not None else pack.classify(report.description).code)
    return category.emergency if category is not None else None


def _show_case(view: ReportView, case: CaseProgress, pack: Pack, texts: ProgressTexts, link: str | None) -> None:
    unit = pack.units.get(case.unit)
    view.unit = UnitName(case.unit, unit.name if unit is not None else case.unit)
    view.case = CaseProgressView(
        id=case.id,
        state=case.state,
        version=case.version,
        category=case.category,
        priority=case.priority,
        clocks=case.clocks,
    )
    words = texts.outcome_words()
    if (done := case.outcome) is not None:
        photos = done.photos if words is not None else []
        view.outcome = OutcomeView(at=done.at, how=done.how, words=words, photos=photos)
    view.reason = words if case.state == "rejected" and words is not None else case.reason
    if (asked := case.question) is not None:
        text = asked.text if asked.text is not None else texts.word("waiting_reporter")
        view.question = QuestionView(text=text, at=asked.at, until=asked.until, link=link)


def _show_message(view: ReportView, status: ReportStatus, texts: ProgressTexts) -> None:
    """The sentence that the reporter reads first: of something that others reported too, or that is mended, its own."""
    if status.also is not None:
        view.also = [SecondCaseView(case.id, case.state, case.category) for case in status.also]
    if not status.attached:
        view.message = texts.message()
    elif status.says is not None:
        view.message, view.feedback = texts.feedback_message(), status.says
    else:
        view.message, view.merged = texts.merged_message(), True


_EACH = frozenset({"clock.extended"})
"""Steps that are told each time, also one after the other."""


def _told(case: CaseProgress) -> list[HistoryLine]:
    """The lines of the case that reporters are shown: those of the case's own clocks, and of levels above the desk."""
    moves = [step.at for step in case.steps if step.what == "case.moved" or step.act == "move_to"]
    last_move = max(moves, default=case.opened_at)

    def is_told(step: HistoryLine) -> bool:
        if step.what == "case.escalated" and step.act in ("tell", "supervise"):
            return step.unit != case.unit or step.at < last_move
        return step.what in STEPS and (step.what != "clock.extended" or step.detail in CASE_CLOCKS)

    return [step for step in case.steps if is_told(step)]


def _steps(status: ReportStatus, pack: Pack, texts: ProgressTexts) -> list[StepView]:
    """The report's own steps and its case's, by time. A step that repeats the one before it is left out."""
    report = status.report

    def line(what: str, at: datetime, unit_id: str | None = None, clock: str | None = None) -> StepView:
        unit = pack.units.get(unit_id or "")
        name = UnitName(unit.id, unit.name) if unit is not None else None
        return StepView(at=at, what=what, text=texts.step(what, at, unit_id, clock), unit=name)

    steps = [line("report.received", report.received_at)]
    for step in _told(status.case) if status.case is not None else ():
        last = steps[-1]
        before = (last.what, last.unit.id if last.unit is not None else None)
        if before != (step.what, step.unit) or step.what in _EACH:
            steps.append(line(step.what, step.at, step.unit, step.detail))
    if status.attached and status.says is None:
        steps.append(line("report.merged", report.received_at))
    steps += [
        StepView(at=own.at, what=own.what, text=texts.step(own.what, own.at) or own.text, photo=own.photo)
        for own in report.own_steps
    ]
    return sorted(steps, key=lambda step: step.at)
