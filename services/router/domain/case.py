"""A case: one hazard in exactly one queue, with its clocks. Values only; ``decide`` and ``apply`` make new ones."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal


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


ENDED = frozenset({State.CLOSED, State.REJECTED, State.MERGED})
OPEN = frozenset(State) - ENDED
ACTIVE = OPEN - {State.WAITING_REPORTER, State.RESOLVED}
"""Somebody owes work."""

Priority = Literal["danger", "urgent", "normal", "low"]
ClockKind = Literal["acknowledge", "on_site", "resolve", "report_in", "finish_part", "confirm"]
Act = Literal["tell", "supervise", "move_to"]

HISTORY_KEPT = 50
REPORTS_KEPT = 20


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of a ladder with its moment: at ``at`` do ``act`` towards ``to``.

    ``to``: ``own``, ``parent``, a level word of the pack, or a unit's id; found on the case's path when it fires.
    """

    at: datetime
    act: Act
    to: str


@dataclass(frozen=True, slots=True)
class Clock:
    """A promise with a deadline. A breach stays: a clock met later keeps ``breached`` and gains ``met_at``."""

    kind: ClockKind
    started_at: datetime
    target: str
    calendar: str
    due_at: datetime
    commitment: str
    state: Literal["running", "paused", "met", "breached", "void"] = "running"
    warn_at: datetime | None = None
    warned: bool = False
    met_at: datetime | None = None
    rungs: tuple[Rung, ...] = ()
    fired: int = 0
    """How many rungs have fired; they are in order of time."""

    @property
    def waits(self) -> bool:
        """Whether something is still owed under this clock."""
        return self.state == "running" or (self.state == "breached" and self.met_at is None)

    @property
    def next_at(self) -> datetime | None:
        """When this clock next has something to do: warn, breach, or climb."""
        if not self.waits:
            return None
        moments = [rung.at for rung in self.rungs[self.fired : self.fired + 1]]
        if self.state == "running":
            moments.append(self.due_at)
            if self.warn_at is not None and not self.warned:
                moments.append(self.warn_at)
        return min(moments, default=None)


@dataclass(frozen=True, slots=True)
class UnitOnPath:
    """A unit between the root and the owner."""

    id: str
    level: str


@dataclass(frozen=True, slots=True)
class Report:
    """A report that hangs on the case."""

    id: str
    app: str
    received_at: datetime
    reporter: str | None = None
    entered_by: str | None = None
    """The officer who entered it for the reporter."""


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
    kind: str
    path: tuple[UnitOnPath, ...]
    routing: Routing
    location: Location
    opened_at: datetime
    clocks: tuple[Clock, ...]
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
    history: tuple[Entry, ...] = ()
    officer_moves: int = 1
    """Counts commands, clocks and moves only: the ETag."""
    head: str = ""
    """Of the chain over everything that happened; a case of an older version has none until something happens to it."""

    @property
    def unit(self) -> str:
        return self.path[-1].id

    @property
    def next_due(self) -> datetime | None:
        """The earliest moment at which a clock has something to do; None when nothing is owed."""
        if self.historic or self.state in ENDED:
            return None
        return min((at for clock in self.clocks if (at := clock.next_at) is not None), default=None)

    def towards(self, to: str) -> str | None:
        """The unit that a rung's ``to`` means here, or None when the path has none."""
        if to == "own":
            return self.unit
        if to == "parent":
            return self.path[-2].id if len(self.path) > 1 else self.unit
        for unit in reversed(self.path):
            if to in (unit.level, unit.id):
                return unit.id
        return None
