"""Reports that are attached to an existing case: how they are counted, and what their number changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.router.domain.case import ENDED, REPORTS_KEPT, Case, State
from services.router.domain.case_parts.history_line import Entry
from services.router.domain.case_parts.remark import Remark
from services.router.domain.case_parts.report import Report
from services.router.domain.clock import SlaClock
from services.router.domain.clock_events import Escalated
from services.router.domain.domain_event import DomainEvent
from services.router.domain.events import Reopened
from services.router.domain.values import replace
from shared.kernel.vocabulary import PRIORITIES, FeedbackKind, Priority, ReporterWord

APPS_KEPT = 100
_RANK: dict[Priority, int] = {priority: rank for rank, priority in enumerate(PRIORITIES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityRise:
    """When the case has ``reports`` reports, its priority rises to ``priority`` at least, and ``tell`` is alerted."""

    reports: int
    priority: Priority | None
    tell: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedReport:
    """A report to attach. ``says``: ``fixed`` or ``thanks``; such a report is recorded and not counted."""

    report: Report
    priority: Priority
    says: FeedbackKind | None = None
    text: str = ""
    link: int = 1
    """Version of the report's link; consumers keep the one with the higher version."""
    quiet: bool = False
    """An importer brought it in as an open item: what it changes in the case is recorded, and nobody is alerted."""
    handled: Entry | None = None
    """Of a patrol find that was handled on the spot: what its finder did, as the line of a case of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached(DomainEvent):
    """Reports were attached. ``count``: how many the case has now. ``from_case``: the merged case that had ``came``."""

    TYPE: ClassVar[str] = "case.report_attached.v1"
    MOVES: ClassVar[bool] = False
    FOLDS: ClassVar[bool] = True
    arrived: tuple[ArrivedReport, ...]
    count: int
    from_case: str | None = None
    came: tuple[Report, ...] = ()

    def applied(self, case: Case) -> Case:
        counted = [*(one.report for one in self.arrived if one.says is None), *self.came]
        newest = sorted({*case.reports, *counted}, key=lambda report: (report.received_at, report.id))
        apps = dict.fromkeys((*case.apps, *sorted({r.app for r in (*case.reports, *counted)})))
        times = [report.received_at for report in counted] + [case.reported_at or case.opened_at]
        return replace(
            case,
            reports=tuple(newest[-REPORTS_KEPT:]),
            report_count=self.count,
            apps=tuple(apps)[:APPS_KEPT],
            reported_at=max(times),
            absorbed=case.absorbed or self.from_case is not None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed(DomainEvent):
    """A reporter says that it is fixed, or thanks; or an officer on patrol (``by``) says that he handled it. The case
    goes on until its desk resolves it."""

    TYPE: ClassVar[str] = "case.confirmed.v1"
    MOVES: ClassVar[bool] = False
    SAYS_WHY: ClassVar[bool] = True
    arrived: tuple[ArrivedReport, ...]
    says: FeedbackKind

    @property
    def reporter_word_meant(self) -> ReporterWord | None:
        return "fixed" if self.says == "fixed" else None

    def tells(self, case: Case) -> list[str]:
        """The desk looks whether it is fixed; nobody has to do anything about thanks."""
        return [case.unit] if self.says == "fixed" else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised(DomainEvent):
    """The priority was raised by the number of reports (``threshold``) or by one report's text; ``to`` is alerted."""

    TYPE: ClassVar[str] = "case.priority_raised.v1"
    MOVES: ClassVar[bool] = False
    priority: Priority
    threshold: int
    to: str | None

    def applied(self, case: Case) -> Case:
        return replace(case, priority=self.priority, risen=max(case.risen, self.threshold))

    def unit_meant(self, case: Case) -> str:
        return self.to or case.unit

    def tells(self, case: Case) -> list[str]:
        return [self.to] if self.to is not None else []


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentRules:
    """The pack's rules for the category. ``clock``: the resolve clock that starts if the case is reopened now."""

    rising: tuple[PriorityRise, ...] = ()
    reopens_up: bool = False
    clock: SlaClock | None = None


def attach(
    case: Case, arrived: Sequence[ArrivedReport], count: int, rules: AttachmentRules, now: datetime
) -> list[DomainEvent]:
    """The events of attaching ``arrived``, none of which was attached before; the case then has ``count`` reports.

    An event that only imported open items cause is quiet.
    """
    happened: list[DomainEvent] = []
    counted = tuple(one for one in arrived if one.says is None)
    if counted:
        happened.append(Attached(at=now, arrived=counted, count=count))
        if case.state is State.CLOSED:
            happened += _again(case, rules, now, quiet=_quiet(counted))
        happened += raised(case, counted, count, rules.rising, now)
    for says in ("fixed", "thanks"):
        if saying := tuple(one for one in arrived if one.says == says and one.handled is None):
            words = "; ".join(one.text for one in saying)[:400]
            remark = Remark("reporter_fixed" if says == "fixed" else "reporter_thanks")
            happened.append(
                Confirmed(at=now, arrived=saying, says=says, text=words or None, remark=remark, quiet=_quiet(saying))
            )
    happened += [_found_again(one, one.handled, now) for one in arrived if one.handled is not None]
    return happened


def _found_again(one: ArrivedReport, line: Entry, now: datetime) -> Confirmed:
    return Confirmed(
        at=now,
        arrived=(one,),
        says="fixed",
        by=line.by,
        by_unit=line.by_unit,
        text=line.text,
        photos=line.photos,
        said_at=line.said_at,
        remark=Remark("found_again", (("report", one.report.id),)),
    )


def _quiet(arrived: Sequence[ArrivedReport]) -> bool:
    return all(one.quiet for one in arrived)


def _again(case: Case, rules: AttachmentRules, now: datetime, *, quiet: bool) -> list[DomainEvent]:
    """Events for a report of the same hazard after closing: the case is reopened, one level up if the pack says so."""
    again: list[DomainEvent] = [Reopened(at=now, remark=Remark("reported_again"), clock=rules.clock, quiet=quiet)]
    if rules.reopens_up and len(case.path) > 1:
        remark = Remark("reported_after_closing")
        again.append(Escalated(at=now, act="move_to", to=case.path[-2].id, remark=remark, quiet=quiet))
    return again


def raised(
    case: Case, arrived: Sequence[ArrivedReport], count: int, rising: Sequence[PriorityRise], now: datetime
) -> list[DomainEvent]:
    """A dangerous report raises its case at once and alerts the desk; each threshold of reports raises it once."""
    happened: list[DomainEvent] = []
    priority = min((case.priority, *(one.priority for one in arrived)), key=_RANK.__getitem__)
    if priority != case.priority:
        to = case.unit if priority == "danger" else None
        quiet = _quiet([one for one in arrived if one.priority == priority])
        happened.append(Raised(at=now, priority=priority, threshold=case.risen, to=to, quiet=quiet))
    for step in rising:
        if case.risen < step.reports <= count and case.state not in ENDED | {State.RESOLVED}:
            priority = min((priority, step.priority or priority), key=_RANK.__getitem__)
            to = _towards(case, step.tell)
            happened.append(Raised(at=now, priority=priority, threshold=step.reports, to=to, quiet=_quiet(arrived)))
    return happened


def _towards(case: Case, word: str) -> str:
    """The unit that ``word`` means: ``own``, ``parent``, a level or a unit's id; if the path lacks it, the top."""
    ids = [unit.id for unit in case.path]
    if word in ("own", "parent"):
        return ids[-1] if word == "own" or len(ids) == 1 else ids[-2]
    return next((unit.id for unit in reversed(case.path) if word in (unit.level, unit.id)), ids[0])
