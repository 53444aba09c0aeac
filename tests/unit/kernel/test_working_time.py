"""Deadlines on working calendars: examples to read, laws to hold, and a slow count of minutes to agree with."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.kernel.durations import Duration, parse_duration
from shared.kernel.working_time import (
    ALL_DAY,
    ALWAYS,
    OFF,
    Calendar,
    CalendarError,
    Span,
    counts_from,
    deadline,
    elapsed,
    fraction_point,
    next_open,
    shift,
)


def week(*spans: Span, weekend: tuple[Span, ...] = OFF) -> tuple[tuple[Span, ...], ...]:
    return (spans,) * 5 + (weekend,) * 2


MORNING, AFTERNOON, NIGHT = (time(9), time(12)), (time(13, 30), time(18)), (time(22), time(6))

OFFICE = Calendar(
    "office",
    "Asia/Shanghai",
    week(MORNING, AFTERNOON),
    holidays=frozenset(date(2026, 10, day) for day in range(1, 8)),
    working_days=frozenset({date(2026, 9, 20), date(2026, 10, 10)}),
)
OFFICE_TO_FIVE = replace(OFFICE, id="office-to-five", cut_off=time(17))
OFFICE_BY_EVENING = replace(OFFICE, id="office-by-evening", day_end="end_of_day")
WEEKDAYS = Calendar("weekdays", "America/New_York", week(*ALL_DAY))
WEEKDAYS_TO_FIVE = replace(WEEKDAYS, id="weekdays-to-five", cut_off=time(17), resumes=time(0))
BOSTON = replace(WEEKDAYS, id="boston", cut_off=time(17), resumes=time(8, 30), day_off="same_time")
EVERY_DAY = Calendar("every-day", "America/New_York")
HALF_HOUR_SUMMER = Calendar("lord-howe", "Australia/Lord_Howe")
NIGHTS = Calendar("nights", "America/New_York", week(NIGHT))
NIGHTS_AND_DAWN = Calendar("nights-and-dawn", "Europe/Berlin", week((time(5), time(10)), NIGHT))

CALENDARS = [
    ALWAYS,
    OFFICE,
    OFFICE_TO_FIVE,
    OFFICE_BY_EVENING,
    WEEKDAYS,
    WEEKDAYS_TO_FIVE,
    BOSTON,
    EVERY_DAY,
    HALF_HOUR_SUMMER,
    NIGHTS,
    NIGHTS_AND_DAWN,
]


def local(text: str, calendar: Calendar, fold: int = 0) -> datetime:
    """``2026-10-01 09:00`` on the calendar's clock."""
    return datetime.fromisoformat(text).replace(tzinfo=calendar.zone, fold=fold).astimezone(UTC)


