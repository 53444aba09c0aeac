"""Events of visits: joint enforcement, patrols, campaigns, published services."""

from datetime import datetime

import msgspec

from shared.kernel.vocabulary import VisitKind, VisitStateName

TOPIC = "visits"

TYPES = ("visit.planned.v1", "visit.reminded.v1", "visit.held.v1", "visit.cancelled.v1")


class VisitEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The data of every ``visit.*`` event: the visit after the change; no free text, no person but ``by``."""

    visit: str
    city: str
    version: int
    kind: VisitKind
    state: VisitStateName
    unit: str
    """The unit that organises it."""
    place: str
    """The id of a place in the gazetteer, or of a unit; empty where it is that of a case of which no word leaves."""
    at: datetime
    invited: list[str]
    pack_version: str
    came: list[str] = []
    case: str | None = None
    campaign: str | None = None
    by: str | None = None
    tell: list[str] = []
    """Units whose people are to be alerted."""
