"""Times in requests: each is made UTC once, at the edge, cut to the milliseconds that are kept, and one that nobody can
reckon with is refused there.

Behind the edge every time is between ``FIRST`` and ``LAST``, so that no zone, target or calendar leads out of Python's
range, and nobody counts working days to the year 9999.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Any, get_args, get_origin

import msgspec

from shared.kernel.clock import whole_millis

FIRST = datetime(1900, 1, 1, tzinfo=UTC)
LAST = datetime(2200, 1, 1, tzinfo=UTC)
LEAPS_MAX = 10
"""Leap seconds that are read in one request or one report of a batch: more than it has times."""
_LEAP = re.compile(rb'(?<=[:\s,\[])"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:)60(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)"')


def in_utc(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Make every time in ``value``, a decoded body or query, UTC in place; yields where one cannot be, and why."""
    if isinstance(value, msgspec.Struct):
        for attribute, name in _timed(type(value)):
            part = getattr(value, attribute)
            if isinstance(part, datetime):
                made = _made_utc(part)
                if isinstance(made, str):
                    yield (*path, name), made
                else:
                    msgspec.structs.force_setattr(value, attribute, made)
            else:
                yield from in_utc(part, (*path, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from in_utc(item, (*path, number))


def _made_utc(at: datetime) -> datetime | str:
    if at.tzinfo is None:
        return "needs a zone, as in 2026-01-02T03:04:05Z"
    try:
        utc = whole_millis(at)
    except OverflowError:
        utc = None
    return utc if utc is not None and FIRST <= utc < LAST else "is beyond what can be reckoned with"


@cache
def _timed(shape: type[msgspec.Struct]) -> tuple[tuple[str, str], ...]:
    """The fields that hold times, or others that do: attribute and name."""
    return tuple((field.name, field.encode_name) for field in msgspec.structs.fields(shape) if _holds_times(field.type))


def _holds_times(shape: Any) -> bool:
    if isinstance(shape, type) and issubclass(shape, msgspec.Struct):
        return bool(_timed(shape))
    if get_origin(shape) is Annotated:
        return _holds_times(get_args(shape)[0])
    return shape is datetime or any(_holds_times(part) for part in get_args(shape))


def without_leap_seconds(raw: bytes) -> bytes:
    """JSON with the second before in place of each leap second, 23:59:60 UTC at the end of a month: Python's calendar
    has none. Only a text that is a time and nothing else is looked at, and ``LEAPS_MAX`` of them."""
    return _LEAP.sub(_second_before, raw, count=LEAPS_MAX) if b":60" in raw else raw


def _second_before(leap: re.Match[bytes]) -> bytes:
    before, fraction, zone = leap[1] + b"59", leap[2] or b"", leap[3]
    try:
        utc = datetime.fromisoformat((before + zone).decode().upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return leap[0]
    is_one = (utc.hour, utc.minute) == (23, 59) and (utc + timedelta(seconds=1)).day == 1
    return b'"' + before + fraction + zone + b'"' if is_one else leap[0]
