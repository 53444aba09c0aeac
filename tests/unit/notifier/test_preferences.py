"""Personal rules: delays, quiet hours over midnight, a limit that no time of any length exceeds."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.preferences import ChannelPreference, Limit, Preferences, QuietTime, next_page

ZONE = ZoneInfo("Europe/Amsterdam")
NIGHT = Preferences(quiet=(QuietTime(time(22), time(7)),))
START = datetime(2026, 3, 2, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def test_a_channel_without_a_rule_tells_everything_at_once() -> None:
    rules = Preferences((ChannelPreference("sms", timedelta(minutes=5), frozenset({"urgent"})),))
    assert rules.delay("sms", "urgent") == timedelta(minutes=5)
    assert rules.delay("sms", "normal") is None
    assert rules.delay("wecom", "normal") == timedelta(0)


def test_quiet_hours_run_over_midnight() -> None:
    assert NIGHT.quiet_until(at("2026-03-03 23:00")) == at("2026-03-04 07:00")
    assert NIGHT.quiet_until(at("2026-03-04 06:59")) == at("2026-03-04 07:00")
    assert NIGHT.quiet_until(at("2026-03-04 07:00")) is None
    assert NIGHT.quiet_until(at("2026-03-04 21:59")) is None


def test_of_two_quiet_times_the_later_end_holds() -> None:
    rules = Preferences(quiet=(QuietTime(time(22), time(7)), QuietTime(time(6), time(9))))
    assert rules.quiet_until(at("2026-03-04 06:30")) == at("2026-03-04 09:00")


@given(st.integers(0, 23), st.integers(0, 23), st.integers(0, 3 * 24 * 60))
def test_quiet_hours_end_when_they_say_and_never_begin_again_at_once(start: int, end: int, minutes: int) -> None:
    if start == end:
        return
    rules = Preferences(quiet=(QuietTime(time(start), time(end)),))
    local = (START + timedelta(minutes=minutes)).astimezone(ZONE)
    until = rules.quiet_until(local)
    hours = {(start + n) % 24 for n in range((end - start) % 24)}
    assert (until is not None) == (local.hour in hours)
    if until is not None:
        assert local < until <= local + timedelta(days=1)
        assert until.time() == time(end)
        assert rules.quiet_until(until) is None


@given(st.integers(1, 5), st.lists(st.integers(0, 600), min_size=1, max_size=40))
def test_in_no_time_are_there_more_pages_than_the_limit_and_none_waits_without_need(
    most: int, arrivals: list[int]
) -> None:
    limit = Limit(most, timedelta(minutes=60))
    paged: list[datetime] = []
    for minute in sorted(arrivals):
        now = START + timedelta(minutes=minute)
        until = next_page(limit, paged, now)
        if until is None:
            paged.append(now)
        else:
            assert until > now
            assert next_page(limit, paged, until) is None, "there is room when it says"
    for n, first in enumerate(paged):
        assert sum(first <= other < first + limit.per for other in paged[n:]) <= most
