"""Who is told of what, when a delivery is tried again, and when a receiver is left alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.alerts.wording import title
from services.notifier.domain.recipients import AlertTrigger, Notice, notices
from services.notifier.domain.retry import OPEN_MAX, OPENS_AFTER, WEBHOOK_RETRY_SECONDS, Circuit, next_attempt
from shared.contracts.catalogue import CATALOGUE

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TRIGGER = AlertTrigger(
    type="case.opened.v1", unit="xingfu", within="grid-7", offered_to=None, act=None, tell=("hede",), assignee=None
)


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        (replace(TRIGGER, tell=()), [Notice("new", "xingfu", "A"), Notice("new", "grid-7", "B")]),
        (replace(TRIGGER, tell=(), within=None), [Notice("new", "xingfu", "A"), Notice("new", "xingfu", "B")]),
        (TRIGGER, [Notice("new", "xingfu", "A"), Notice("new", "grid-7", "B"), Notice("new", "hede", "A")]),
        (
            replace(TRIGGER, type="case.placed.v1"),
            [Notice("answered", "xingfu", "A"), Notice("answered", "grid-7", "B")],
        ),
        (
            replace(TRIGGER, type="case.placed.v1", tell=()),
            [Notice("moved", "xingfu", "A"), Notice("moved", "grid-7", "B")],
        ),
        (
            replace(TRIGGER, type="case.reopened.v1", tell=("jianhua",)),
            [Notice("reopened", "xingfu", "A"), Notice("reopened", "grid-7", "B"), Notice("reopened", "jianhua", "A")],
        ),
        (replace(TRIGGER, type="clock.warned.v1"), [Notice("reminder", "xingfu", "A")]),
        (replace(TRIGGER, type="clock.breached.v1"), [Notice("breach", "xingfu", "A")]),
        (replace(TRIGGER, type="case.escalated.v1", act="tell", clock="resolve"), [Notice("breach", "hede", "A")]),
        (replace(TRIGGER, type="case.escalated.v1", act="tell"), [Notice("told", "hede", "A")]),
        (
            replace(TRIGGER, type="case.escalated.v1", act="tell", clock="resolve", early=True),
            [Notice("reminder", "hede", "A")],
        ),
        (replace(TRIGGER, type="case.escalated.v1", act="supervise"), [Notice("supervise", "hede", "A")]),
        (replace(TRIGGER, type="case.escalated.v1", act="move_to"), [Notice("moved", "hede", "A")]),
        (replace(TRIGGER, type="case.escalated.v1"), [Notice("told", "hede", "A")]),
        (replace(TRIGGER, type="case.offered.v1", tell=("jianhua",)), [Notice("offered", "jianhua", "A")]),
        (replace(TRIGGER, type="case.moved.v1"), [Notice("moved", "xingfu", "A")]),
        (replace(TRIGGER, type="case.assigned.v1", assignee="li"), [Notice("assigned", "xingfu", person="li")]),
        (replace(TRIGGER, type="case.assigned.v1"), []),
        (replace(TRIGGER, type="clock.warned.v1", part="p1"), [Notice("reminder", "hede", "A")]),
        (
            replace(TRIGGER, type="clock.breached.v1", part="p1", tell=("power", "xingfu")),
            [Notice("breach", "power", "A"), Notice("breach", "xingfu", "A")],
        ),
        (replace(TRIGGER, type="case.called_in.v1"), [Notice("called", "hede", "A"), Notice("called", "hede", "B")]),
        (replace(TRIGGER, type="case.part_started.v1"), [Notice("called", "hede", "A"), Notice("called", "hede", "B")]),
        (replace(TRIGGER, type="case.reported_in.v1"), [Notice("reported_in", "hede", "A")]),
        (replace(TRIGGER, type="case.part_finished.v1"), [Notice("finished", "hede", "A")]),
        (replace(TRIGGER, type="case.part_excused.v1"), [Notice("excused", "hede", "A")]),
        (replace(TRIGGER, type="case.consulted.v1"), [Notice("consulted", "hede", "A")]),
        (replace(TRIGGER, type="case.concluded.v1"), [Notice("concluded", "hede", "A")]),
        (replace(TRIGGER, type="case.planned.v1"), [Notice("planned", "hede", "A")]),
        (replace(TRIGGER, type="case.follow_up.v1"), [Notice("follow_up", "hede", "A")]),
        (
            replace(TRIGGER, type="case.follow_up.v1", effect=True),
            [Notice("follow_up", "hede", role="inspector"), Notice("follow_up", "hede", "A")],
        ),
        (replace(TRIGGER, type="case.supervised.v1"), [Notice("supervise", "hede", "A")]),
        (replace(TRIGGER, type="case.forgotten.v1"), [Notice("forgotten", "hede", "A")]),
        (replace(TRIGGER, type="case.info_given.v1"), [Notice("answered", "hede", "A")]),
        (replace(TRIGGER, type="case.info_missing.v1"), [Notice("unanswered", "hede", "A")]),
        (replace(TRIGGER, type="clock.pause_requested.v1"), [Notice("asked", "hede", "A")]),
        (replace(TRIGGER, type="clock.extension_requested.v1"), [Notice("asked", "hede", "A")]),
        (replace(TRIGGER, type="clock.extended.v1"), [Notice("decided", "hede", "A")]),
        (replace(TRIGGER, type="clock.pause_refused.v1"), [Notice("refused", "hede", "A")]),
        (
            replace(TRIGGER, type="clock.extended.v1", asked_by="wang", by="chief"),
            [Notice("decided", "hede", person="wang"), Notice("decided", "hede", "A")],
        ),
        (replace(TRIGGER, type="clock.paused.v1", asked_by="wang", by="wang"), [Notice("decided", "hede", "A")]),
        (replace(TRIGGER, type="case.refused.v1"), [Notice("declined", "hede", "A")]),
        (replace(TRIGGER, type="case.noted.v1", reporter_word="withdrawn"), [Notice("withdrawn", "hede", "A")]),
        (replace(TRIGGER, type="case.confirmed.v1", reporter_word="fixed"), [Notice("fixed", "hede", "A")]),
        (
            replace(TRIGGER, type="case.resolved.v1", by="li"),
            [Notice("inspect", "hede", role="inspector", or_desk=True, but="li")],
        ),
        (replace(TRIGGER, type="case.closed.v1"), []),
        (replace(TRIGGER, type="case.noted.v1"), []),
    ],
)
def test_each_event_tells_those_whom_it_concerns(trigger: AlertTrigger, expected: list[Notice]) -> None:
    assert notices(trigger) == expected


@pytest.mark.parametrize("type_", sorted(CATALOGUE))
def test_a_historic_case_tells_nobody(type_: str) -> None:
    assert notices(replace(TRIGGER, type=type_, act="tell", assignee="li", quiet=True)) == []


@pytest.mark.parametrize("type_", sorted(CATALOGUE))
@pytest.mark.parametrize("act", [None, "tell", "supervise", "move_to"])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_notice_has_a_title(type_: str, act: str | None, language: str) -> None:
    for notice in notices(replace(TRIGGER, type=type_, act=act, assignee="li")):
        assert title(notice.kind, "normal", language)


@pytest.mark.parametrize(
    ("kind", "danger", "urgent", "normal"),
    [
        ("new", "危急提醒", "紧急·工单提醒", "工单提醒"),
        ("reminder", "危急·催办", "紧急·催办", "催办"),
        ("breach", "危急·已超时", "紧急·已超时", "已超时"),
        ("supervise", "危急·督办", "紧急·督办", "督办"),
        ("inspect", "危急·待核查", "紧急·待核查", "待核查"),
    ],
)
def test_danger_and_urgency_stay_in_every_title_of_a_case(kind: str, danger: str, urgent: str, normal: str) -> None:
    assert [title(kind, priority, "zh-CN") for priority in ("danger", "urgent", "normal", "low")] == [
        danger,
        urgent,
        normal,
        normal,
    ]


def test_titles_of_danger_and_urgency_in_english() -> None:
    assert [title(kind, priority, "en") for kind in ("new", "breach") for priority in ("danger", "urgent")] == [
        "Danger",
        "Urgent: New case",
        "Danger: Overdue",
        "Urgent: Overdue",
    ]


@pytest.mark.parametrize("kind", ["unattended", "unrouted", "test", "duty"])
def test_what_is_about_no_case_or_must_not_say_which_has_no_priority(kind: str) -> None:
    assert title(kind, "danger", "zh") == title(kind, "normal", "zh")


@given(st.integers(1, len(WEBHOOK_RETRY_SECONDS)), st.floats(0, 1))
def test_a_retry_waits_as_the_schedule_says_and_up_to_a_fifth_longer(failed: int, jitter: float) -> None:
    again = next_attempt(failed, NOW, jitter)
    assert again is not None
    waits = (again - NOW).total_seconds()
    assert WEBHOOK_RETRY_SECONDS[failed - 1] <= waits <= WEBHOOK_RETRY_SECONDS[failed - 1] * 1.2 + 0.001


def test_the_schedule_lasts_about_two_to_three_days_and_then_it_is_given_up() -> None:
    assert timedelta(days=2) < timedelta(seconds=sum(WEBHOOK_RETRY_SECONDS)) < timedelta(days=3)
    assert list(WEBHOOK_RETRY_SECONDS) == sorted(WEBHOOK_RETRY_SECONDS)
    assert next_attempt(len(WEBHOOK_RETRY_SECONDS) + 1, NOW, 0.5) is None


@pytest.mark.parametrize(
    ("asked", "seconds"), [(120.0, 120), (0.5, 1), (-5.0, 1), (1e9, 3600), (float("inf"), 3600), (float("nan"), 1)]
)
def test_a_receiver_may_ask_for_patience_up_to_an_hour(asked: float, seconds: float) -> None:
    assert next_attempt(1, NOW, 0.0, asked) == NOW + timedelta(seconds=seconds)


def failed(times: int) -> Circuit:
    circuit = Circuit()
    for _ in range(times):
        circuit = circuit.after_failure(NOW)
    return circuit


def test_a_receiver_is_left_alone_after_five_failures_in_a_row_and_then_tried_once_more() -> None:
    assert failed(OPENS_AFTER - 1).closed(NOW)
    opened = failed(OPENS_AFTER)
    assert not opened.closed(NOW + timedelta(seconds=4.9))
    assert opened.closed(NOW + timedelta(seconds=5))


def test_each_further_failure_waits_twice_as_long_up_to_five_minutes() -> None:
    waits = [(until - NOW) for n in range(OPENS_AFTER, 60) if (until := failed(n).until) is not None]
    assert waits[:4] == [timedelta(seconds=s) for s in (5, 10, 20, 40)]
    assert waits == sorted(waits)
    assert waits[-1] == OPEN_MAX
