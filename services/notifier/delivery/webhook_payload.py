"""What an app is told by webhook: what happened, the case's state, the names that people know, and for each of the
app's own reports the sentence that its reporter reads."""

from dataclasses import dataclass
from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType

from shared.city.pack import Pack
from shared.city.progress_texts import ProgressTexts
from shared.contracts.cases import CaseEvent, CaseState, ClockState, ReportRef
from shared.contracts.envelope import Envelope
from shared.kernel.ids import opening_report
from shared.kernel.vocabulary import ClockKind, Priority, ReportChannel, StateName


class WebhookCase(msgspec.Struct, frozen=True, kw_only=True):
    """``channel``: how the report came that opened it, absent where by an app; ``patrol``: officers found it."""

    id: str
    state: StateName
    priority: Priority
    category: str
    channel: ReportChannel | UnsetType = UNSET


class WebhookReport(msgspec.Struct, frozen=True, kw_only=True):
    """``message``: the sentence that its reporter reads now. ``object_by``: until when he may object that it is not
    taken on, which the sentence says too. ``channel``: how it came, absent where by the app itself.
    ``outside_number``: of its ticket in another system. ``notice``: of a demonstration, that no report reaches
    anybody."""

    id: str
    channel: ReportChannel | UnsetType = UNSET
    outside_number: str | UnsetType = UNSET
    message: str | UnsetType = UNSET
    notice: str | UnsetType = UNSET
    object_by: datetime | UnsetType = UNSET


class WebhookData(msgspec.Struct, frozen=True, kw_only=True):
    """``event``: its id, the same in every delivery; ``version``: a higher one is the newer state of the case.
    ``clock`` and ``due_at``: of an event of a clock. ``reports``: the app's own that the event is about.
    ``unit_name`` and ``category_name``: as the city calls them, in its first language."""

    event: str
    version: int
    case: WebhookCase
    unit: str
    unit_name: str | UnsetType = UNSET
    category_name: str | UnsetType = UNSET
    clocks: list[ClockState]
    clock: ClockKind | None
    due_at: datetime | None
    reports: list[str]
    report_details: list[WebhookReport]
    report_count: int
    reason: str | None


class WebhookPayload(msgspec.Struct, frozen=True, kw_only=True):
    """What a receiver gets. ``type``: such as ``case.closed``; ``timestamp``: when it happened."""

    type: str
    timestamp: datetime
    data: WebhookData


@dataclass(frozen=True)
class _Report:
    id: str
    confidential: bool
    channel: ReportChannel = "app"


@dataclass(frozen=True)
class _Status:
    report: _Report
    case: CaseState


def payload(event: Envelope, data: CaseEvent, app: str, pack: Pack | None = None) -> str:
    """The JSON that a receiver gets. Without ``pack`` names and sentences are left out."""
    case = data.case
    own = [report for report in data.attached or case.reports if report.app == app]
    names = _names(event, case, pack) if pack is not None else {}
    body = WebhookPayload(
        type=event.type.removesuffix(".v1"),
        timestamp=event.time,
        data=WebhookData(
            event=event.id,
            version=case.version,
            case=WebhookCase(
                id=case.id,
                state=case.state,
                priority=case.priority,
                category=case.category,
                channel=UNSET if case.channel == "app" else case.channel,
            ),
            unit=case.unit,
            **names,
            clocks=case.clocks,
            clock=data.clock,
            due_at=data.due_at,
            reports=[report.id for report in own],
            report_details=[_detail(event, report, case, pack) for report in own],
            report_count=case.report_count,
            reason=data.reason if _may_read_words(case, own, pack) else None,
        ),
    )
    return msgspec.json.encode(body).decode()


def _may_read_words(case: CaseState, own: list[ReportRef], pack: Pack | None) -> bool:
    """Of a case about people only the app hears an officer's words whose report opened it; none without the pack."""
    if any(report.id == opening_report(case.id) for report in own):
        return True
    return pack is not None and not pack.about_people(case.category, case.kind)


def _names(event: Envelope, case: CaseState, pack: Pack) -> dict[str, str]:
    """Unit and category as the city calls them, in its first language, as in the sentences."""
    texts = ProgressTexts(_Status(_Report(opening_report(case.id), case.confidential), case), pack, event.time)
    return {"unit_name": texts.unit_name(case.unit), "category_name": texts.category_name(case.category)}


def _detail(event: Envelope, report: ReportRef, case: CaseState, pack: Pack | None) -> WebhookReport:
    return WebhookReport(
        id=report.id,
        channel=UNSET if report.channel == "app" else report.channel,
        outside_number=UNSET if report.outside_number is None else report.outside_number,
        message=UNSET if pack is None else _message(event, report, case, pack),
        notice=UNSET if pack is None else pack.notice() or UNSET,
        object_by=(case.outcome.object_by or UNSET) if case.outcome is not None else UNSET,
    )


def _message(event: Envelope, report: ReportRef, case: CaseState, pack: Pack) -> str:
    """As ``message`` of ``GET /v1/reports/{id}`` is right after this event."""
    texts = ProgressTexts(_Status(_Report(report.id, case.confidential, report.channel), case), pack, event.time)
    if report.says is not None:
        return texts.feedback_message()
    return texts.message() if report.id == opening_report(case.id) else texts.merged_message()
