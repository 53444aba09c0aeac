"""What can happen to a case, in the past tense. ``TYPE`` is the name that crosses Kafka."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.router.domain.case import Act, Clock, UnitOnPath


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """Common to all: when, and which person of which unit did it (None: a clock or another event)."""

    TYPE: ClassVar[str] = ""
    at: datetime
    by: str | None = None
    by_unit: str | None = None
    text: str | None = None
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(Happened):
    TYPE: ClassVar[str] = "case.opened.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged(Happened):
    TYPE: ClassVar[str] = "case.acknowledged.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed(Happened):
    TYPE: ClassVar[str] = "case.claimed.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Released(Happened):
    TYPE: ClassVar[str] = "case.released.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned(Happened):
    TYPE: ClassVar[str] = "case.assigned.v1"
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered(Happened):
    TYPE: ClassVar[str] = "case.offered.v1"
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved(Happened):
    """Another queue owns it from here on."""

    TYPE: ClassVar[str] = "case.moved.v1"
    path: tuple[UnitOnPath, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(Happened):
    TYPE: ClassVar[str] = "case.refused.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class OnSite(Happened):
    TYPE: ClassVar[str] = "case.on_site.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Happened):
    TYPE: ClassVar[str] = "case.started.v1"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved(Happened):
    TYPE: ClassVar[str] = "case.resolved.v1"
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected(Happened):
    TYPE: ClassVar[str] = "case.inspected.v1"
    ok: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(Happened):
    TYPE: ClassVar[str] = "case.closed.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened(Happened):
    """``clock`` is the fresh resolve clock; the old ones stay as they ended."""

    TYPE: ClassVar[str] = "case.reopened.v1"
    clock: Clock | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected(Happened):
    TYPE: ClassVar[str] = "case.rejected.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated(Happened):
    """The reporter's judgement: 3 满意, 2 基本满意, 1 不满意."""

    TYPE: ClassVar[str] = "case.rated.v1"
    score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockWarned(Happened):
    TYPE: ClassVar[str] = "clock.warned.v1"
    clock: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockBreached(Happened):
    TYPE: ClassVar[str] = "clock.breached.v1"
    clock: str
    due_at: datetime


Event = (
    Opened
    | Acknowledged
    | Claimed
    | Released
    | Assigned
    | Offered
    | Moved
    | Refused
    | OnSite
    | Started
    | Noted
    | Escalated
    | Resolved
    | Inspected
    | Closed
    | Reopened
    | Rejected
    | Rated
    | ClockWarned
    | ClockBreached
)
