"""Durations in a pack. Targets are the kernel's ``Duration``; retention spans and ladder times are handled here."""

import re
from calendar import monthrange
from datetime import datetime, timedelta

from shared.kernel.durations import DurationError, parse_duration

_KEEP = re.compile(r"P(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,5})D)?")


def is_duration(text: str) -> bool:
    """Whether ``text`` is a duration above zero, such as ``PT10M``, ``PT8H``, ``P3D`` or ``P1DT12H``."""
    try:
        return parse_duration(text).plain() > timedelta(0)
    except DurationError:
        return False


def is_retention(text: str) -> bool:
    """Whether ``text`` is a calendar span such as ``P3Y``, ``P6M`` or ``P30D``."""
    match = _KEEP.fullmatch(text)
    return match is not None and any(match.groups())


def long_before(now: datetime, text: str) -> datetime:
    """``now`` minus a span for which ``is_retention`` is true; in a shorter month, its last day."""
    match = _KEEP.fullmatch(text)
    years, months, days = (int(number or 0) for number in match.groups()) if match is not None else (0, 0, 0)
    ordinal = max(12, now.year * 12 + now.month - 1 - years * 12 - months)
    day = min(now.day, monthrange(ordinal // 12, ordinal % 12 + 1)[1])
    return now.replace(year=ordinal // 12, month=ordinal % 12 + 1, day=day) - timedelta(days=days)


def is_step_time(at: str | float) -> bool:
    """Whether a ladder's ``at`` is a fraction of the target in [0, 1] or a delay ``+PT10M`` after the breach."""
    if isinstance(at, str) and at.startswith("+"):
        return at in ("+PT0S", "+P0D") or is_duration(at[1:])
    try:
        return 0 <= float(at) <= 1
    except ValueError:
        return False