def due(start: str, target: str, calendar: Calendar) -> str:
    """The deadline on the calendar's clock."""
    at = deadline(local(start, calendar), parse_duration(target), calendar)
    return at.astimezone(calendar.zone).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("calendar", "start", "target", "expected"),
    [
        # 2026-03-06 is a Friday.
        (OFFICE, "2026-03-05 10:00", "PT2H", "2026-03-05 12:00"),
        (OFFICE, "2026-03-05 11:00", "PT2H", "2026-03-05 14:30"),
        (OFFICE, "2026-03-05 11:00", "PT8H", "2026-03-06 11:30"),
        (OFFICE, "2026-03-06 17:00", "PT2H", "2026-03-09 10:00"),
        (OFFICE, "2026-03-07 10:00", "PT1H", "2026-03-09 10:00"),
        (OFFICE, "2026-03-06 20:00", "PT1H", "2026-03-09 10:00"),
        (OFFICE, "2026-03-06 16:00", "P1D", "2026-03-09 16:00"),
        (OFFICE, "2026-03-05 07:00", "P1D", "2026-03-06 07:00"),
        (OFFICE, "2026-03-07 16:00", "P1D", "2026-03-10 09:00"),
        (OFFICE, "2026-03-06 16:00", "P1DT3H", "2026-03-10 10:00"),
        (OFFICE, "2026-03-05 10:00", "P1W", "2026-03-16 10:00"),
        # A holiday of seven days, one Saturday and one Sunday worked for it.
        (OFFICE, "2026-09-30 17:00", "PT2H", "2026-10-08 10:00"),
        (OFFICE, "2026-09-30 10:00", "P1D", "2026-10-08 10:00"),
        (OFFICE, "2026-10-03 10:00", "P1D", "2026-10-09 09:00"),
        (OFFICE, "2026-10-09 17:00", "PT2H", "2026-10-10 10:00"),
        (OFFICE, "2026-10-09 10:00", "P2D", "2026-10-12 10:00"),
        (OFFICE, "2026-09-20 10:00", "P1D", "2026-09-21 10:00"),
        # What comes late counts from tomorrow.
        (OFFICE_TO_FIVE, "2026-03-05 16:59", "PT1H", "2026-03-05 17:59"),
        (OFFICE_TO_FIVE, "2026-03-05 17:00", "PT1H", "2026-03-06 10:00"),
        (OFFICE_TO_FIVE, "2026-03-06 17:00", "P1D", "2026-03-10 09:00"),
        # At the end of the day's hours.
        (OFFICE_BY_EVENING, "2026-03-05 10:00", "P0D", "2026-03-05 18:00"),
        (OFFICE_BY_EVENING, "2026-03-05 18:00", "P0D", "2026-03-05 18:00"),
        (OFFICE_BY_EVENING, "2026-03-05 18:01", "P0D", "2026-03-06 18:00"),
        (OFFICE_BY_EVENING, "2026-03-06 10:00", "P1D", "2026-03-09 18:00"),
        (OFFICE_BY_EVENING, "2026-03-07 10:00", "P0D", "2026-03-09 18:00"),
        (OFFICE_BY_EVENING, "2026-03-06 10:00", "PT1H", "2026-03-06 11:00"),
        (replace(EVERY_DAY, day_end="end_of_day"), "2026-03-05 10:00", "P1D", "2026-03-07 00:00"),
        # Boston, 2011: late waits until 08:30, weekends roll at the same time, Independence Day is not skipped.
        (BOSTON, "2011-07-01 12:00", "P2D", "2011-07-05 12:00"),
        (BOSTON, "2011-07-05 06:00", "P1D", "2011-07-06 06:00"),
        (BOSTON, "2011-07-01 17:00", "P1D", "2011-07-05 08:30"),
        (BOSTON, "2011-07-09 14:00", "P2D", "2011-07-13 14:00"),
        (BOSTON, "2011-07-10 18:00", "P1D", "2011-07-13 08:30"),
        (EVERY_DAY, "2011-10-20 20:00", "P30D", "2011-11-19 20:00"),
        # Nights belong to the day they begin on, Friday's too.
        (NIGHTS, "2026-03-05 23:00", "PT8H", "2026-03-06 23:00"),
        (NIGHTS, "2026-03-07 02:00", "PT2H", "2026-03-07 04:00"),
        (NIGHTS, "2026-03-07 02:00", "PT5H", "2026-03-09 23:00"),
        (NIGHTS, "2026-03-07 02:00", "P1D", "2026-03-10 02:00"),
        (NIGHTS, "2026-03-07 12:00", "PT1H", "2026-03-09 23:00"),
        (replace(NIGHTS, day_end="end_of_day"), "2026-03-07 02:00", "P0D", "2026-03-07 06:00"),
        (replace(NIGHTS, day_end="end_of_day"), "2026-03-07 02:00", "P1D", "2026-03-10 06:00"),
        (NIGHTS_AND_DAWN, "2026-03-05 05:00", "PT6H", "2026-03-05 23:00"),
        # Clocks go forward on 8 March 2026 at 02:00 and back on 1 November 2026 at 02:00.
        (EVERY_DAY, "2026-03-07 12:00", "P1D", "2026-03-08 12:00"),
        (EVERY_DAY, "2026-03-07 12:00", "PT24H", "2026-03-08 13:00"),
        (EVERY_DAY, "2026-03-07 02:30", "P1D", "2026-03-08 03:00"),
        (EVERY_DAY, "2026-10-31 12:00", "P1D", "2026-11-01 12:00"),
        (EVERY_DAY, "2026-10-31 12:00", "PT24H", "2026-11-01 11:00"),
        (EVERY_DAY, "2025-12-31 12:00", "P1D", "2026-01-01 12:00"),
        (ALWAYS, "2026-03-07 12:00", "P1DT1H", "2026-03-08 13:00"),
    ],
)
def test_a_deadline_is_reckoned_on_its_calendar(calendar: Calendar, start: str, target: str, expected: str) -> None:
    assert due(start, target, calendar) == expected


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-09-30T10:00:00.123+08:00", "2026-09-30T10:00:00.123+08:00"),
        ("2026-09-30T03:00+08:00", "2026-09-30T09:00+08:00"),
        ("2026-09-30T12:00+08:00", "2026-09-30T13:30+08:00"),
        ("2026-09-30T18:00+08:00", "2026-10-08T09:00+08:00"),
    ],
)
def test_what_comes_while_it_is_shut_waits_for_the_next_hours(at: str, opens: str) -> None:
    assert next_open(datetime.fromisoformat(at), OFFICE) == datetime.fromisoformat(opens)
    assert next_open(datetime.fromisoformat(at), ALWAYS) == datetime.fromisoformat(at)


