"""A case: one hazard in exactly one queue, with its clocks. Immutable; ``decide`` and ``apply`` make new values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from services.router.domain.clock import Ask, SlaClock, Watch
from services.router.domain.similarity import Traits
from shared.kernel.vocabulary import ENDED_STATES, Act, PartStateName, Priority, ReportKind


class State(StrEnum):
    """The states of a case, as the API names them."""

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
"""States in which officers must work on the case."""
WATCHED = ACTIVE | {State.RESOLVED}
"""States in which officers are alerted when nobody does anything; a resolved case must still be inspected."""

HISTORY_KEPT = 50
REPORTS_KEPT = 20
PARTS_MAX = 20
"""Of one case, finished and excused parts included."""


@dataclass(frozen=True, slots=True)
class Supervision:
    """A level above supervises the case: 督办. ``by``: the officer; None, without ``reason``: a rung of the ladder."""

    at: datetime
    by: str | None
    by_unit: str
    reason: str


@dataclass(frozen=True, slots=True)
class Question:
    """What the reporter is asked. ``back_to``: the state after the answer."""

    at: datetime
    text: str
    asked_by: str
    until: datetime
    back_to: State
    unanswered: Literal["back", "close"] = "back"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done, as the reporter is told. ``how``: of the resolution, or ``rejected``; ``text``: why then."""

    at: datetime
    how: str
    text: str | None = None
    photos: tuple[str, ...] = ()


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
    """The planned deadline; the current one is on its clock."""
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
        """Called in, and neither finished nor excused."""
        return self.state in ("called", "reported_in")


@dataclass(frozen=True, slots=True)
class Consultation:
    """A question that a unit asks several parties, and their conclusion."""

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
    """A report that belongs to the case."""

    id: str
    app: str
    received_at: datetime
    reporter: str | None = None
    entered_by: str | None = None
    """The officer who entered it for the reporter."""
    answers: tuple[tuple[str, str | int | float | bool], ...] = ()
    """(question, answer) pairs, only of the report that opened the case."""


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
    """When it happened as ``by`` states; ``at`` is the time of the request."""
    where: tuple[float, float] | None = None
    """Where ``by`` was, longitude and latitude. Personal data, therefore in no event."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where it is: WGS-84 degrees if known, an address, and the partition cell that intake computed (about 1 km)."""

    cell: str
    lon: float | None = None
    lat: float | None = None
    address: str | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Routing:
    """Why the case has this owner, category and commitment."""

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
    """The aggregate. ``path``: the units from the root to the owner."""

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
    outcome: Outcome | None = None
    """Of the resolution or rejection that holds; cleared when the case is reopened."""
    inspected_by: str | None = None
    """Set once an inspection passed; cleared when the case is reopened."""
    rating: int | None = None
    confidential: bool = False
    historic: bool = False
    """Dealt with before it was imported: it is in no queue, no clock runs, nobody is told."""
    quiet_until: datetime | None = None
    """When it was imported, still open: what happened until then is recorded and tells nobody."""
    parts: tuple[Part, ...] = ()
    consultation: Consultation | None = None
    follow_up: datetime | None = None
    """When the responsible desk is reminded to check the case again, closed or not."""
    history: tuple[Entry, ...] = ()
    asks: tuple[Ask, ...] = ()
    supervision: Supervision | None = None
    question: Question | None = None
    watch: Watch | None = None
    ended_at: datetime | None = None
    """Since when it is closed, rejected or merged; None while it is open."""
    traits: Traits | None = None
    """What later reports are compared with; None if every report of this kind gets its own case."""
    reported_at: datetime | None = None
    """Arrival of the newest report; None if there is only the first."""
    apps: tuple[str, ...] = ()
    """Apps whose reports were attached to it."""
    merged_into: str | None = None
    linked_to: str | None = None
    """Id of an earlier case of the same hazard."""
    absorbed: bool = False
    """Other cases were merged into it."""
    risen: int = 0
    """The highest report threshold that has raised its priority."""
    officer_moves: int = 1
    """The ETag: counts changes by commands, clocks and moves only."""
    head: str = ""
    """Newest hash of the chain over all events; empty for a case of version 0.1.0 that has not changed since."""

    @property
    def unit(self) -> str:
        return self.path[-1].id

    @property
    def next_due(self) -> datetime | None:
        """The earliest time at which a clock, the watch or a follow-up acts; None if nothing is due by itself."""
        if self.historic or self.state in (State.REJECTED, State.MERGED):
            return None
        moments = [self.follow_up] if self.follow_up is not None else []
        if self.state is not State.CLOSED:
            moments += [at for clock in self.clocks if (at := clock.next_at) is not None]
            moments += [at for at in (self.wakes_at,) if at is not None]
        return min(moments, default=None)

    @property
    def wakes_at(self) -> datetime | None:
        """When the next unit is alerted that nobody works on the case; None once the top unit was, or while a clock of
        the case itself is paused."""
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
