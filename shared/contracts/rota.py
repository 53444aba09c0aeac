"""Events of the rota: what was decided about who is on duty after the pack was written."""

from datetime import date, datetime

import msgspec

TOPIC = "rota"


class ShiftSwapped(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``rota.shift_swapped.v1``: ``by`` takes the duty of ``person`` that begins on the day ``on``, and ``person`` that
    of ``by`` on ``in_return``. It holds for what happens at ``since`` or later."""

    change: str
    person: str
    by: str
    on: date
    in_return: date | None = None
    since: datetime
    made_by: str


class LeaveTaken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``rota.leave_taken.v1``: ``person`` is away from ``start`` until before ``until``; why is not told. It holds for
    what happens at ``since`` or later."""

    change: str
    person: str
    start: datetime
    until: datetime
    since: datetime
    made_by: str
