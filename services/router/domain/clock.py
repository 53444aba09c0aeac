"""The clocks of a case and of its parts, pauses, extensions and requests for them, and the watch. Values only."""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from shared.kernel.vocabulary import Act, ClockKind, ClockStateName


class Rung(msgspec.Struct, frozen=True, omit_defaults=True):
    """A step of a ladder with its time: at ``at``, do ``act`` to the unit ``to``.

    ``to``: ``own``, ``parent``, a level word of the pack, or a unit's id; found on the case's path when it fires. On
    the clock of a part ``own`` and ``parent`` are the called unit's, and ``caller`` is who called it.
    """

    at: datetime
    act: Act
    to: str


class Moments(msgspec.Struct, frozen=True, omit_defaults=True):
    """Newly computed times of a clock's deadline, warning and rungs (all of them, in order)."""

    due_at: datetime
    warn_at: datetime | None
    rungs: tuple[datetime, ...]


class Pause(msgspec.Struct, frozen=True, omit_defaults=True):
    """A time that does not count: from ``since`` to ``to``, at most to ``until``, when it ends by itself."""

    since: datetime
    until: datetime
    reason: str
    """A code of the pack's catalogue."""
    asked_by: str | None = None
    approved_by: str | None = None
    to: datetime | None = None
    then: Moments | None = None
    """The clock's times if the pause ends at ``until``; None after it has ended."""


class Extension(msgspec.Struct, frozen=True, omit_defaults=True):
    """A later deadline, and the one before. Granted by a level above; for a part by the unit that called it in."""

    at: datetime
    was_due_at: datetime
    due_at: datetime
    reason: str
    asked_by: str | None = None
    approved_by: str | None = None


class SlaClock(msgspec.Struct, frozen=True, omit_defaults=True):
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
    """How many rungs have fired, from the first."""
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[Extension, ...] = ()
    superseded_at: datetime | None = None
    """Since then another clock of the kind counts. A breach stays recorded here; the other clock's ladder continues."""
    part: str | None = None
    """The part of the case that it times; None: the case itself."""

    @property
    def waits(self) -> bool:
        """Whether something is still owed under this clock and its time counts."""
        return self.superseded_at is None and (
            self.state == "running" or (self.state == "breached" and self.met_at is None)
        )

    @property
    def next_at(self) -> datetime | None:
        """When this clock next warns, breaches, fires a rung, or runs again after a pause."""
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


class Ask(msgspec.Struct, frozen=True, omit_defaults=True):
    """A pause or an extension that waits for its approval; at most one of each for a clock."""

    what: Literal["pause", "extension"]
    clock: ClockKind
    at: datetime
    reason: str
    """For a pause a code of the pack's catalogue, for an extension free text."""
    asked_by: str
    until: datetime | None = None
    longest: str | None = None
    """For a pause: ISO 8601, on the clock's calendar."""
    approver: Literal["own", "parent"] = "parent"
    """``own``: a superior at the owner's own desk may approve too; ``parent``: only units above."""
    part: str | None = None
    """The part whose clock it is; None: the case's own clock."""


class LookAgain(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of a case that is kept on the books 挂账: from its day on the levels above are told, the next one ``after`` so
    many seconds, until somebody decides anew. ``told``: how often that happened."""

    after: int
    told: int = 0


class Watch(msgspec.Struct, frozen=True, omit_defaults=True):
    """Alerts when nobody did anything for ``after`` seconds: first the owner, then level by level up to the top."""

    after: int
    since: datetime
    told: int = 0
    """How many levels were alerted since somebody last did something."""

    @property
    def next_at(self) -> datetime:
        return self.since + timedelta(seconds=self.after * (self.told + 1))
