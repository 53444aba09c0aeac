"""What every event of a case has in common."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.router.domain.case import Case
from services.router.domain.case_parts.remark import Remark
from services.router.domain.values import replace
from shared.kernel.vocabulary import Act, ClockKind, ReporterWord


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainEvent:
    """Common to all: when, and which person of which unit did it (None: a clock or another event)."""

    TYPE: ClassVar[str] = ""
    MOVES: ClassVar[bool] = True
    """Whether it changes the ETag: commands, clocks and moves do; ratings and additions of reporters do not."""
    FOLDS: ClassVar[bool] = False
    """Whether its history line replaces one of the same type directly before, so that many do not fill the history."""
    HANDLES: ClassVar[bool] = False
    """Whether ``by`` did some of the work: who did does not call the reporter afterwards (回访)."""
    SAYS_WHY: ClassVar[bool] = False
    """Whether ``text`` is an officer's reason or question for those whom it alerts."""
    at: datetime
    by: str | None = None
    by_unit: str | None = None
    text: str | None = None
    """What somebody wrote."""
    remark: Remark | None = None
    """What the system itself says with it."""
    photos: tuple[str, ...] = ()
    said_at: datetime | None = None
    """When it happened as the person states; it meets no clock. Like ``text``, it is only in the history."""
    quiet: bool = False
    """It came with an open item that was imported, or follows from another case: it is recorded, and nobody is
    alerted."""
    where: tuple[float, float] | None = None
    """Where the person was: longitude and latitude, WGS-84. It is only in the history too."""

    def applied(self, case: Case) -> Case:
        """The case after it, without its history line. By default nothing else changes."""
        return case

    @property
    def attends(self) -> bool:
        """Whether it counts as work on the case, so that the reminder of a forgotten case starts anew."""
        return self.by is not None

    def unit_meant(self, case: Case) -> str:
        """The unit in its history line; ``case`` is the case after it."""
        return case.unit

    @property
    def clock_meant(self) -> ClockKind | None:
        """The kind of the clock in its history line."""
        return None

    @property
    def due_meant(self) -> datetime | None:
        """That clock's deadline."""
        return None

    @property
    def act_meant(self) -> Act | None:
        """The act of a ladder's rung."""
        return None

    @property
    def part_meant(self) -> str | None:
        """The part of the case that it is about."""
        return None

    @property
    def asked_by_meant(self) -> str | None:
        """The person whose request it answers."""
        return None

    @property
    def until_meant(self) -> datetime | None:
        """The time that it asks for."""
        return None

    @property
    def reporter_word_meant(self) -> ReporterWord | None:
        """What the reporter said with it."""
        return None

    def tells(self, case: Case) -> list[str]:
        """Units whose people are alerted because of it; ``case`` is the case after it."""
        return []

    def told(self, case: Case) -> str | None:
        """An officer's words that those whom it alerts must read: a question, a reason, what is to be done."""
        return self.text if self.SAYS_WHY and self.by is not None else None


def unclaimed(case: Case) -> Case:
    """``case`` without claimer and assignee."""
    return replace(case, assignee=None, claimed_by=None, claimed_at=None)
