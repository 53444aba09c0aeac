"""What can happen to a case, in the past tense, and what each changes. ``TYPE`` is the name that crosses Kafka.

Here is the plain duty; what belongs to calling in, consulting and the like is told beside its commands.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from services.router.domain.case import Case, Part, State, UnitOnPath
from services.router.domain.clocks import means, met, opened_again
from services.router.domain.promising import Promise
from services.router.domain.timing import Act, Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """Common to all: when, and which person of which unit did it (None: a clock or another event)."""

    TYPE: ClassVar[str] = ""
    MOVES: ClassVar[bool] = True
    """Whether it moves the ETag: commands, clocks and moves do, a reporter's word does not."""
    FOLDS: ClassVar[bool] = False
    """Whether its line in the history takes the place of one like it just before: a burst must not fill it."""
    at: datetime
    by: str | None = None
    by_unit: str | None = None
    text: str | None = None
    photos: tuple[str, ...] = ()

    def applied(self, case: Case) -> Case:
        """The case after it, but for its line in the history. Here: nothing else changes."""
        return case

    @property
    def attends(self) -> bool:
        """Whether somebody did something about the case, so that it is not forgotten."""
        return self.by is not None

    def unit_meant(self, case: Case) -> str:
        """The unit that its line in the history names, on the case as it is then."""
        return case.unit

    @property
    def clock_meant(self) -> str | None:
        """The kind of the clock that its line names."""
        return None

    @property
    def due_meant(self) -> datetime | None:
        """That clock's deadline."""
        return None

    @property
    def act_meant(self) -> Act | None:
        """What a ladder did."""
        return None

    @property
    def part_meant(self) -> str | None:
        """The part of the case that it is about."""
        return None

    def tells(self, case: Case) -> list[str]:
        """Units whose people are told because of it, on the case as it is afterwards."""
        return []


