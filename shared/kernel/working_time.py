"""Working calendars, and deadlines computed on them.

Arguments are aware datetimes of any zone, results are UTC; both in whole milliseconds, finer digits are cut off. A
naive datetime raises ValueError. A local time that a daylight-saving change skips means the first instant after the
gap; one that occurs twice means the first. Nothing here reads a clock.

Internally an instant is milliseconds since 1970 UTC, a day is its proleptic ordinal, and a wall time is milliseconds
since that day's local midnight. The spans of a calendar year are computed once and cached, so that every calculation is
a binary search.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.kernel.clock import whole_millis
from shared.kernel.durations import Duration

_LIMIT_YEARS = 10
_MILLI = timedelta(milliseconds=1)
_DAY = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Span = tuple[time, time]
"""Local times from–to. An end that is not after its start lies on the next day: 22:00–06:00, and 00:00 for 24:00."""

ALL_DAY: tuple[Span, ...] = ((time(0), time(0)),)
OFF: tuple[Span, ...] = ()


class CalendarError(ValueError):
    """A calendar that contradicts itself, or on which a deadline is not reached within ten years."""


@dataclass(frozen=True)
class Calendar:
    """When time counts, in one time zone.

    ``timezone``: IANA name. ``hours``: seven days from Monday, each the spans worked, in order; none = a day off.
    No ``hours`` at all: elapsed time, a day is 24 hours and nothing below applies. ``holidays`` are not worked;
    ``working_days`` are, although they would not be (调休), with the hours of weekday ``working_days_as`` (0 = Monday).

    What starts at or after ``cut_off`` on a working day counts from ``resumes`` (default: when that day opens) on the
    next working day. So does what starts on a day off; with ``day_off="same_time"`` that counts from the same local
    time of the next working day instead, or from the day after if that is past the cut-off.

    ``day_end``: where a target in days ends on its last day: at the local time it started, or with the day's hours.
    Raises CalendarError, naming the first thing that is wrong.
    """

    id: str
    timezone: str = "UTC"
    hours: tuple[tuple[Span, ...], ...] = (ALL_DAY,) * 7
    holidays: frozenset[date] = frozenset()
    working_days: frozenset[date] = frozenset()
    working_days_as: int = 0
    cut_off: time | None = None
    resumes: time | None = None
    day_off: Literal["resumes", "same_time"] = "resumes"
    day_end: Literal["same_time", "end_of_day"] = "same_time"

    def __post_init__(self) -> None:
        for problem in self._problems():
            raise CalendarError(f"calendar {self.id}: {problem}")

    def __hash__(self) -> int:
        return hash((self.id, self.timezone))

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def spans(self, day: date) -> tuple[Span, ...]:
        """The hours worked on ``day``; none on a day off."""
        if day in self.working_days:
            return self.hours[self.working_days_as]
        return OFF if day in self.holidays else self.hours[day.weekday()]

    def _problems(self) -> Iterator[str]:
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            yield f"no time zone {self.timezone!r}"
        if len(self.hours) not in (0, 7):
            yield "hours are seven days, from Monday"
        for spans in self.hours:
            if any(a_end > b_start or a_end <= a_start for (a_start, a_end), (b_start, _) in pairwise(spans)):
                yield "the spans of a day follow each other, and only the last may run past midnight"
        if both := self.holidays & self.working_days:
            yield f"{min(both)} is both a holiday and a working day"
        if not self.hours and (self.holidays or self.working_days or self.cut_off):
            yield "holidays, working days and cut-offs need hours"
        elif self.working_days and not (0 <= self.working_days_as < 7 and self.hours[self.working_days_as]):
            yield "working_days_as names a weekday that has hours, 0 (Monday) to 6"


ALWAYS = Calendar("always", hours=())
"""Elapsed time: the built-in default calendar."""


def counts_from(start: datetime, calendar: Calendar) -> datetime:
    """When a clock started at ``start`` begins to count: at ``start``, or later after a cut-off or on a day off."""
    start = _utc(start)
    return _moment(_begin(start, calendar)[2]) if calendar.hours else start


def deadline(start: datetime, target: Duration, calendar: Calendar) -> datetime:
    """When ``target`` is used up: its days first, then its working time. Never before ``start``.

    ``P0D`` with ``day_end="end_of_day"`` ends with the hours of the day it counts from. A later start never has an
    earlier deadline, except for targets in days with ``day_end="same_time"``: a start after the cut-off counts from
    ``resumes`` and ends at that hour, while one early on the next morning ends at its own, earlier hour. (Boston, 2011,
    did so.)
    Raises CalendarError when the deadline is not reached within ten years.
    """
    start = _utc(start)
    if not calendar.hours:
        return start + target.plain()
    return _moment(_due(_begin(start, calendar), target, calendar))


def fraction_point(start: datetime, target: Duration, calendar: Calendar, fraction: float) -> datetime:
    """When ``fraction`` (0 to 1) of the working time from ``counts_from`` to the deadline is used; 1 is the deadline.

    Where there is no working time in between, elapsed time is used. Raises ValueError for a fraction outside 0 to 1.
    """
    return fraction_points(start, target, calendar, (fraction,))[0]


def fraction_points(
    start: datetime, target: Duration, calendar: Calendar, fractions: Sequence[float]
) -> tuple[datetime, ...]:
    """Several fraction points of one target, for little more than the cost of one."""
    for fraction in fractions:
        if not 0 <= fraction <= 1:
            raise ValueError(f"A fraction of a target lies between 0 and 1, not at {fraction}.")
    start = _utc(start)
    if not calendar.hours:
        millis = target.plain() / _MILLI
        return tuple([start + round(millis * fraction) * _MILLI for fraction in fractions])
    begin = _begin(start, calendar)
    since, due = begin[2], _due(begin, target, calendar)
    whole = _worked(since, due, calendar)
    return tuple(
        [
            _moment(since + round((due - since) * fraction))
            if fraction == 1 or not whole
            else _moment(_advance(since, round(whole * fraction), calendar))
            for fraction in fractions
        ]
    )


def elapsed(start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """The working time between two instants, without regard to the cut-off; zero unless ``end`` is after ``start``."""
    since, until = _instant(_utc(start)), _instant(_utc(end))
    if until <= since:
        return timedelta(0)
    return (_worked(since, until, calendar) if calendar.hours else until - since) * _MILLI


def shift(due: datetime, paused_from: datetime, paused_to: datetime, calendar: Calendar) -> datetime:
    """The deadline after a pause: later by the working time within the pause, never earlier.

    A pause that began after the deadline changes nothing. Pauses add up; two adjacent ones count like one.
    """
    due = _utc(due)
    lost = elapsed(paused_from, paused_to, calendar) if _utc(paused_from) < due else timedelta(0)
    return later(due, lost, calendar)


def later(at: datetime, by: timedelta, calendar: Calendar) -> datetime:
    """The first instant at which ``by`` of working time has passed since ``at``; the cut-off does not matter."""
    at = _utc(at)
    if not calendar.hours:
        return at + by
    return _moment(_advance(_instant(at), by // _MILLI, calendar))


def next_open(at: datetime, calendar: Calendar) -> datetime:
    """The first instant from ``at`` on that counts: ``at`` itself within the hours, without regard to the cut-off.

    Raises CalendarError when there is none within ten years.
    """
    at = _utc(at)
    return _moment(_advance(_instant(at), 1, calendar) - 1) if calendar.hours else at


def _utc(at: datetime) -> datetime:
    if at.tzinfo is UTC and not at.microsecond % 1000:
        return at
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone.")
    return whole_millis(at)


def _instant(at: datetime) -> int:
    return (at - _EPOCH) // _MILLI


def _moment(instant: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=instant)


def _wall(at: time) -> int:
    return ((at.hour * 60 + at.minute) * 60 + at.second) * 1000 + at.microsecond // 1000


def _at_local(zone: ZoneInfo, day: int, wall: int) -> int:
    """The instant of a local time: the first of two, or the end of the gap that skips it (by PEP 495's ``fold``)."""
    local = (datetime.fromordinal(day) + timedelta(milliseconds=wall)).replace(tzinfo=zone)
    first, second = _instant(local), _instant(local.replace(fold=1))
    if first <= second:
        return first
    gap, before = range(second, first), local.utcoffset()
    return second + bisect_left(gap, True, key=lambda at: _moment(at).astimezone(zone).utcoffset() != before)


@dataclass(frozen=True, slots=True)
class _Year:
    """One year of a calendar: its working ``days`` and when each ``closes``; the ``starts`` and ``ends`` of the spans
    worked, in order and without overlaps; ``done``: the working time before the first span and up to each end."""

    days: list[int]
    closes: list[int]
    starts: list[int]
    ends: list[int]
    done: list[int]

    def worked_before(self, instant: int) -> int:
        i = bisect_right(self.starts, instant)
        return self.done[i] - max(0, self.ends[i - 1] - instant) if i else 0


@lru_cache(maxsize=256)
def _year(calendar: Calendar, year: int) -> _Year:
    """Compute one year. The last day of the year before counts too: its night may reach into this one."""
    if not 1 < year < 9999:
        raise CalendarError(f"calendar {calendar.id}: no year {year}")
    zone, first, last = calendar.zone, date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    laid_out = _Year([], [], [], [], [0])
    busy_until = _at_local(zone, first - 2, 0)
    for day in range(first - 1, last + 1):
        worked = calendar.spans(date.fromordinal(day))
        for opens, closes in worked:
            start = max(_at_local(zone, day, _wall(opens)), busy_until)
            end = busy_until = max(_at_local(zone, day + (closes <= opens), _wall(closes)), busy_until)
            if day >= first and start < end:
                laid_out.starts.append(start)
                laid_out.ends.append(end)
                laid_out.done.append(laid_out.done[-1] + end - start)
        if day >= first and worked:
            laid_out.days.append(day)
            laid_out.closes.append(busy_until)
    return laid_out


def _year_of(instant: int) -> int:
    """The first year with a working day that may contain ``instant``: nights and zones reach less than two days."""
    return _moment(instant - 2 * _DAY).year


def _years(calendar: Calendar, first: int) -> Iterator[_Year]:
    """The years from ``first`` on; raises CalendarError after ``_LIMIT_YEARS``."""
    yield from (_year(calendar, year) for year in range(first, first + _LIMIT_YEARS + 2))
    raise CalendarError(f"calendar {calendar.id}: not reached in {_LIMIT_YEARS} years; does it ever work?")


def _worked(since: int, until: int, calendar: Calendar) -> int:
    """Working time between two instants, ``since`` not after ``until``."""
    years = (_year(calendar, year) for year in range(_year_of(since), _moment(until + _DAY).year + 1))
    return sum(year.worked_before(until) - year.worked_before(since) for year in years)


def _advance(instant: int, amount: int, calendar: Calendar) -> int:
    """The first instant at which ``amount`` of working time has passed since ``instant``."""
    if not amount:
        return instant
    years = _years(calendar, _year_of(instant))
    while (wanted := (year := next(years)).worked_before(instant) + amount) > year.done[-1]:
        amount = wanted - year.done[-1]
    i = bisect_left(year.done, wanted)
    return year.ends[i - 1] - (year.done[i] - wanted)


def _working_day_after(day: int, n: int, calendar: Calendar) -> tuple[int, int]:
    """The ``n``-th working day after ``day`` (0: ``day`` itself, which must be one), and when its hours end."""
    years = _years(calendar, date.fromordinal(day).year)
    while (i := bisect_right((year := next(years)).days, day) + n - 1) >= len(year.days):
        n = i - len(year.days) + 1
    return year.days[i], year.closes[i]


def _place(at: datetime, calendar: Calendar) -> tuple[int, int]:
    """The working day that an instant belongs to, and its wall time there; past 24:00 in a night shift of that day."""
    local = at.astimezone(calendar.zone)
    day, wall = local.toordinal(), _wall(local.time())
    night = calendar.spans(date.fromordinal(day - 1))[-1:]
    if night and night[0][1] <= night[0][0] and wall < _wall(night[0][1]):
        return day - 1, wall + _DAY
    return day, wall


@lru_cache(maxsize=256)
def _begin(start: datetime, calendar: Calendar) -> tuple[int, int, int]:
    """Working day, wall time and instant from which ``start`` counts. Cached, since all clocks of a case need it."""
    day, wall = placed = _place(start, calendar)
    waits = not calendar.spans(date.fromordinal(day))
    if waits and calendar.day_off == "same_time":
        day, waits = _working_day_after(day, 1, calendar)[0], False
    if waits or (calendar.cut_off is not None and wall >= _wall(calendar.cut_off)):
        day = _working_day_after(day, 1, calendar)[0]
        wall = _wall(calendar.resumes or calendar.spans(date.fromordinal(day))[0][0])
    if (day, wall) == placed:
        return day, wall, _instant(start)
    return day, wall, max(_instant(start), _at_local(calendar.zone, day, wall))


def _due(begin: tuple[int, int, int], target: Duration, calendar: Calendar) -> int:
    day, wall, due = begin
    if calendar.day_end == "end_of_day" and (target.days or not target.millis):
        last, closes = _working_day_after(day, target.days, calendar)
        due = closes if closes >= due else _working_day_after(last, 1, calendar)[1]
    elif target.days:
        last, _ = _working_day_after(day, target.days, calendar)
        due = _at_local(calendar.zone, last, wall)
    return _advance(due, target.millis, calendar)
