"""Visits of a case on its record: planned for it, held with what came of it, or called off.

A visit is an aggregate of its own; what happens to it is one line of the case's history, chained as any other.
"""

from dataclasses import dataclass
from typing import ClassVar

from services.router.domain.case import Case
from services.router.domain.domain_event import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfAVisit(DomainEvent):
    """``organiser``: whose visit it is. No command of the case: the ETag stays."""

    MOVES: ClassVar[bool] = False
    organiser: str

    def unit_meant(self, case: Case) -> str:
        return self.organiser


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitPlanned(_OfAVisit):
    TYPE: ClassVar[str] = "case.visit_planned.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitHeld(_OfAVisit):
    TYPE: ClassVar[str] = "case.visit_held.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitCancelled(_OfAVisit):
    TYPE: ClassVar[str] = "case.visit_cancelled.v1"
