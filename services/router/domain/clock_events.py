"""Events of clocks, ladders and follow-ups. ``TYPE`` is the event type in Kafka."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.router.domain.case import Case, State
from services.router.domain.case_parts.work import Part, Supervision
from services.router.domain.clock import SlaClock
from services.router.domain.clock_operations import means
from services.router.domain.domain_event import DomainEvent, unclaimed
from services.router.domain.values import replace
from shared.kernel.vocabulary import Act, ClockKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated(DomainEvent):
    """A rung of a ladder, or an officer, alerted the unit ``to``; with ``move_to`` the case moved there."""

    TYPE: ClassVar[str] = "case.escalated.v1"
    SAYS_WHY: ClassVar[bool] = True
    act: Act
    to: str
    clock: ClockKind | None = None
    due_at: datetime | None = None
    rung: int | None = None
    part: str | None = None

    def applied(self, case: Case) -> Case:
        climbed = replace(
            case, clocks=tuple(self._climbed(clock) for clock in case.clocks), supervision=self._supervised(case)
        )
        if self.act != "move_to" or self.to == case.unit:
            return climbed
        ids = [unit.id for unit in case.path]
        return replace(
            unclaimed(climbed),
            path=case.path[: ids.index(self.to) + 1],
            state=State.ACKNOWLEDGED if case.state is State.CLAIMED else case.state,
            offered_to=None,
        )

    def _supervised(self, case: Case) -> Supervision | None:
        """With ``supervise`` a level above supervises the case from now on, unless one higher up does already."""
        above = [unit.id for unit in case.path[:-1]]
        if self.act != "supervise" or self.to not in above:
            return case.supervision
        held = case.supervision
        if held is not None and held.by_unit in above[: above.index(self.to) + 1]:
            return held
        return Supervision(self.at, self.by, self.to, self.text or "")

    def _climbed(self, clock: SlaClock) -> SlaClock:
        if self.rung is None or not means(clock, self.clock, self.due_at, self.part):
            return clock
        return replace(clock, fired=self.rung + 1)

    def unit_meant(self, case: Case) -> str:
        return self.to

    @property
    def clock_meant(self) -> ClockKind | None:
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
class ClockEvent(DomainEvent):
    """An event of one clock, identified by kind and previous deadline; of a ``part``, or of the case itself."""

    clock: ClockKind
    due_at: datetime
    part: str | None = None

    @property
    def clock_meant(self) -> ClockKind | None:
        return self.clock

    @property
    def due_meant(self) -> datetime | None:
        return self.due_at

    @property
    def part_meant(self) -> str | None:
        return self.part

    def unit_meant(self, case: Case) -> str:
        part = case.part(self.part)
        if self.clock == "review" and case.ruling is not None:
            return case.ruling.to
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
        """Units to alert; for a part's clock the caller too."""
        part = case.part(self.part)
        return [self.unit_meant(case)] if part is None else [part.unit, *callers(case, part)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpDue(DomainEvent):
    """The follow-up day of the case has come. Of a case that is kept on the books 挂账 it happens again for each level
    above, until somebody decides anew."""

    TYPE: ClassVar[str] = "case.follow_up.v1"
    due_at: datetime

    def applied(self, case: Case) -> Case:
        if (kept := case.look_again) is None:
            return replace(case, follow_up=None)
        return replace(case, look_again=replace(kept, told=kept.told + 1))

    @property
    def due_meant(self) -> datetime | None:
        return self.due_at

    def tells(self, case: Case) -> list[str]:
        """The owner; of a case that was kept on the books 挂账 the level above too, then each higher one."""
        told = case.look_again.told if case.look_again is not None else 1
        if case.resolved_how != "long_term":
            return [case.unit]
        return [*([case.unit] if told <= 1 else []), *case.above[max(0, told - 1) : told]]


def callers(case: Case, part: Part) -> list[str]:
    """The units that are alerted of a part's progress: the unit that called it in, and the case's owner."""
    return list(dict.fromkeys((part.caller, case.unit)))
