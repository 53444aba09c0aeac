"""What the router's stream for services tells, as the console reads it."""

from datetime import datetime

import msgspec

from services.console.queue_client import QueueRow


class CaseChange(msgspec.Struct, frozen=True):
    """A case has changed. ``queues``: units that have it in their own queue; ``seen_by``, ``was_seen_by``: units and
    persons (``@``) that may see it, and that might before."""

    city: str
    what: str
    row: QueueRow
    open: bool
    queues: tuple[str, ...] = ()
    seen_by: tuple[str, ...] = ()
    was_seen_by: tuple[str, ...] = ()
    closed_to_stand_ins: bool = False


class Beat(msgspec.Struct, frozen=True):
    """The router lives. ``now``: the installation's time; ``packs``: city → version."""

    now: datetime
    packs: dict[str, str] = {}
