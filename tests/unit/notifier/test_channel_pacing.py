"""How many messages a receiver is sent: never more than it takes, danger soon whatever else there is, all at last."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.rate_limit import GATHER, GATHER_DANGER, WINDOW, Pace, next_message

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ROBOT = Pace(20)
LISTED = 8
"""As many alerts as a list holds in these tests."""


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_few_alerts_have_a_message_each() -> None:
    assert next_message(ROBOT, [], NOW, danger=False, waiting=1, fills=False) == "one"
    assert next_message(ROBOT, [], NOW, danger=False, waiting=10, fills=True) == "one"


def test_many_alerts_are_listed_at_once() -> None:
    assert next_message(ROBOT, [], NOW, danger=False, waiting=11, fills=True) == "list"
    assert next_message(ROBOT, [NOW] * 9, NOW, danger=False, waiting=2, fills=False) == "list"


def test_after_half_of_a_minutes_messages_others_are_gathered_unless_they_fill_one() -> None:
    sent = [NOW] * 10
    assert next_message(ROBOT, sent, NOW, danger=False, waiting=3, fills=False) == NOW + GATHER
    assert next_message(ROBOT, sent, after(10), danger=False, waiting=3, fills=False) == "list"
    assert next_message(ROBOT, sent, NOW, danger=False, waiting=30, fills=True) == "list"


def test_a_fifth_is_kept_for_danger() -> None:
    sent = [NOW] * 16
    assert next_message(ROBOT, sent, NOW, danger=False, waiting=99, fills=True) == NOW + WINDOW
    assert next_message(ROBOT, sent, NOW, danger=True, waiting=1, fills=False) == "one"


def test_much_danger_waits_for_twenty_seconds_at_most_while_the_robot_takes_anything() -> None:
    sent = [NOW] * 17
    assert next_message(ROBOT, sent, NOW, danger=True, waiting=1, fills=False) == NOW + GATHER_DANGER
    assert next_message(ROBOT, sent, after(20), danger=True, waiting=1, fills=False) == "one"
    assert next_message(ROBOT, [NOW] * 20, NOW, danger=True, waiting=1, fills=False) == NOW + WINDOW


def test_messages_are_apart_where_the_robot_counts_by_the_second() -> None:
    pace = Pace(100, apart=0.2)
    assert next_message(pace, [NOW], after(0.1), danger=True, waiting=1, fills=False) == after(0.2)
    assert next_message(pace, [NOW], after(0.2), danger=True, waiting=1, fills=False) == "one"


@pytest.mark.parametrize("per_minute", [1, 2, 3, 6, 20, 100])
@given(st.data())
def test_a_flood_of_alerts_is_sent_whole_and_never_too_fast(per_minute: int, data: st.DataObject) -> None:
    """Alerts come at any times; a minute later nothing is sent faster than the robot takes, and all is sent."""
    pace = Pace(per_minute)
    comes = sorted(data.draw(st.lists(st.tuples(st.integers(0, 300), st.booleans()), min_size=1, max_size=150)))
    waiting: list[tuple[float, bool]] = []
    sent: list[datetime] = []
    late: list[float] = []
    now = NOW
    while comes or waiting:
        while comes and after(comes[0][0]) <= now:
            waiting.append(comes.pop(0))
        first = any(danger for _, danger in waiting)
        alike = [one for one in waiting if one[1] == first]
        if not alike:
            now = after(comes[0][0])
            continue
        choice = next_message(pace, sent, now, danger=first, waiting=len(alike), fills=len(alike) > LISTED)
        if isinstance(choice, datetime):
            assert choice > now, "a wait that is none would be a loop"
            now = min([choice, *(after(seconds) for seconds, _ in comes[:1])])
            continue
        sent.append(now)
        for one in alike[: LISTED if choice == "list" else 1]:
            waiting.remove(one)
            late.append((now - after(one[0])).total_seconds())
    for number, at in enumerate(sent):
        assert sum(1 for other in sent[number:] if other < at + timedelta(seconds=60)) <= per_minute
    if per_minute >= 20:
        assert max(late) <= 61 + 150 / LISTED
