"""Converts a pack's calendar to the kernel's, adding a country's holidays (https://github.com/vacanza/holidays)."""

from collections.abc import Sequence
from datetime import date, time
from functools import cache

from shared.city.model.promises import CalendarSpec
from shared.kernel.working_time import ALWAYS, OFF, Calendar, Span

__all__ = ["ALWAYS", "WEEKDAYS", "calendar_of"]
WEEKDAYS: Sequence[str] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
YEARS = range(2015, 2041)
"""The years for which a country's holidays are computed."""


def calendar_of(spec: CalendarSpec, timezone: str) -> Calendar:
    """The calendar that ``spec`` describes, in its own time zone or else in ``timezone``.

    Days listed in the pack override the country's. Raises the kernel's ``CalendarError`` if it contradicts itself, and
    ``NotImplementedError`` for a country that the holidays library does not have.
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
    """Public holidays, and weekend days that are make-up working days (调休), of all ``YEARS``."""
    import holidays  # half a second: most packs name no country

    found = holidays.country_holidays(country, years=YEARS)
    worked = frozenset(day for day in getattr(found, "weekend_workdays", ()) if day.year in YEARS)
    return frozenset(found) - worked, worked


def _spans(hours: tuple[str, ...]) -> tuple[Span, ...]:
    return tuple(sorted(_span(text) for text in hours))


def _span(text: str) -> Span:
    start, _, end = text.partition("-")
    return time.fromisoformat(start), time(0) if end == "24:00" else time.fromisoformat(end)
