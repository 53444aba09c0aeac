"""From a pack's calendar to the kernel's, a country's public holidays filled in (https://github.com/vacanza/holidays)."""

from collections.abc import Sequence
from datetime import date, time
from functools import cache

from shared.city.model.promises import CalendarSpec
from shared.kernel.working_time import ALWAYS, OFF, Calendar, Span

__all__ = ["ALWAYS", "WEEKDAYS", "calendar_of"]
WEEKDAYS: Sequence[str] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
YEARS = range(2015, 2041)
"""For which a country's days are laid out."""


def calendar_of(spec: CalendarSpec, timezone: str) -> Calendar:
    """The calendar that ``spec`` describes, in its own zone or else in ``timezone``.

    What the pack lists holds over what the country has. Raises the kernel's ``CalendarError`` where it contradicts
    itself, and ``NotImplementedError`` for a country whose holidays nobody has written down.
    """
    off, worked = country_days(spec.country) if spec.country is not None else (frozenset(), frozenset())
    if isinstance(spec.hours, dict):
        week = tuple(_spans(spec.hours.get(day, ())) for day in WEEKDAYS)  # type: ignore[call-overload]
    else:
        week = tuple(_spans(spec.hours) if day in spec.days else OFF for day in WEEKDAYS)
    return Calendar(
        id=spec.id,
        timezone=spec.timezone or timezone,
        hours=week,
        holidays=(off - frozenset(spec.working_days)) | frozenset(spec.holidays),
        working_days=(worked - frozenset(spec.holidays)) | frozenset(spec.working_days),
        working_days_as=WEEKDAYS.index(spec.working_days_as),
        cut_off=None if spec.cut_off is None else time.fromisoformat(spec.cut_off),
        resumes=None if spec.resumes is None else time.fromisoformat(spec.resumes),
        day_off=spec.day_off,
        day_end=spec.day_end,
    )


@cache
def country_days(country: str) -> tuple[frozenset[date], frozenset[date]]:
    """Public holidays, and days of a weekend that are worked for one (调休), of all ``YEARS``."""
    import holidays  # half a second: most packs name no country

    found = holidays.country_holidays(country, years=YEARS)
    worked = frozenset(day for day in getattr(found, "weekend_workdays", ()) if day.year in YEARS)
    return frozenset(found) - worked, worked


def _spans(hours: tuple[str, ...]) -> tuple[Span, ...]:
    return tuple(sorted(_span(text) for text in hours))


def _span(text: str) -> Span:
    start, _, end = text.partition("-")
    return time.fromisoformat(start), time(0) if end == "24:00" else time.fromisoformat(end)
