"""What every event of a case has in common."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from services.router.domain.case import Case
from shared.kernel.vocabulary import Act, ClockKind


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainEvent:
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
    said_at: datetime | None = None
    """When it was, as the person says; it meets no clock. Like ``text``, it stays in the history."""
    where: tuple[float, float] | None = None
    """Where the person was: longitude and latitude, WGS-84. It stays in the history too."""

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
    def clock_meant(self) -> ClockKind | None:
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


def unclaimed(case: Case) -> Case:
    """Nobody has it in hand."""
    return replace(case, assignee=None, claimed_by=None, claimed_at=None)
