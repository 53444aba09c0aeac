"""Deadlines as people say them: 10分钟内, 今天15:40前, 明天9:30前, else the date; in the city's own zone and day."""

import math
from datetime import datetime, timedelta, tzinfo

from shared.city.texts.reporter_steps import is_chinese

MINUTES_SAID = 60
"""A promise of at most so many minutes is said in minutes, a longer one by its time of day."""
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def minutes_until(due: datetime, now: datetime) -> int | None:
    """Whole minutes from ``now`` to ``due``, rounded up; None where it has passed or is too far off to be said so."""
    left = math.ceil((due - now).total_seconds() / 60)
    return left if 0 < left <= MINUTES_SAID else None


def time_said(due: datetime, now: datetime, zone: tzinfo, language: str, *, relative: bool = True) -> str:
    """今天15:40, 明天9:30, 12月3日9:30; another year is named. Not ``relative``: always with its date."""
    there, here = due.astimezone(zone), now.astimezone(zone)
    clock, days = f"{there.hour}:{there.minute:02}", (there.date() - here.date()) // timedelta(days=1)
    far = there.year != here.year
    if is_chinese(language):
        day = {0: "今天", 1: "明天"}.get(days) if relative else None
        year = f"{there.year}年" if far else ""
        return f"{day or f'{year}{there.month}月{there.day}日'}{clock}"
    day = {0: "today", 1: "tomorrow"}.get(days) if relative else None
    year = f" {there.year}" if far else ""
    return f"{clock} {day or f'on {there.day} {_MONTHS[there.month - 1]}{year}'}"


def promise_said(due: datetime, now: datetime, zone: tzinfo, language: str, *, relative: bool = True) -> str:
    """10分钟内, 明天9:30前; "within 10 minutes", "by 9:30 tomorrow". Wants a ``due`` that has not passed at ``now``."""
    minutes = minutes_until(due, now)
    if minutes is not None:
        return f"{minutes}分钟内" if is_chinese(language) else f"within {minutes} minute{'s' if minutes > 1 else ''}"
    said = time_said(due, now, zone, language, relative=relative)
    return f"{said}前" if is_chinese(language) else f"by {said}"
