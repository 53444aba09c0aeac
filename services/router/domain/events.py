"""The events of a case, in the past tense, and what each changes. ``TYPE`` is the event type in Kafka.

Events that only one command has (calling in, consultation, pauses …) are beside that command.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from services.router.domain.case import Case, Outcome, State, UnitOnPath
from services.router.domain.clock import SlaClock
from services.router.domain.clock_operations import met, opened_again
from services.router.domain.clock_renewal import Promise
from services.router.domain.domain_event import DomainEvent, unclaimed
from shared.kernel.vocabulary import ReporterWord

REJECTED = "rejected"
"""How a rejected case ended, beside the ways of a resolution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(DomainEvent):
    TYPE: ClassVar[str] = "case.opened.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged(DomainEvent):
    TYPE: ClassVar[str] = "case.acknowledged.v1"

    def applied(self, case: Case) -> Case:
        return met(replace(case, state=State.ACKNOWLEDGED), "acknowledge", at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed(DomainEvent):
    TYPE: ClassVar[str] = "case.claimed.v1"

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
        moved = replace(unclaimed(case), path=self.path, state=State.ACKNOWLEDGED, offered_to=None, refusals=0)
        met_ = met(moved, "acknowledge", at=self.at)
        return met_ if self.promise is None else self.promise.instead(met_, self.at)


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

    def applied(self, case: Case) -> Case:
        return met(replace(case, state=State.ON_SITE), "acknowledge", "on_site", at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(DomainEvent):
    TYPE: ClassVar[str] = "case.started.v1"

    def applied(self, case: Case) -> Case:
        return met(replace(case, state=State.IN_PROGRESS), "acknowledge", at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(DomainEvent):
    """An officer's note; with ``word`` what the reporter said afterwards, of which the desk is told."""

    TYPE: ClassVar[str] = "case.noted.v1"
    word: ReporterWord | None = None

    @property
    def reporter_word_meant(self) -> ReporterWord | None:
        return self.word

    def tells(self, case: Case) -> list[str]:
        return [] if self.word is None else [case.unit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved(DomainEvent):
    TYPE: ClassVar[str] = "case.resolved.v1"
    how: str
    follow_up: datetime | None = None

    def applied(self, case: Case) -> Case:
        resolved = replace(
            case,
            state=State.RESOLVED,
            resolved_by=self.by,
            resolved_how=self.how,
            outcome=Outcome(self.at, self.how, self.text, self.photos),
            offered_to=None,
            inspected_by=None,
            follow_up=self.follow_up,
        )
        return met(resolved, "acknowledge", "on_site", "resolve", at=self.at)

    def tells(self, case: Case) -> list[str]:
        """Who inspects: of the owner, or where nobody else is there, above it."""
        return [case.unit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected(DomainEvent):
    TYPE: ClassVar[str] = "case.inspected.v1"
    ok: bool

    def applied(self, case: Case) -> Case:
        return replace(case, inspected_by=self.by if self.ok else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(DomainEvent):
    """``follow_up``: when it is checked whether the repair held, if the category has an ``effect_check``. 效果检视"""

    TYPE: ClassVar[str] = "case.closed.v1"
    follow_up: datetime | None = None

    def applied(self, case: Case) -> Case:
        looks = [at for at in (case.follow_up, self.follow_up) if at is not None]
        return replace(case, state=State.CLOSED, follow_up=min(looks, default=None))


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

    def tells(self, case: Case) -> list[str]:
        return [] if self.was_unit is None else [self.was_unit]

    def applied(self, case: Case) -> Case:
        return replace(
            unclaimed(case),
            state=State.REOPENED,
            path=self.path or case.path,
            merged_into=None,
            clocks=opened_again(case, self.clock),
            resolved_by=None,
            resolved_how=None,
            outcome=None,
            inspected_by=None,
            rating=None,
            follow_up=None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected(DomainEvent):
    TYPE: ClassVar[str] = "case.rejected.v1"

    def applied(self, case: Case) -> Case:
        return replace(case, state=State.REJECTED, outcome=Outcome(self.at, REJECTED, self.text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated(DomainEvent):
    """The reporter's rating: 3 满意, 2 基本满意, 1 不满意."""

    TYPE: ClassVar[str] = "case.rated.v1"
    MOVES: ClassVar[bool] = False
    score: int

    def applied(self, case: Case) -> Case:
        return replace(case, rating=self.score)
