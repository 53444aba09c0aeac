"""From a pack's calendar to the kernel's."""

from datetime import time

from shared.city.model import CalendarSpec
from shared.city.posts import WEEKDAYS
from shared.kernel.working_time import ALWAYS, OFF, Calendar, Span

__all__ = ["ALWAYS", "calendar_of"]


def calendar_of(spec: CalendarSpec, timezone: str) -> Calendar:
    """The calendar that ``spec`` describes, in its own zone or else in ``timezone``.

    Raises the kernel's ``CalendarError`` where it contradicts itself.
    """
    if isinstance(spec.hours, dict):
        week = tuple(_spans(spec.hours.get(day, ())) for day in WEEKDAYS)  # type: ignore[call-overload]
    else:
        week = tuple(_spans(spec.hours) if day in spec.days else OFF for day in WEEKDAYS)
    return Calendar(
        id=spec.id,
        timezone=spec.timezone or timezone,
        hours=week,
        holidays=frozenset(spec.holidays),
        working_days=frozenset(spec.working_days),
        working_days_as=WEEKDAYS.index(spec.working_days_as),
        cut_off=None if spec.cut_off is None else time.fromisoformat(spec.cut_off),
        resumes=None if spec.resumes is None else time.fromisoformat(spec.resumes),
        day_off=spec.day_off,
        day_end=spec.day_end,
    )


def _spans(hours: tuple[str, ...]) -> tuple[Span, ...]:
    return tuple(sorted(_span(text) for text in hours))


def _span(text: str) -> Span:
    start, _, end = text.partition("-")
    return time.fromisoformat(start), time(0) if end == "24:00" else time.fromisoformat(end)
