"""The HTTP bodies of swaps and leave. Stored fingerprints are made of them, so their fields and order stay."""

from datetime import date, datetime
from typing import Annotated

import msgspec

from shared.runtime.http_server.field_types import Ident

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class SwapBody(msgspec.Struct, forbid_unknown_fields=True, rename={"from_": "from"}):
    """``to`` takes the duty of ``from`` that begins on the day ``on``; ``from`` that of ``to`` on ``in_return``."""

    from_: Ident
    to: Ident
    on: date
    in_return: date | None = None
    reason: Reason | None = None


class LeaveBody(msgspec.Struct, forbid_unknown_fields=True, rename={"from_": "from"}):
    """``person`` is away from ``from`` until before ``until``; seconds are cut off. ``reason`` stays here."""

    person: Ident
    from_: Moment
    until: Moment
    reason: Reason | None = None
