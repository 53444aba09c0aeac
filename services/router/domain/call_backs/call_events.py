"""Events of the call to a reporter who did not rate (回访)."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.router.domain.call_backs.hearing import called, listed
from services.router.domain.case import Case
from services.router.domain.domain_event import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDue(DomainEvent):
    """The reporter is to be called: it stands on the list of the level above. Nobody is alerted of it."""

    TYPE: ClassVar[str] = "case.call_due.v1"
    due_at: datetime

    def applied(self, case: Case) -> Case:
        return listed(case)

    def unit_meant(self, case: Case) -> str:
        return case.call_back.by if case.call_back is not None else case.unit

    @property
    def due_meant(self) -> datetime | None:
        return self.due_at


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledBack(DomainEvent):
    """Somebody called. ``satisfied``: what the reporter answered; None: not reached, for the ``last`` time or not."""

    TYPE: ClassVar[str] = "case.called_back.v1"
    satisfied: int | None = None
    last: bool = False

    @property
    def attends(self) -> bool:
        """Asking how it was is no work on the case."""
        return False

    def applied(self, case: Case) -> Case:
        return called(case, self.satisfied, self.at, last=self.last)
