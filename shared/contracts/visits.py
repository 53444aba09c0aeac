"""Events of visits: joint enforcement, patrols, campaigns, published services."""

from datetime import datetime

import msgspec

from shared.kernel.vocabulary import VisitKind, VisitStateName

TOPIC = "visits"

TYPES = ("visit.planned.v1", "visit.reminded.v1", "visit.held.v1", "visit.cancelled.v1")


class VisitEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Every ``visit.*`` event: the visit as it is afterwards; no words of officers, no person but who did it."""

    visit: str
    city: str
    version: int
    kind: VisitKind
    state: VisitStateName
    unit: str
    """Who organises it."""
    place: str
    """A place of the gazetteer, or a unit."""
    at: datetime
    invited: list[str]
    pack_version: str
    came: list[str] = []
    case: str | None = None
    campaign: str | None = None
    by: str | None = None
    tell: list[str] = []
    """Units whose people are to be told."""
