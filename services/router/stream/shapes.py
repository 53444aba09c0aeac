"""What streams tell beside the rows of a queue: that they live, and to a service every change of a case."""

from datetime import datetime

import msgspec

from services.router.cases.case_answers import QueueRow


class Beat(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """That the stream lives; ``now``: the server's time. ``packs``, for services: city → version of its pack."""

    now: datetime
    packs: dict[str, str] = {}


class StreamedCase(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a case, for a service that shows cases to many people and decides by these lists who is told.

    ``queues``: units that have it in their own queue, empty once it ended; ``was_queues`` and ``was_seen_by`` also name
    those that had it, or saw it, before the change. ``seen_by``, ``closed_to_stand_ins``: as ``Sight.sees`` asks them.
    ``sealed``: the row has no word of it and no place. ``what``: the type of the event; ``by``: the person who did it.
    """

    city: str
    what: str
    by: str | None
    row: QueueRow
    open: bool
    queues: list[str]
    was_queues: list[str]
    seen_by: list[str]
    was_seen_by: list[str]
    closed_to_stand_ins: bool
    sealed: bool
    lon: float | None
    lat: float | None
