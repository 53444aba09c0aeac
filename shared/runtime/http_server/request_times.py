"""Normalizes times in requests, at the edge: to UTC, cut to milliseconds; refuses those outside ``FIRST`` to ``LAST``.

The range keeps all later arithmetic (zones, targets, calendars) inside Python's, and keeps calendars from being laid
out up to the year 9999.
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
"""Most leap seconds replaced in one request, or in one report of a batch; that is more than it has times."""
_LEAP = re.compile(rb'(?<=[:\s,\[])"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:)60(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)"')


def in_utc(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Convert all times in ``value`` (a decoded body or query) to UTC in place; yields (path, reason) of wrong ones."""
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
    """(attribute, encoded name) of the fields that hold times, directly or further in."""
    return tuple((field.name, field.encode_name) for field in msgspec.structs.fields(shape) if _holds_times(field.type))


def _holds_times(shape: Any) -> bool:
    if isinstance(shape, type) and issubclass(shape, msgspec.Struct):
        return bool(_timed(shape))
    if get_origin(shape) is Annotated:
        return _holds_times(get_args(shape)[0])
    return shape is datetime or any(_holds_times(part) for part in get_args(shape))


def without_leap_seconds(raw: bytes) -> bytes:
    """``raw`` (JSON) with each leap second, 23:59:60 UTC at the end of a month, replaced by the second before it, since
    Python's datetime has none. Only strings that are exactly a time are replaced, ``LEAPS_MAX`` at most."""
    return _LEAP.sub(_second_before, raw, count=LEAPS_MAX) if b":60" in raw else raw


def _second_before(leap: re.Match[bytes]) -> bytes:
    before, fraction, zone = leap[1] + b"59", leap[2] or b"", leap[3]
    try:
        utc = datetime.fromisoformat((before + zone).decode().upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return leap[0]
    is_one = (utc.hour, utc.minute) == (23, 59) and (utc + timedelta(seconds=1)).day == 1
    return b'"' + before + fraction + zone + b'"' if is_one else leap[0]
