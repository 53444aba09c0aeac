"""Events of the rota: swaps and leave that were decided after the pack was written."""

from datetime import date, datetime

import msgspec

TOPIC = "rota"


class ShiftSwapped(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``rota.shift_swapped.v1``: ``by`` takes the duty of ``person`` that begins on the day ``on``, and ``person`` that
    of ``by`` on ``in_return``. It applies to what happens at ``since`` or later."""

    change: str
    person: str
    by: str
    on: date
    in_return: date | None = None
    since: datetime
    made_by: str


class LeaveTaken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``rota.leave_taken.v1``: ``person`` is on leave from ``start`` until before ``until``; the reason is not in the
    event. It applies to what happens at ``since`` or later."""

    change: str
    person: str
    start: datetime
    until: datetime
    since: datetime
    made_by: str
