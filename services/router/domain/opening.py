"""Makes a case from a report for which category, place and clocks were decided before."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.router.domain.apply import apply
from services.router.domain.case import Case, State
from services.router.domain.case_parts.marks import Found, NotOurs
from services.router.domain.case_parts.owner_path import UnitOnPath
from services.router.domain.case_parts.place_question import PlaceQuestion
from services.router.domain.case_parts.remark import Remark
from services.router.domain.case_parts.report import Location, Report, Routing
from services.router.domain.clock import SlaClock, Watch
from services.router.domain.events import Opened
from services.router.domain.same_hazard.similarity import Traits
from shared.kernel.vocabulary import How, Priority, RemarkCode, ReportKind, Sample, Suspicion

_REMARKS: dict[Sample, RemarkCode] = {"drawn": "found_drawn", "not_drawn": "found_not_drawn"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HandledFind:
    """What an officer says that he handled on the spot. ``found``: None where it is for others to look at."""

    how: How
    text: str
    photos: tuple[str, ...]
    said_at: datetime
    by_unit: str
    found: Found | None


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
    place_question: PlaceQuestion | None = None
    """What the reporter is asked when the words name several places."""
    recused: tuple[str, ...] = ()
    suspected: tuple[Suspicion, ...] = ()
    not_ours: NotOurs | None = None
    to_judge: tuple[str, ...] = ()
    """The units that are told what the words suggest."""
    handled: HandledFind | None = None


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
        place_question=opening.place_question,
        recused=opening.recused,
        suspected=opening.suspected,
        not_ours=opening.not_ours,
        channel=opening.report.channel,
    )
    opened = Opened(at=opening.opened_at, by=opening.report.entered_by, to_judge=opening.to_judge)
    if opening.handled is not None:
        opened = _handled(opened, opening.handled)
    return apply(case, opened), opened


def _handled(opened: Opened, find: HandledFind) -> Opened:
    """With what the finder says: as the end of the case, or for its owner to look at."""
    return replace(
        opened,
        by_unit=find.by_unit,
        text=find.text,
        photos=find.photos,
        said_at=find.said_at,
        found=find.found,
        how=find.how,
        remark=Remark("found_elsewhere" if find.found is None else _REMARKS[find.found.sample]),
    )
