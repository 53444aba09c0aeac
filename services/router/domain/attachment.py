"""Reports that are attached to an existing case: how they are counted, and what their number changes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from services.router.domain.case import ENDED, REPORTS_KEPT, Case, Report, State
from services.router.domain.clock import SlaClock
from services.router.domain.clock_events import Escalated
from services.router.domain.domain_event import DomainEvent
from services.router.domain.events import Reopened
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
    """A reporter says that it is fixed, or thanks."""

    TYPE: ClassVar[str] = "case.confirmed.v1"
    MOVES: ClassVar[bool] = False
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
    """The events of attaching ``arrived``, none of which was attached before; the case then has ``count`` reports."""
    happened: list[DomainEvent] = []
    counted = tuple(one for one in arrived if one.says is None)
    if counted:
        happened.append(Attached(at=now, arrived=counted, count=count))
        if case.state is State.CLOSED:
            happened += _again(case, rules, now)
        happened += raised(case, counted, count, rules.rising, now)
    for says in ("fixed", "thanks"):
        if saying := tuple(one for one in arrived if one.says == says):
            words = "; ".join(one.text for one in saying)[:400]
            said = "the reporter says it is fixed" if says == "fixed" else "the reporter gives thanks"
            happened.append(Confirmed(at=now, arrived=saying, says=says, text=f"{said}: {words}"))
    return happened


def _again(case: Case, rules: AttachmentRules, now: datetime) -> list[DomainEvent]:
    """Events for a report of the same hazard after closing: the case is reopened, one level up if the pack says so."""
    again: list[DomainEvent] = [Reopened(at=now, text="the same trouble was reported again", clock=rules.clock)]
    if rules.reopens_up and len(case.path) > 1:
        again.append(Escalated(at=now, act="move_to", to=case.path[-2].id, text="reported again after closing"))
    return again


def raised(
    case: Case, arrived: Sequence[ArrivedReport], count: int, rising: Sequence[PriorityRise], now: datetime
) -> list[DomainEvent]:
    """A dangerous report raises its case at once and alerts the desk; each threshold of reports raises it once."""
    happened: list[DomainEvent] = []
    priority = min((case.priority, *(one.priority for one in arrived)), key=_RANK.__getitem__)
    if priority != case.priority:
        to = case.unit if priority == "danger" else None
        happened.append(Raised(at=now, priority=priority, threshold=case.risen, to=to))
    for step in rising:
        if case.risen < step.reports <= count and case.state not in ENDED | {State.RESOLVED}:
            priority = min((priority, step.priority or priority), key=_RANK.__getitem__)
            to = _towards(case, step.tell)
            happened.append(Raised(at=now, priority=priority, threshold=step.reports, to=to))
    return happened


def _towards(case: Case, word: str) -> str:
    """The unit that ``word`` means: ``own``, ``parent``, a level or a unit's id; if the path lacks it, the top."""
    ids = [unit.id for unit in case.path]
    if word in ("own", "parent"):
        return ids[-1] if word == "own" or len(ids) == 1 else ids[-2]
    return next((unit.id for unit in reversed(case.path) if word in (unit.level, unit.id)), ids[0])
