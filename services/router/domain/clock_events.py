"""What a case's clocks and ladders do to it, and the day of a follow-up. ``TYPE`` is the name that crosses Kafka."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from services.router.domain.case import Case, Part, State
from services.router.domain.clock import SlaClock
from services.router.domain.clock_operations import means
from services.router.domain.domain_event import DomainEvent, unclaimed
from shared.kernel.vocabulary import Act, ClockKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated(DomainEvent):
    """A rung of a ladder, or an officer, turned to ``to``; with ``move_to`` the queue changed."""

    TYPE: ClassVar[str] = "case.escalated.v1"
    act: Act
    to: str
    clock: ClockKind | None = None
    due_at: datetime | None = None
    rung: int | None = None
    part: str | None = None

    def applied(self, case: Case) -> Case:
        climbed = replace(case, clocks=tuple(self._climbed(clock) for clock in case.clocks))
        if self.act != "move_to" or self.to == case.unit:
            return climbed
        ids = [unit.id for unit in case.path]
        return replace(
            unclaimed(climbed),
            path=case.path[: ids.index(self.to) + 1],
            state=State.ACKNOWLEDGED if case.state is State.CLAIMED else case.state,
            offered_to=None,
        )

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
    """Something about one clock, which is named by its deadline before; of a ``part``, or of the case itself."""

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
class FollowUpDue(DomainEvent):
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
