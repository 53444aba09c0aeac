"""What the owner of a case asks a level above to rule on. Values only; ``commands.rulings`` says who may rule."""

from datetime import datetime

import msgspec

from shared.kernel.vocabulary import RulingKind


class Ruling(msgspec.Struct, frozen=True, omit_defaults=True):
    """A request that waits for its ruling; a case has one at most, timed by its ``review`` clock."""

    what: RulingKind
    at: datetime
    reason: str
    """A code of the pack's list."""
    text: str
    """The reason in words, with what it is based on, as who rules reads it."""
    asked_by: str | None
    """None: the reporter."""
    unit: str
    """The owner that asks."""
    to: str
    """The unit whose desk is to rule; those above it may too."""
    suggests: str | None = None
    """For a return: the unit that should have the case."""
    photos: tuple[str, ...] = ()
    """For an outcome, whose ``reason`` is how the case ends and ``text`` what the reporter will read."""
    follow_up: datetime | None = None
    """For an outcome: when the desk is reminded to look again."""
    climbs_after: int | None = None
    """For a case that is kept on the books: after so many seconds more the next level is told."""
    barred: tuple[str, ...] = ()
    """People who do not rule, beside who asked: an objection is not for those who decided on the rejection."""


class Rejection(msgspec.Struct, frozen=True, omit_defaults=True):
    """A case that is not taken on 不予受理. ``reason``: a code of the pack's list; ``unit``: of who granted it."""

    reason: str
    asked_by: str | None
    granted_by: str | None
    unit: str
    objected: bool = False
    """The reporter objected to it: once."""
    object_by: datetime | None = None
    """Until when the reporter may object; None: at any time, as before there was a limit."""