Event = Happened


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(Happened):
    TYPE: ClassVar[str] = "case.opened.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged(Happened):
    TYPE: ClassVar[str] = "case.acknowledged.v1"

    def applied(self, case: Case) -> Case:
        return met(replace(case, state=State.ACKNOWLEDGED), "acknowledge", at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed(Happened):
    TYPE: ClassVar[str] = "case.claimed.v1"

    def applied(self, case: Case) -> Case:
        claimed = replace(
            case, state=State.CLAIMED, claimed_by=self.by, claimed_at=self.at, assignee=self.by, offered_to=None
        )
        return met(claimed, "acknowledge", at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Released(Happened):
    TYPE: ClassVar[str] = "case.released.v1"

    def applied(self, case: Case) -> Case:
        return replace(_unclaimed(case), state=State.ACKNOWLEDGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned(Happened):
    TYPE: ClassVar[str] = "case.assigned.v1"
    to: str

    def applied(self, case: Case) -> Case:
        return replace(case, assignee=self.to)

    def unit_meant(self, case: Case) -> str:
        return self.to


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered(Happened):
    TYPE: ClassVar[str] = "case.offered.v1"
    to: str

    def applied(self, case: Case) -> Case:
        return replace(case, offered_to=self.to)

    def unit_meant(self, case: Case) -> str:
        return self.to

    def tells(self, case: Case) -> list[str]:
        return [self.to]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved(Happened):
    """Another queue owns it from here on."""

    TYPE: ClassVar[str] = "case.moved.v1"
    path: tuple[UnitOnPath, ...]
    promise: Promise | None = None
    """What the new unit promises, where it is not what the old one did."""

    def applied(self, case: Case) -> Case:
        moved = replace(_unclaimed(case), path=self.path, state=State.ACKNOWLEDGED, offered_to=None, refusals=0)
        met_ = met(moved, "acknowledge", at=self.at)
        return met_ if self.promise is None else self.promise.instead(met_, self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(Happened):
    TYPE: ClassVar[str] = "case.refused.v1"

    def applied(self, case: Case) -> Case:
        return replace(case, offered_to=None, refusals=case.refusals + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnSite(Happened):
    TYPE: ClassVar[str] = "case.on_site.v1"

    def applied(self, case: Case) -> Case:
        return met(replace(case, state=State.ON_SITE), "acknowledge", "on_site", at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Happened):
    TYPE: ClassVar[str] = "case.started.v1"

    def applied(self, case: Case) -> Case:
        return met(replace(case, state=State.IN_PROGRESS), "acknowledge", at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Happened):
    TYPE: ClassVar[str] = "case.noted.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated(Happened):
    """A rung of a ladder, or an officer, turned to ``to``; with ``move_to`` the queue changed."""

    TYPE: ClassVar[str] = "case.escalated.v1"
    act: Act
    to: str
    clock: str | None = None
    due_at: datetime | None = None
    rung: int | None = None
    part: str | None = None

    def applied(self, case: Case) -> Case:
        climbed = replace(case, clocks=tuple(self._climbed(clock) for clock in case.clocks))
        if self.act != "move_to" or self.to == case.unit:
            return climbed
        ids = [unit.id for unit in case.path]
        return replace(
            _unclaimed(climbed),
            path=case.path[: ids.index(self.to) + 1],
            state=State.ACKNOWLEDGED if case.state is State.CLAIMED else case.state,
            offered_to=None,
        )

    def _climbed(self, clock: Clock) -> Clock:
        if self.rung is None or not means(clock, self.clock, self.due_at, self.part):
            return clock
        return replace(clock, fired=self.rung + 1)

    def unit_meant(self, case: Case) -> str:
        return self.to

    @property
    def clock_meant(self) -> str | None:
        return self.clock

    @property
    def due_meant(self) -> datetime | None:
        return self.due_at

    @property
    def act_meant(self) -> Act | None:
        return self.act

    @property
    def part_meant(self) -> str | None:
        return self.part

    def tells(self, case: Case) -> list[str]:
        return [self.to]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved(Happened):
    TYPE: ClassVar[str] = "case.resolved.v1"
    how: str
    follow_up: datetime | None = None

    def applied(self, case: Case) -> Case:
        resolved = replace(
            case,
            state=State.RESOLVED,
            resolved_by=self.by,
            resolved_how=self.how,
            offered_to=None,
            inspected_by=None,
            follow_up=self.follow_up,
        )
        return met(resolved, "acknowledge", "on_site", "resolve", at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected(Happened):
    TYPE: ClassVar[str] = "case.inspected.v1"
    ok: bool

    def applied(self, case: Case) -> Case:
        return replace(case, inspected_by=self.by if self.ok else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(Happened):
    """``follow_up``: when it is looked at whether the mending held, where its category asks for that. 效果检视"""

    TYPE: ClassVar[str] = "case.closed.v1"
    follow_up: datetime | None = None

    def applied(self, case: Case) -> Case:
        looks = [at for at in (case.follow_up, self.follow_up) if at is not None]
        return replace(case, state=State.CLOSED, follow_up=min(looks, default=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened(Happened):
    """``clock`` is the fresh resolve clock; the newest old ones stay. What was merged stands for itself again.

    ``path``: the level that has it now.
    """

    TYPE: ClassVar[str] = "case.reopened.v1"
    clock: Clock | None = None
    path: tuple[UnitOnPath, ...] = ()
    was_unit: str | None = None
    """Who had it, where another has it now."""

    def tells(self, case: Case) -> list[str]:
        return [] if self.was_unit is None else [self.was_unit]

    def applied(self, case: Case) -> Case:
        return replace(
            _unclaimed(case),
            state=State.REOPENED,
            path=self.path or case.path,
            merged_into=None,
            clocks=opened_again(case, self.clock),
            resolved_by=None,
            resolved_how=None,
            inspected_by=None,
            rating=None,
            follow_up=None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected(Happened):
    TYPE: ClassVar[str] = "case.rejected.v1"

    def applied(self, case: Case) -> Case:
        return replace(case, state=State.REJECTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated(Happened):
    """The reporter's judgement: 3 满意, 2 基本满意, 1 不满意."""

    TYPE: ClassVar[str] = "case.rated.v1"
    MOVES: ClassVar[bool] = False
    score: int

    def applied(self, case: Case) -> Case:
        return replace(case, rating=self.score)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockEvent(Happened):
    """Something about one clock, which is named by its deadline before; of a ``part``, or of the case itself."""

    clock: str
    due_at: datetime
    part: str | None = None

    @property
    def clock_meant(self) -> str | None:
        return self.clock

    @property
    def due_meant(self) -> datetime | None:
        return self.due_at

    @property
    def part_meant(self) -> str | None:
        return self.part

    def unit_meant(self, case: Case) -> str:
        part = case.part(self.part)
        return case.unit if part is None else part.unit

    def tells(self, case: Case) -> list[str]:
        return [self.unit_meant(case)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockWarned(ClockEvent):
    TYPE: ClassVar[str] = "clock.warned.v1"

    def applied(self, case: Case) -> Case:
        meant = (replace(c, warned=True) if means(c, self.clock, self.due_at, self.part) else c for c in case.clocks)
        return replace(case, clocks=tuple(meant))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockBreached(ClockEvent):
    TYPE: ClassVar[str] = "clock.breached.v1"

    def applied(self, case: Case) -> Case:
        breached = (
            replace(c, state="breached", warned=True) if means(c, self.clock, self.due_at, self.part) else c
            for c in case.clocks
        )
        return replace(case, clocks=tuple(breached))

    def tells(self, case: Case) -> list[str]:
        """Of a part's clock the caller hears too."""
        part = case.part(self.part)
        return [case.unit] if part is None else [part.unit, *callers(case, part)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpDue(Happened):
    """The day has come to look again at what ended by agreement."""

    TYPE: ClassVar[str] = "case.follow_up.v1"
    due_at: datetime

    def applied(self, case: Case) -> Case:
        return replace(case, follow_up=None)

    @property
    def due_meant(self) -> datetime | None:
        return self.due_at

    def tells(self, case: Case) -> list[str]:
        return [case.unit]


def callers(case: Case, part: Part) -> list[str]:
    """Who hears how a part gets on: the unit that called it, and the one that has the case by now."""
    return list(dict.fromkeys((part.caller, case.unit)))


def _unclaimed(case: Case) -> Case:
    """Nobody has it in hand."""
    return replace(case, assignee=None, claimed_by=None, claimed_at=None)
