"""What an app is told by webhook: what happened, the case's state, the names that people know, and for each of the
app's own reports the sentence that its reporter reads."""

from dataclasses import dataclass
from typing import Any

import msgspec

from shared.city.pack import Pack
from shared.city.progress_texts import ProgressTexts
from shared.contracts.cases import CaseEvent, CaseState, ReportRef
from shared.contracts.envelope import Envelope
from shared.kernel.clock import rfc3339
from shared.kernel.ids import opening_report

OF_THE_REPORT = ("channel", "outside_number")
"""How it came, and its number at the platform that it came from: told where the event has them."""


@dataclass(frozen=True)
class _Report:
    id: str
    confidential: bool


@dataclass(frozen=True)
class _Status:
    report: _Report
    case: CaseState


def payload(event: Envelope, data: CaseEvent, app: str, pack: Pack | None = None) -> str:
    """The JSON that a receiver gets. Without ``pack`` names and sentences are left out."""
    case = data.case
    own = [report for report in data.attached or case.reports if report.app == app]
    names = _names(case, pack) if pack is not None else {}
    body = {
        "type": event.type.removesuffix(".v1"),
        "timestamp": rfc3339(event.time),
        "data": {
            "event": event.id,
            "version": case.version,
            "case": {"id": case.id, "state": case.state, "priority": case.priority, "category": case.category},
            "unit": case.unit,
            **names,
            "clocks": case.clocks,
            "clock": data.clock,
            "due_at": data.due_at,
            "reports": [report.id for report in own],
            "report_details": [_detail(report, case, pack) for report in own],
            "report_count": case.report_count,
            "reason": data.reason,
        },
    }
    return msgspec.json.encode(body).decode()


def _names(case: CaseState, pack: Pack) -> dict[str, str]:
    """Unit and category as the city calls them, in its first language, as in the sentences."""
    texts = ProgressTexts(_Status(_Report(opening_report(case.id), case.confidential), case), pack)
    return {"unit_name": texts.unit_name(case.unit), "category_name": texts.category_name(case.category)}


def _detail(report: ReportRef, case: CaseState, pack: Pack | None) -> dict[str, Any]:
    told = {name: value for name in OF_THE_REPORT if (value := getattr(report, name, None)) is not None}
    message = {"message": _message(report, case, pack)} if pack is not None else {}
    return {"id": report.id, **message, **told}


def _message(report: ReportRef, case: CaseState, pack: Pack) -> str:
    """As ``message`` of ``GET /v1/reports/{id}`` is right after this event."""
    texts = ProgressTexts(_Status(_Report(report.id, case.confidential), case), pack)
    if report.says is not None:
        return texts.feedback_message()
    return texts.message() if report.id == opening_report(case.id) else texts.merged_message()
