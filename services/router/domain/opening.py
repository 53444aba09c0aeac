"""Makes a case from a report for which category, place and clocks were decided before."""

from dataclasses import dataclass
from datetime import datetime

from services.router.domain.apply import apply
from services.router.domain.case import Case, Location, Report, Routing, State, UnitOnPath
from services.router.domain.clock import SlaClock, Watch
from services.router.domain.events import Opened
from services.router.domain.similarity import Traits
from shared.kernel.vocabulary import Priority, ReportKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A report with its queue, category and clocks found."""

    case: str
    city: str
    report: Report
    kind: ReportKind
    category: str
    priority: Priority
    path: tuple[UnitOnPath, ...]
    within: str | None
    routing: Routing
    location: Location
    description: str
    photos: tuple[str, ...]
    clocks: tuple[SlaClock, ...]
    confidential: bool
    historic: bool
    opened_at: datetime
    """Arrival of the report; the clocks run from here."""
    quiet_until: datetime | None = None
    """See ``Case``."""
    forgotten_after: int | None = None
    """Seconds after which officers are alerted that nobody did anything; None: never."""
    traits: Traits | None = None
    linked_to: str | None = None


def open_case(opening: Opening) -> tuple[Case, Opened]:
    """Version 1 of the case, ``queued``, and its first event. The same report always makes the same case."""
    case = Case(
        id=opening.case,
        city=opening.city,
        version=1,
        state=State.QUEUED,
        priority=opening.priority,
        category=opening.category,
        kind=opening.kind,
        path=opening.path,
        routing=opening.routing,
        location=opening.location,
        opened_at=opening.opened_at,
        clocks=opening.clocks,
        reports=(opening.report,),
        within=opening.within,
        description=opening.description,
        photos=opening.photos,
        confidential=opening.confidential,
        historic=opening.historic,
        quiet_until=opening.quiet_until,
        watch=None if opening.forgotten_after is None else Watch(opening.forgotten_after, opening.opened_at),
        traits=opening.traits,
        linked_to=opening.linked_to,
    )
    opened = Opened(at=opening.opened_at, by=opening.report.entered_by)
    return apply(case, opened), opened
