"""Work on a case beside its owner's: parts of others, a consultation, supervision; and how it ended."""

from datetime import datetime

import msgspec

from services.router.domain.case_parts.owner_path import UnitOnPath
from shared.kernel.vocabulary import (
    PartStateName,
)


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
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


class Consultation(msgspec.Struct, frozen=True, omit_defaults=True):
    """A question that a unit asks several parties, and their conclusion."""

    unit: str
    parties: tuple[str, ...]
    question: str
    by: str
    at: datetime
    conclusion: str | None = None
    concluded_by: str | None = None
    concluded_at: datetime | None = None


class Supervision(msgspec.Struct, frozen=True, omit_defaults=True):
    """A level above supervises the case: 督办. ``by``: the officer; None, without ``reason``: a rung of the ladder."""

    at: datetime
    by: str | None
    by_unit: str
    reason: str


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was done, as the reporter is told. ``how``: of the resolution, or ``rejected``; ``text``: why then.
    ``granted_by``: who of a level above granted that it ends so."""

    at: datetime
    how: str
    text: str | None = None
    photos: tuple[str, ...] = ()
    granted_by: str | None = None
