"""A case: one hazard in exactly one queue, with its clocks. Values only; ``decide`` and ``apply`` make new ones."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from services.router.domain.clock import Ask, SlaClock, Watch
from services.router.domain.similarity import Traits
from shared.kernel.vocabulary import ENDED_STATES, Act, PartStateName, Priority, ReportKind


class State(StrEnum):
    """The life of a case, as the interface names it."""

    QUEUED = "queued"
    ACKNOWLEDGED = "acknowledged"
    CLAIMED = "claimed"
    ON_SITE = "on_site"
    IN_PROGRESS = "in_progress"
    WAITING_REPORTER = "waiting_reporter"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REJECTED = "rejected"
    MERGED = "merged"
    REOPENED = "reopened"


ENDED = frozenset(State(name) for name in ENDED_STATES)
OPEN = frozenset(State) - ENDED
ACTIVE = OPEN - {State.WAITING_REPORTER, State.RESOLVED}
"""Somebody owes work."""
WATCHED = ACTIVE | {State.RESOLVED}
"""Nobody may forget it: a resolved one wants its inspection."""

HISTORY_KEPT = 50
REPORTS_KEPT = 20
PARTS_MAX = 20
"""Of one case, those that are done with it."""


@dataclass(frozen=True, slots=True)
class Supervision:
    """Somebody above watches over the case: 督办."""

    at: datetime
    by: str
    by_unit: str
    reason: str


@dataclass(frozen=True, slots=True)
class Question:
    """What the reporter is asked. ``back_to``: the state in which the work goes on."""

    at: datetime
    text: str
    asked_by: str
    until: datetime
    back_to: State
    unanswered: Literal["back", "close"] = "back"


@dataclass(frozen=True, slots=True)
class UnitOnPath:
    """A unit between the root and the owner."""

    id: str
    level: str


@dataclass(frozen=True, slots=True)
class Part:
    """What a called unit, or a body of a works plan, does for the case. ``path``: root to that unit.

    A planned part waits for its ``turn``: it is called when the one before it is done.
    """

    id: str
    unit: str
    path: tuple[UnitOnPath, ...]
    work: str
    caller: str
    """The unit that called it."""
    called_by: str
    called_at: datetime
    state: PartStateName = "called"
    turn: int | None = None
    due_at: datetime | None = None
    """As planned; what holds is on its clock."""
    reported_in_by: str | None = None
    reported_in_at: datetime | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None
    said: str | None = None
    """What was done, or why it was excused."""

    @property
    def open(self) -> bool:
        """Neither finished nor excused."""
        return self.state not in ("finished", "excused")

    @property
    def at_work(self) -> bool:
        """Called, and not done with it."""
        return self.state in ("called", "reported_in")


@dataclass(frozen=True, slots=True)
class Consultation:
    """A question laid before several parties by a unit, and what they concluded."""

    unit: str
    parties: tuple[str, ...]
    question: str
    by: str
    at: datetime
    conclusion: str | None = None
    concluded_by: str | None = None
    concluded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A report that hangs on the case."""

    id: str
    app: str
    received_at: datetime
    reporter: str | None = None
    entered_by: str | None = None
    """The officer who entered it for the reporter."""
    answers: tuple[tuple[str, str | int | float | bool], ...] = ()
    """Question and answer, where it opened the case."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the history."""

    at: datetime
    version: int
    what: str
    by: str | None = None
    by_unit: str | None = None
    unit: str | None = None
    text: str | None = None
    clock: str | None = None
    due_at: datetime | None = None
    photos: tuple[str, ...] = ()
    act: Act | None = None
    part: str | None = None
    said_at: datetime | None = None
    """When it was, as ``by`` says; ``at`` is when he said so."""
    where: tuple[float, float] | None = None
    """Where ``by`` was, longitude and latitude; personal, so that it is in no event."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where it is: WGS-84 degrees if known, words, and what intake fixed as its cell (about 1 km)."""

    cell: str
    lon: float | None = None
    lat: float | None = None
    address: str | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Routing:
    """Why the case went where it went."""

    by: str
    pack_version: str
    near_border: bool = False
    flags: tuple[str, ...] = ()
    category_by: str = "given"
    rule: str | None = None
    commitment: str = ""
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """The aggregate. ``path``: root to owner; the last is the queue that owns it."""

    id: str
    city: str
    version: int
    state: State
    priority: Priority
    category: str
    kind: ReportKind
    path: tuple[UnitOnPath, ...]
    routing: Routing
    location: Location
    opened_at: datetime
    clocks: tuple[SlaClock, ...]
    reports: tuple[Report, ...]
    report_count: int = 1
    within: str | None = None
    """The deepest unit that covers the place (a grid), whose people on post B go there."""
    description: str = ""
    photos: tuple[str, ...] = ()
    offered_to: str | None = None
    refusals: int = 0
    assignee: str | None = None
    claimed_by: str | None = None
    claimed_at: datetime | None = None
    resolved_by: str | None = None
    resolved_how: str | None = None
    inspected_by: str | None = None
    """Set once an inspection passed; cleared when the case is reopened."""
    rating: int | None = None
    confidential: bool = False
    historic: bool = False
    parts: tuple[Part, ...] = ()
    consultation: Consultation | None = None
    follow_up: datetime | None = None
    """When the responsible desk is reminded to look at it again, closed or not."""
    history: tuple[Entry, ...] = ()
    asks: tuple[Ask, ...] = ()
    supervision: Supervision | None = None
    question: Question | None = None
    watch: Watch | None = None
    ended_at: datetime | None = None
    """Since when it is closed, rejected or merged; None while it is open."""
    traits: Traits | None = None
    """What later reports are compared with; None where each report has a case of its own."""
    reported_at: datetime | None = None
    """Arrival of the newest report, where there are several."""
    apps: tuple[str, ...] = ()
    """Apps whose reports were attached to it."""
    merged_into: str | None = None
    linked_to: str | None = None
    """An earlier case of the same trouble."""
    absorbed: bool = False
    """Other cases were merged into it."""
    risen: int = 0
    """The highest threshold of reports that raised it."""
    officer_moves: int = 1
    """Counts commands, clocks and moves only: the ETag."""
    head: str = ""
    """Of the chain over everything that happened; a case of an older version has none until something happens to it."""

    @property
    def unit(self) -> str:
        return self.path[-1].id

    @property
    def next_due(self) -> datetime | None:
        """The earliest moment at which the case has something to say by itself; None when there is none."""
        if self.historic or self.state in (State.REJECTED, State.MERGED):
            return None
        moments = [self.follow_up] if self.follow_up is not None else []
        if self.state is not State.CLOSED:
            moments += [at for clock in self.clocks if (at := clock.next_at) is not None]
            moments += [at for at in (self.wakes_at,) if at is not None]
        return min(moments, default=None)

    @property
    def wakes_at(self) -> datetime | None:
        """When those are woken who have let it lie; None once the top was told, and while an own clock is paused."""
        if self.watch is None or self.state not in WATCHED or self.watch.told >= len(self.path):
            return None
        return None if any(c.state == "paused" and c.part is None for c in self.clocks) else self.watch.next_at

    @property
    def called(self) -> list[str]:
        """Units that have a part to do now."""
        return [] if self.state in ENDED else sorted({part.unit for part in self.parts if part.at_work})

    def part(self, id_: str | None) -> Part | None:
        """The part of that id."""
        return next((part for part in self.parts if part.id == id_), None)

    def towards(self, to: str, clock: SlaClock) -> str | None:
        """The unit that the ``to`` of one of ``clock``'s rungs means here, or None when the path has none."""
        part = self.part(clock.part)
        if to == "caller":
            return part.caller if part is not None else self.unit
        path: tuple[UnitOnPath, ...] = self.path if part is None else part.path
        if to == "own":
            return path[-1].id
        if to == "parent":
            return path[-2].id if len(path) > 1 else path[-1].id
        on_the_way = path[::-1] if part is None else path[::-1] + self.path[::-1]
        for unit in on_the_way:
            if to in (unit.level, unit.id):
                return unit.id
        return None
