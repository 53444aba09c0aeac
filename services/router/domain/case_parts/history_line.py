"""A line of a case's history."""

from datetime import datetime

import msgspec

from shared.kernel.vocabulary import (
    Act,
)


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
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
    remark: str | None = None
    """The code of what the system itself says, with its ``values``. Versions before it wrote English into ``text``."""
    values: tuple[tuple[str, str], ...] = ()