def test_an_hour_that_happens_twice() -> None:
    first, second = local("2026-11-01 01:30", EVERY_DAY), local("2026-11-01 01:30", EVERY_DAY, fold=1)
    assert second - first == timedelta(hours=1)
    assert deadline(local("2026-10-31 01:30", EVERY_DAY), Duration(1), EVERY_DAY) == first
    assert counts_from(second, EVERY_DAY) == deadline(second, Duration(), EVERY_DAY) == second
    assert deadline(second, Duration(1), EVERY_DAY) == deadline(first, Duration(1), EVERY_DAY)


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-03-07 20:00", "2026-03-08 08:00", 7),
        ("2026-10-31 20:00", "2026-11-01 08:00", 9),
        ("2026-06-06 20:00", "2026-06-07 08:00", 8),
    ],
)
def test_a_night_is_as_long_as_it_was(start: str, end: str, hours: int) -> None:
    nights = Calendar("all-nights", "America/New_York", (((time(22), time(6)),),) * 7)
    assert elapsed(local(start, nights), local(end, nights), nights) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("calendar", "start", "end", "hours"),
    [
        (NIGHTS, "2026-12-31 20:00", "2027-01-01 12:00", 8),
        (NIGHTS, "2027-01-01 02:00", "2027-01-01 12:00", 4),
        (NIGHTS_AND_DAWN, "2026-12-31 20:00", "2027-01-01 12:00", 12),
        (NIGHTS_AND_DAWN, "2027-01-01 05:30", "2027-01-01 12:00", 4.5),
        (Calendar("shanghai", "Asia/Shanghai"), "2026-12-31 22:00", "2027-01-01 06:00", 8),
    ],
)
def test_a_year_ends_like_a_day(calendar: Calendar, start: str, end: str, hours: float) -> None:
    assert elapsed(local(start, calendar), local(end, calendar), calendar) == timedelta(hours=hours)


def test_a_warning_follows_the_working_time() -> None:
    friday = local("2026-03-06 16:00", OFFICE)
    assert fraction_point(friday, Duration(1), OFFICE, 0.2) == local("2026-03-06 17:30", OFFICE)
    assert fraction_point(friday, Duration(1), OFFICE, 0.8) == local("2026-03-09 14:30", OFFICE)
    assert fraction_point(friday, parse_duration("PT4H"), OFFICE, 0.75) == local("2026-03-09 10:00", OFFICE)
    assert fraction_point(friday, parse_duration("PT10H"), ALWAYS, 0.8) == friday + timedelta(hours=8)


def test_a_pause_costs_only_working_time() -> None:
    due_at = local("2026-03-10 10:00", OFFICE)
    friday, monday = local("2026-03-06 17:00", OFFICE), local("2026-03-09 10:00", OFFICE)
    assert shift(due_at, friday, monday, OFFICE) == local("2026-03-10 12:00", OFFICE)
    assert shift(due_at, friday, monday, ALWAYS) == due_at + (monday - friday)
    assert shift(due_at, local("2026-03-07 00:00", OFFICE), local("2026-03-08 00:00", OFFICE), OFFICE) == due_at
    assert shift(due_at, due_at, due_at + timedelta(days=3), OFFICE) == due_at


@pytest.mark.parametrize(
    "calendar",
    [
        Calendar("never", hours=(OFF,) * 7),
        Calendar("far", hours=(((time(9), time(9, 1)),),) + (OFF,) * 6),
    ],
)
@pytest.mark.parametrize("target", ["P3000D", "PT1000H"])
def test_a_calendar_that_never_gets_there_says_so(calendar: Calendar, target: str) -> None:
    with pytest.raises(CalendarError, match="does it ever work"):
        due("2026-03-05 10:00", target, calendar)


def test_wrong_calendars_are_refused() -> None:
    with pytest.raises(CalendarError, match="Mars"):
        Calendar("x", "Mars/Olympus")
    with pytest.raises(CalendarError, match="seven"):
        Calendar("x", hours=(ALL_DAY,))
    with pytest.raises(CalendarError, match="follow each other"):
        Calendar("x", hours=week(AFTERNOON, MORNING))
    with pytest.raises(CalendarError, match="past midnight"):
        Calendar("x", hours=week(NIGHT, (time(23), time(23, 30))))
    with pytest.raises(CalendarError, match="2026-10-01"):
        replace(OFFICE, working_days=frozenset({date(2026, 10, 1)}))
    with pytest.raises(CalendarError, match="weekday"):
        replace(OFFICE, working_days_as=6)
    with pytest.raises(CalendarError, match="need hours"):
        Calendar("x", hours=(), cut_off=time(17))


