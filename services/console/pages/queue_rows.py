"""A row of a queue as people see it: the same in the page and in the stream, for everybody who may see the case."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from services.console.frame.service_names import ServiceNames
from services.console.queue_client import QueueRow

SOON = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ShownRow:
    """``tone``: late, soon, or nothing; ``due``: empty where nothing is owed; ``has_it``: who works at it."""

    id: str
    version: int
    state: str
    state_words: str
    priority: str
    priority_words: str
    category: str
    place: str
    summary: str
    unit: str
    due: str
    left: str
    until: str
    tone: str
    has_it: str
    reports: str
    confidential: str
    sensitive: str


def shown_row(row: QueueRow, names: ServiceNames, now: datetime, zone: tzinfo) -> ShownRow:
    words = names.words
    left, tone, until = "", "", ""
    if row.due_at is not None:
        left, late = words.left(row.due_at, now)
        until = words("due", words.moment(row.due_at, now, zone))
        tone = "late" if late else "soon" if row.due_at - now < SOON else ""
    return ShownRow(
        id=row.id,
        version=row.version,
        state=row.state,
        state_words=words(f"state.{row.state}"),
        priority=row.priority,
        priority_words=words(f"priority.{row.priority}"),
        category=names.category(row.category),
        place=row.place or "",
        summary=row.summary,
        unit=names.unit(row.unit) if row.unit else "",
        due=row.due_at.isoformat() if row.due_at is not None else "",
        left=left,
        until=until,
        tone=tone,
        has_it=names.person(row.assignee) if row.assignee is not None else "",
        reports=words("reports", row.report_count) if row.report_count > 1 else "",
        confidential=words("confidential") if row.confidential else "",
        sensitive=words(f"sensitive.{row.sensitive}") if row.sensitive else "",
    )
