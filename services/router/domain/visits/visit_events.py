"""Events that a visit adds to its case: planned, held with its result, or called off.

A visit is an aggregate of its own; each of its events is one line of the case's history, in the hash chain like others.
"""

from dataclasses import dataclass
from typing import ClassVar

from services.router.domain.case import Case
from services.router.domain.domain_event import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfAVisit(DomainEvent):
    """``organiser``: the unit that organises the visit. Not a command of the case: the ETag stays."""

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