def test_naive_times_and_wrong_fractions_are_refused() -> None:
    naive = datetime(2026, 3, 5)  # noqa: DTZ001
    with pytest.raises(ValueError, match="no time zone"):
        deadline(naive, Duration(1), OFFICE)
    with pytest.raises(ValueError, match="between 0 and 1"):
        fraction_point(naive.replace(tzinfo=UTC), Duration(1), OFFICE, 1.1)


law = settings(deadline=None)  # the first look at a calendar lays out its years

FIRST, LAST = datetime(2025, 12, 20, tzinfo=UTC), datetime(2027, 1, 20, tzinfo=UTC)
CHANGES = [datetime(2026, 3, 8, 5, tzinfo=UTC), datetime(2026, 11, 1, 4, tzinfo=UTC), datetime(2026, 4, 4, tzinfo=UTC)]
milliseconds = st.integers(0, (LAST - FIRST) // timedelta(milliseconds=1)).map(lambda n: timedelta(milliseconds=n))
near_a_change = st.tuples(st.sampled_from(CHANGES), st.integers(-60, 60)).map(
    lambda x: x[0] + timedelta(minutes=5 * x[1])
)
instants = milliseconds.map(lambda ms: FIRST + ms) | near_a_change
calendars = st.sampled_from(CALENDARS)
work = st.integers(1, 100 * 3_600_000).map(lambda ms: Duration(0, ms / 1000))
targets = (
    st.builds(lambda days, ms: Duration(days, ms / 1000), st.integers(0, 40), st.integers(0, 10**8))
    | st.integers(0, 40).map(Duration)
    | work
)
fractions = st.floats(0, 1)
ordered_pair = st.tuples(instants, instants).map(sorted)
ordered_three = st.tuples(instants, instants, instants).map(sorted)


@law
@given(instants, targets, calendars)
def test_nothing_is_due_before_it_counts(start: datetime, target: Duration, calendar: Calendar) -> None:
    begin, due_at = counts_from(start, calendar), deadline(start, target, calendar)
    assert start <= begin <= due_at
    assert due_at.tzinfo is UTC
    assert due_at.microsecond % 1000 == 0


@law
@given(instants, targets)
def test_always_is_plain_addition(start: datetime, target: Duration) -> None:
    due_at = start + timedelta(days=target.days, milliseconds=target.millis)
    assert deadline(start, target, ALWAYS) == due_at
    assert elapsed(start, due_at, ALWAYS) == due_at - start
    assert deadline(start, target, Calendar("utc", "UTC")) == due_at


@law
@given(instants, work, calendars)
def test_working_time_is_used_up_at_the_deadline_and_not_before(
    start: datetime, target: Duration, calendar: Calendar
) -> None:
    begin, due_at = counts_from(start, calendar), deadline(start, target, calendar)
    assert elapsed(begin, due_at, calendar) == target.plain()
    assert elapsed(begin, due_at - timedelta(milliseconds=1), calendar) < target.plain()


@law
@given(instants, targets, targets, calendars)
def test_more_time_is_never_due_sooner(start: datetime, one: Duration, more: Duration, calendar: Calendar) -> None:
    both = Duration(one.days + more.days, (one.millis + more.millis) / 1000)
    if one.days or one.millis:
        assert deadline(start, one, calendar) <= deadline(start, both, calendar)


@law
@given(ordered_pair, work, st.sampled_from([calendar for calendar in CALENDARS if calendar is not BOSTON]))
def test_later_starts_have_later_deadlines_in_hours(pair: list[datetime], target: Duration, calendar: Calendar) -> None:
    assert deadline(pair[0], target, calendar) <= deadline(pair[1], target, calendar)


@law
@given(
    ordered_pair,
    targets,
    st.sampled_from([ALWAYS, OFFICE_BY_EVENING, WEEKDAYS, WEEKDAYS_TO_FIVE, EVERY_DAY, HALF_HOUR_SUMMER]),
)
def test_later_starts_have_later_deadlines_in_days(pair: list[datetime], target: Duration, calendar: Calendar) -> None:
    """But for the hour that happens twice: its second half has earlier wall times than the end of its first."""
    if all(at.astimezone(calendar.zone).fold == 0 for at in pair):
        assert deadline(pair[0], target, calendar) <= deadline(pair[1], target, calendar)


@law
@given(instants, targets, calendars, fractions, fractions)
def test_fractions_are_in_order_and_end_at_the_deadline(
    start: datetime, target: Duration, calendar: Calendar, one: float, other: float
) -> None:
    due_at = deadline(start, target, calendar)
    early, late = sorted((one, other))
    points = [fraction_point(start, target, calendar, fraction) for fraction in (0, early, late, 1)]
    assert points == sorted(points)
    assert points[0] == counts_from(start, calendar)
    assert points[-1] == due_at


@law
@given(ordered_three, calendars)
def test_working_time_adds_up(three: list[datetime], calendar: Calendar) -> None:
    a, b, c = three
    assert elapsed(a, b, calendar) + elapsed(b, c, calendar) == elapsed(a, c, calendar)
    assert timedelta(0) <= elapsed(a, b, calendar) <= b - a
    assert elapsed(b, a, calendar) == timedelta(0)


@law
@given(instants, ordered_three, calendars)
def test_a_pause_moves_the_deadline_by_what_it_took(
    due_at: datetime, three: list[datetime], calendar: Calendar
) -> None:
    a, b, c = three
    moved = shift(due_at, a, c, calendar)
    assert moved >= due_at
    assert shift(due_at, a, a, calendar) == due_at
    if c < due_at:
        assert elapsed(due_at, moved, calendar) == elapsed(a, c, calendar)
        assert shift(shift(due_at, a, b, calendar), b, c, calendar) == moved


@law
@given(instants, work, ordered_pair, st.sampled_from([ALWAYS, OFFICE, WEEKDAYS, EVERY_DAY, NIGHTS]))
def test_what_was_left_at_the_pause_is_left_after_it(
    start: datetime, target: Duration, pause: list[datetime], calendar: Calendar
) -> None:
    due_at = deadline(start, target, calendar)
    left = elapsed(pause[0], due_at, calendar)
    if left:
        assert elapsed(pause[1], shift(due_at, pause[0], pause[1], calendar), calendar) == left


@law
@given(milliseconds, targets, st.sampled_from([OFFICE, OFFICE_TO_FIVE, OFFICE_BY_EVENING, BOSTON, NIGHTS]))
def test_the_same_wall_times_give_the_same_wall_times_in_another_zone(
    after: timedelta, target: Duration, calendar: Calendar
) -> None:
    def wall_deadline(zone: str) -> datetime:
        start = (FIRST + after).replace(tzinfo=ZoneInfo(zone))
        return deadline(start, target, replace(calendar, timezone=zone)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)

    assert wall_deadline("Asia/Shanghai") == wall_deadline("Asia/Kolkata") == wall_deadline("Pacific/Honolulu")


def is_worked(at: datetime, calendar: Calendar) -> bool:
    """Whether the minute from ``at`` is worked, told by looking at the clock on the wall."""
    here = at.astimezone(calendar.zone)
    today, wall = here.date(), here.time()
    nights = [(opens, closes) for opens, closes in calendar.spans(today - timedelta(days=1)) if closes <= opens]
    return any(opens <= wall and (wall < closes or closes <= opens) for opens, closes in calendar.spans(today)) or any(
        wall < closes for _, closes in nights
    )


ticks = st.lists(st.integers(0, 95), min_size=2, max_size=6, unique=True).map(sorted)
clock_times = ticks.map(lambda found: [time(n // 4, n % 4 * 15) for n in found])
day_spans = clock_times.map(lambda found: tuple(zip(found[::2], found[1::2], strict=False)))
night_spans = day_spans.map(lambda spans: (*spans[:-1], (spans[-1][0], spans[0][0])))
any_hours = st.lists(day_spans | night_spans | st.just(OFF), min_size=7, max_size=7).map(tuple)
days_of_spring = st.frozensets(st.integers(1, 9).map(lambda day: date(2026, 3, day)), max_size=3)


@settings(deadline=None, max_examples=40)
@given(any_hours, days_of_spring, st.integers(0, 400), st.integers(0, 400), st.sampled_from(["Asia/Shanghai", "UTC"]))
def test_it_agrees_with_counting_minutes(
    hours: tuple[tuple[Span, ...], ...], holidays: frozenset[date], skip: int, length: int, zone: str
) -> None:
    calendar = Calendar("any", zone, hours, holidays=holidays)
    step = timedelta(minutes=15)
    start = datetime(2026, 3, 2, tzinfo=UTC) + skip * step
    counted = sum(is_worked(start + n * step, calendar) for n in range(length)) * step
    assert elapsed(start, start + length * step, calendar) == counted
