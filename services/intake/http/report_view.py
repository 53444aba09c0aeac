"""What ``GET /v1/reports/{id}`` shows of a report and where it stands."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from services.intake.reports.progress_record import CaseProgress, ReportState, ReportStatus
from shared.city.pack import Pack
from shared.city.progress_texts import ProgressTexts
from shared.city.sorting.questions import Answer
from shared.city.texts.reporter_steps import STEPS
from shared.contracts.cases import ClockState, HistoryLine
from shared.kernel.vocabulary import CASE_CLOCKS, Priority, ReportChannel, ReportKind, Sample, StateName


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
    """What was done. ``words``: the officer's, without names and numbers. ``photos``: ids, shown once clean.

    ``links``: an address of each photo, small, that needs no key; for the app that sent the report.
    """

    at: datetime
    how: str
    words: str | None = None
    photos: list[str] = []
    links: list[str] = []


class ObjectionView(msgspec.Struct, frozen=True):
    """The reporter may object to the rejection once, by a rating of 1 with a reason. ``text``: that, in words."""

    until: datetime
    text: str


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
    notice: str | None = None
    """Of a demonstration: that no report reaches anybody."""
    feedback: str | None = None
    merged: bool = False
    reason: str | None = None
    outcome: OutcomeView | None = None
    objection: ObjectionView | None = None
    """Of a report that was not taken on: absent once its reporter objected, or the time to do so is over."""
    answers: dict[str, Answer] | None = None
    confidential: bool = False
    entered_by: str | None = None
    channel: ReportChannel
    sample: Sample | None = None
    """Of a patrol find that was handled on the spot: whether it was drawn for inspection."""
    outside_number: str | None = None
    withdrawn: bool = False
    """Its reporter took it back; the case stays until an officer ends it."""
    rating: int | None = None
    rating_entered_by: str | None = None
    """The officer who entered the rating for the reporter."""
    emergency: str | None = None
    """Whom to call first, while nothing was done: by the category, or by words of danger."""


def report_view(
    status: ReportStatus,
    pack: Pack,
    now: datetime,
    link: str | None = None,
    photos: Sequence[str] = (),
    *,
    words: bool = True,
    asked: str | None = None,
) -> ReportView:
    """``link``: to the answer page, where the reader may answer the open question; ``photos``: of what was done;
    ``asked``: the words of a question that is sealed, opened for the reporter himself.
    Without ``words`` also without answers and photos of the report."""
    report, texts = status.report, ProgressTexts(status, pack, now)
    view = ReportView(
        id=report.id,
        status=status.state,
        status_text=texts.word(status.state),
        received_at=report.received_at,
        kind=report.kind,
        description=report.description if words else "",
        photos=[*report.photos, *report.added_photos] if words else [],
        steps=_steps(status, pack, texts),
        answers=report.answers if words else None,
        confidential=report.confidential,
        entered_by=report.entered_by,
        channel=report.channel,
        outside_number=report.outside_number,
        withdrawn=report.withdrawn,
        rating=report.rating,
        rating_entered_by=report.rating_entered_by,
        emergency=_emergency(status, pack),
        notice=pack.notice(),
    )
    if status.case is not None:
        _show_case(view, status.case, pack, texts, link, asked)
        if view.outcome is not None and view.outcome.photos and photos:
            view.outcome = msgspec.structs.replace(view.outcome, links=list(photos))
        _show_message(view, status, texts)
    return view


def _emergency(status: ReportStatus, pack: Pack) -> str | None:
    """By words too where the app gave a category; what an officer or a rule made of it since counts alone."""
    report, case = status.report, status.case
    if case is not None and (case.outcome is not None or not case.open):
        return None
    given = case.category if case is not None else report.category
    if given is None:
        return pack.first_call(pack.classify(report.description).code)
    return pack.first_call(given, report.description if given == report.category else "")


def _show_case(
    view: ReportView, case: CaseProgress, pack: Pack, texts: ProgressTexts, link: str | None, sealed: str | None
) -> None:
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
    view.sample = case.sample
    words = texts.outcome_words()
    if (done := case.outcome) is not None:
        photos = done.photos if words is not None else []
        view.outcome = OutcomeView(at=done.at, how=done.how, words=words, photos=photos)
    if (until := texts.object_by()) is not None and (said := texts.objection()) is not None:
        view.objection = ObjectionView(until, said)
    if not texts.of_strangers:
        view.reason = words if case.state == "rejected" and words is not None else case.reason
    if (asked := case.question) is not None and not texts.of_strangers:
        text = next((one for one in (asked.text, sealed) if one is not None), texts.word("waiting_reporter"))
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


_OF_CLOCKS = frozenset({"clock.extended", "clock.breached"})
"""Steps that are told of the case's own clocks: not of a part's, nor of the time that the reporter had to answer."""
_ENDS: dict[Sample, str] = {"drawn": "case.resolved", "not_drawn": "case.closed"}
_EACH = frozenset({"clock.extended"})
"""Steps that are told each time, also one after the other."""


def _told(case: CaseProgress) -> list[HistoryLine]:
    """The lines of the case that reporters are shown: those of the case's own clocks, and of levels above the desk."""
    moves = [step.at for step in case.steps if step.what == "case.moved" or step.act == "move_to"]
    last_move = max(moves, default=case.opened_at)

    def is_told(step: HistoryLine) -> bool:
        if step.what == "case.escalated" and step.act in ("tell", "supervise"):
            return step.unit != case.unit or step.at < last_move
        of_case = step.detail is None or step.detail in CASE_CLOCKS
        return step.what in STEPS and (step.what not in _OF_CLOCKS or of_case)

    return [step for step in case.steps if is_told(step)]


def _as_told(step: HistoryLine, case: CaseProgress | None) -> str:
    """What a line is told as. Of a patrol find that was handled on the spot the first line is its end, too."""
    if case is None or case.sample is None or step.what != "case.opened":
        return step.what
    return _ENDS[case.sample]


def _steps(status: ReportStatus, pack: Pack, texts: ProgressTexts) -> list[StepView]:
    """The report's own steps and its case's, by time; what the reporter did stands before what it led to in the same
    millisecond. A step of the case that repeats the one before it is left out."""
    report = status.report

    def line(what: str, at: datetime, unit_id: str | None = None, clock: str | None = None) -> StepView:
        unit = pack.units.get(unit_id or "")
        name = UnitName(unit.id, unit.name) if unit is not None else None
        return StepView(at=at, what=what, text=texts.step(what, at, unit_id, clock), unit=name)

    steps = [line("report.received", report.received_at)]
    taken_back = {one.at for one in report.own_steps if one.what == "report.withdrawn"}
    for step in _told(status.case) if status.case is not None else ():
        if step.what == "case.info_given" and step.at in taken_back:
            continue  # who was asked took the report back, and answered nothing
        last = steps[-1]
        before = (last.what, last.unit.id if last.unit is not None else None)
        what = _as_told(step, status.case)
        if before != (what, step.unit) or what in _EACH:
            steps.append(line(what, step.at, step.unit, step.detail))
    if status.attached and status.says is None:
        steps.append(line("report.merged", status.joined_at or report.received_at))
    own = [
        StepView(at=one.at, what=one.what, text=texts.step(one.what, one.at) or one.text, photo=one.photo)
        for one in report.own_steps
    ]
    return sorted([steps[0], *own, *steps[1:]], key=lambda step: step.at)
