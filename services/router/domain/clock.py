"""The clocks of a case and of its parts, what can be done to them, and the watch beside them. Values only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared.kernel.vocabulary import Act, ClockKind, ClockStateName


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of a ladder with its moment: at ``at`` do ``act`` towards ``to``.

    ``to``: ``own``, ``parent``, a level word of the pack, or a unit's id; found on the case's path when it fires. On
    the clock of a part ``own`` and ``parent`` are the called unit's, and ``caller`` is who called it.
    """

    at: datetime
    act: Act
    to: str


@dataclass(frozen=True, slots=True)
class Moments:
    """When a clock's deadline, warning and rungs (all of them, in order) come, reckoned anew."""

    due_at: datetime
    warn_at: datetime | None
    rungs: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Pause:
    """A time that does not count, from ``since`` until ``to``; it ends by itself at ``until``."""

    since: datetime
    until: datetime
    reason: str
    """A code of the pack's catalogue."""
    asked_by: str | None = None
    approved_by: str | None = None
    to: datetime | None = None
    then: Moments | None = None
    """What its own end makes of the clock; gone when it has ended."""


@dataclass(frozen=True, slots=True)
class Extension:
    """A later deadline that the level above granted, of a part who called it, and the one that held before."""

    at: datetime
    was_due_at: datetime
    due_at: datetime
    reason: str
    asked_by: str | None = None
    approved_by: str | None = None


@dataclass(frozen=True, slots=True)
class SlaClock:
    """A promise with a deadline. A breach stays: a clock met later keeps ``breached`` and gains ``met_at``."""

    kind: ClockKind
    started_at: datetime
    target: str
    calendar: str
    due_at: datetime
    commitment: str
    state: ClockStateName = "running"
    warn_at: datetime | None = None
    warned: bool = False
    met_at: datetime | None = None
    rungs: tuple[Rung, ...] = ()
    fired: int = 0
    """How many rungs have fired; they are in order of time."""
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[Extension, ...] = ()
    superseded_at: datetime | None = None
    """Since then another clock of the kind counts; a breach stays here, the ladder goes on there."""
    part: str | None = None
    """The part of the case that it times; None: the case itself."""

    @property
    def waits(self) -> bool:
        """Whether something is still owed under this clock, and its time runs."""
        return self.superseded_at is None and (
            self.state == "running" or (self.state == "breached" and self.met_at is None)
        )

    @property
    def next_at(self) -> datetime | None:
        """When this clock next has something to do: warn, breach, climb, or run again."""
        if self.state == "paused" and self.pauses:
            return self.pauses[-1].until
        if not self.waits:
            return None
        moments = [rung.at for rung in self.rungs[self.fired : self.fired + 1]]
        if self.state == "running":
            moments.append(self.due_at)
            if self.warn_at is not None and not self.warned:
                moments.append(self.warn_at)
        return min(moments, default=None)


@dataclass(frozen=True, slots=True)
class Ask:
    """A pause or an extension that waits for its approval; at most one of each for a clock."""

    what: Literal["pause", "extension"]
    clock: ClockKind
    at: datetime
    reason: str
    """A pause's code in the pack's catalogue, an extension's words."""
    asked_by: str
    until: datetime | None = None
    longest: str | None = None
    """For a pause: ISO 8601, on the clock's calendar."""
    approver: Literal["own", "parent"] = "parent"
    """``own``: a superior at the owner's own desk may too; else only who is above."""
    part: str | None = None
    """Of which part of the case the clock is; None: the case's own."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Wakes those who owe work when nothing happened for ``after`` seconds: the owner, then level by level the top."""

    after: int
    since: datetime
    told: int = 0
    """How many levels were told since something happened."""

    @property
    def next_at(self) -> datetime:
        return self.since + timedelta(seconds=self.after * (self.told + 1))
