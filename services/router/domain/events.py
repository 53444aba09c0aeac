"""The events of a case, in the past tense, and what each changes. ``TYPE`` is the event type in Kafka.

Events that only one command has (calling in, consultation, pauses …) are beside that command.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.router.domain.call_backs.hearing import expected, rated, withdrawn
from services.router.domain.call_backs.hearing import opened_again as heard_before
from services.router.domain.case import Case, State
from services.router.domain.case_parts.call_back import CallPlan
from services.router.domain.case_parts.marks import Found
from services.router.domain.case_parts.owner_path import UnitOnPath
from services.router.domain.case_parts.ruling import Rejection
from services.router.domain.case_parts.work import Outcome
from services.router.domain.clock import LookAgain, SlaClock
from services.router.domain.clock_operations import met, opened_again, ruled
from services.router.domain.clock_renewal import Promise
from services.router.domain.domain_event import DomainEvent, unclaimed
from services.router.domain.values import replace
from shared.kernel.vocabulary import How, ReporterWord

REJECTED = "rejected"
"""How a rejected case ended, beside the ways of a resolution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(DomainEvent):
    """``to_judge``: the units that decide what the report's words suggest, which are alerted of it.

    ``found`` and ``how``: of a patrol find that was handled on the spot. The same event resolves the case, and closes
    it unless it was drawn for inspection; ``text`` and ``photos`` are the finder's, ``said_at`` is when he handled it.
    """

    TYPE: ClassVar[str] = "case.opened.v1"
    to_judge: tuple[str, ...] = ()
    found: Found | None = None
    how: How | None = None

    def applied(self, case: Case) -> Case:
        if self.found is None or self.how is None:
            return case
        return replace(
            case,
            state=State.RESOLVED if self.found.sample == "drawn" else State.CLOSED,
            found=self.found,
            resolved_by=self.found.by,
            resolved_how=self.how,
            outcome=Outcome(self.at, self.how, self.text, self.photos),
        )

    def tells(self, case: Case) -> list[str]:
        """Of a danger whose place may be one of several: everybody who answers for one of them, beside the owner. Of a
        patrol find that was drawn: who inspects it, one level above."""
        if self.found is not None:
            return (case.above[:1] or [case.unit]) if self.found.sample == "drawn" else []
        if case.place_question is None or case.priority != "danger":
            return []
        return [one.unit for one in case.place_question.candidates if one.unit != case.unit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged(DomainEvent):
    TYPE: ClassVar[str] = "case.acknowledged.v1"
    HANDLES: ClassVar[bool] = True

    def applied(self, case: Case) -> Case:
        return met(replace(case, state=State.ACKNOWLEDGED), "acknowledge", at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed(DomainEvent):
    TYPE: ClassVar[str] = "case.claimed.v1"
    HANDLES: ClassVar[bool] = True

    def applied(self, case: Case) -> Case:
        claimed = replace(
            case, state=State.CLAIMED, claimed_by=self.by, claimed_at=self.at, assignee=self.by, offered_to=None
        )
        return met(claimed, "acknowledge", at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Released(DomainEvent):
    TYPE: ClassVar[str] = "case.released.v1"

    def applied(self, case: Case) -> Case:
        return replace(unclaimed(case), state=State.ACKNOWLEDGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned(DomainEvent):
    TYPE: ClassVar[str] = "case.assigned.v1"
    to: str

    def applied(self, case: Case) -> Case:
        return replace(case, assignee=self.to)

    def unit_meant(self, case: Case) -> str:
        return self.to


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered(DomainEvent):
    TYPE: ClassVar[str] = "case.offered.v1"
    SAYS_WHY: ClassVar[bool] = True
    to: str

    def applied(self, case: Case) -> Case:
        return replace(case, offered_to=self.to)

    def unit_meant(self, case: Case) -> str:
        return self.to

    def tells(self, case: Case) -> list[str]:
        return [self.to]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved(DomainEvent):
    """Another unit owns the case from now on."""

    TYPE: ClassVar[str] = "case.moved.v1"
    path: tuple[UnitOnPath, ...]
    promise: Promise | None = None
    """The new unit's promise, if it differs from the old unit's."""

    def applied(self, case: Case) -> Case:
        moved = replace(
            unclaimed(case),
            path=self.path,
            state=State.ACKNOWLEDGED,
            offered_to=None,
            refusals=0,
            place_question=None,
            bound=None,
            passes=case.passes + 1,
        )
        met_ = met(moved, "acknowledge", at=self.at)
        return met_ if self.promise is None else self.promise.instead(met_, self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed(DomainEvent):
    """The reporter said which of several places is meant. ``path``: to the owner now; ``moved``: it is another one.

    ``place`` and ``point`` (longitude and latitude): of the place. Nobody has done anything yet: the clocks go on.
    """

    TYPE: ClassVar[str] = "case.placed.v1"
    path: tuple[UnitOnPath, ...]
    within: str | None
    place: str | None
    point: tuple[float, float] | None
    moved: bool
    promise: Promise | None = None
    """The new unit's promise, if the owner changed."""

    def applied(self, case: Case) -> Case:
        lon, lat = self.point or (case.location.lon, case.location.lat)
        where = replace(case.location, place=self.place or case.location.place, lon=lon, lat=lat)
        placed = replace(case, path=self.path, within=self.within, location=where, place_question=None)
        if self.moved:
            placed = replace(unclaimed(placed), offered_to=None, refusals=0)
        return placed if self.promise is None else self.promise.instead(placed, self.at)

    def tells(self, case: Case) -> list[str]:
        """The owner, where it stays the same; a new one is told that the case came."""
        return [] if self.moved else [case.unit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(DomainEvent):
    """The offer is refused: the owner, who offered the case, has to go on with it."""

    TYPE: ClassVar[str] = "case.refused.v1"
    SAYS_WHY: ClassVar[bool] = True

    def applied(self, case: Case) -> Case:
        return replace(case, offered_to=None, refusals=case.refusals + 1)

    def tells(self, case: Case) -> list[str]:
        return [case.unit]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnSite(DomainEvent):
    TYPE: ClassVar[str] = "case.on_site.v1"
    HANDLES: ClassVar[bool] = True

    def applied(self, case: Case) -> Case:
        return met(replace(case, state=State.ON_SITE), "acknowledge", "on_site", at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(DomainEvent):
    TYPE: ClassVar[str] = "case.started.v1"
    HANDLES: ClassVar[bool] = True

    def applied(self, case: Case) -> Case:
        return met(replace(case, state=State.IN_PROGRESS), "acknowledge", at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(DomainEvent):
    """An officer's note; with ``word`` what the reporter said afterwards, of which the desk is told.

    ``report``: of which reporter that is.
    """

    TYPE: ClassVar[str] = "case.noted.v1"
    word: ReporterWord | None = None
    report: str | None = None

    def applied(self, case: Case) -> Case:
        return withdrawn(case, self.report) if self.word == "withdrawn" and self.report is not None else case

    @property
    def attends(self) -> bool:
        """What a reporter says is no work on the case, whoever enters it."""
        return self.by is not None and self.word is None

    @property
    def reporter_word_meant(self) -> ReporterWord | None:
        return self.word

    def tells(self, case: Case) -> list[str]:
        return [] if self.word is None else [case.unit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved(DomainEvent):
    TYPE: ClassVar[str] = "case.resolved.v1"
    HANDLES: ClassVar[bool] = True
    how: str
    follow_up: datetime | None = None
    resolver: str | None = None
    """Who did the work, where a level above granted that it ends so."""
    look_again: LookAgain | None = None
    """Of a case that is kept on the books."""

    @property
    def asked_by_meant(self) -> str | None:
        return self.resolver

    def applied(self, case: Case) -> Case:
        granted = self.by if self.resolver is not None else None
        resolved = replace(
            case if self.resolver is None else ruled(case, self.at),
            state=State.RESOLVED,
            resolved_by=self.resolver or self.by,
            resolved_how=self.how,
            outcome=Outcome(self.at, self.how, self.text, self.photos, granted),
            offered_to=None,
            inspected_by=None,
            follow_up=self.follow_up,
            look_again=self.look_again,
        )
        return met(resolved, "acknowledge", "on_site", "resolve", at=self.at)

    def tells(self, case: Case) -> list[str]:
        """Who inspects: of the owner, or where nobody else is there, above it; above it what may be about the owner."""
        return [case.level_above if case.inspected_above else case.unit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected(DomainEvent):
    TYPE: ClassVar[str] = "case.inspected.v1"
    HANDLES: ClassVar[bool] = True
    ok: bool

    def applied(self, case: Case) -> Case:
        return replace(case, inspected_by=self.by if self.ok else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(DomainEvent):
    """``follow_up``: when it is checked whether the repair held, if the category has an ``effect_check`` 效果检视. Of a
    case that is kept on the books nothing was repaired: its own day holds. ``call_plan``: when the reporter is called
    who does not rate it. 回访"""

    TYPE: ClassVar[str] = "case.closed.v1"
    HANDLES: ClassVar[bool] = True
    follow_up: datetime | None = None
    call_plan: CallPlan | None = None

    def applied(self, case: Case) -> Case:
        effect = self.follow_up if case.look_again is None else None
        looks = [at for at in (case.follow_up, effect) if at is not None]
        closed = replace(case, state=State.CLOSED, follow_up=min(looks, default=None))
        return expected(closed, self.call_plan, self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened(DomainEvent):
    """``clock``: the new resolve clock; the newest old ones stay. A merged case is a case of its own again.

    ``path``: to the unit that owns it now.
    """

    TYPE: ClassVar[str] = "case.reopened.v1"
    SAYS_WHY: ClassVar[bool] = True
    clock: SlaClock | None = None
    path: tuple[UnitOnPath, ...] = ()
    was_unit: str | None = None
    """The previous owner, if the owner changed."""
    why: str | None = None
    """What an inspection found, for those who are told: its words stand in the inspection's own line."""

    def told(self, case: Case) -> str | None:
        return (self.text or self.why) if self.by is not None else None

    def tells(self, case: Case) -> list[str]:
        return [] if self.was_unit is None else [self.was_unit]

    def applied(self, case: Case) -> Case:
        return replace(
            heard_before(unclaimed(ruled(case, self.at))),
            state=State.REOPENED,
            path=self.path or case.path,
            merged_into=None,
            clocks=opened_again(ruled(case, self.at), self.clock),
            rejection=None,
            resolved_by=None,
            resolved_how=None,
            outcome=None,
            inspected_by=None,
            follow_up=None,
            look_again=None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected(DomainEvent):
    """A level above granted that the case is not taken on. ``text``: why and where to go, as the reporter reads it;
    ``asker``: the unit that asked for it."""

    TYPE: ClassVar[str] = "case.rejected.v1"
    rejection: Rejection
    asker: str

    @property
    def asked_by_meant(self) -> str | None:
        return self.rejection.asked_by

    def tells(self, case: Case) -> list[str]:
        return [self.asker]

    def applied(self, case: Case) -> Case:
        outcome = Outcome(self.at, REJECTED, self.text)
        return replace(ruled(case, self.at), state=State.REJECTED, outcome=outcome, rejection=self.rejection)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated(DomainEvent):
    """The reporter's rating: 3 满意, 2 基本满意, 1 不满意."""

    TYPE: ClassVar[str] = "case.rated.v1"
    MOVES: ClassVar[bool] = False
    score: int

    @property
    def attends(self) -> bool:
        """A rating is no work on the case, whoever enters it."""
        return False

    def applied(self, case: Case) -> Case:
        return rated(case, self.score, self.at)
