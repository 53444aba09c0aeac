"""Promise: what was dealt with before it was imported is history: in no live queue, with no clock that runs, and nobody
is told. What is still open is in the queue with its clocks, and pages nobody for what was due before it came."""

from datetime import timedelta

from services.router.cases.case_store import queues_of
from services.router.cases.case_views import row
from services.router.cases.published_events import to_envelopes, to_state
from services.router.domain.apply import apply_all
from services.router.domain.timer_rules import due
from services.router.http.queue_pages import QueueQuery, filtered
from shared.contracts.envelope import HISTORY, LIVE
from tests.kit.made_cases import T0, do, fired, opened

LATER = T0 + timedelta(days=91)
BREACHED = T0 + timedelta(minutes=12)
"""The import: the clock of 10 minutes has passed, its rung of 15 and the clock of 30 minutes have not."""


def test_history_is_in_no_queue_and_shows_no_clock() -> None:
    """An old version gave it clocks, which still ran after 91 days."""
    case = opened(historic=True)
    assert queues_of(case) == []
    shown = row(case)
    assert (shown.clocks, shown.due_at) == ([], None)
    assert to_state(case).clocks == []
    assert case.next_due is None and due(case, LATER) == []


def test_a_queue_lists_live_cases_and_history_only_when_asked_for() -> None:
    live, _ = filtered("harbour", "quayside", QueueQuery(subtree=True))
    history, _ = filtered("harbour", "quayside", QueueQuery(subtree=True, historic=True))
    assert (live["historic"], history["historic"]) == ({"$ne": True}, True)


def test_an_open_item_is_in_the_queue_and_its_clocks_run_from_when_it_was_received() -> None:
    case = opened(quiet_until=BREACHED)
    assert queues_of(case) == [case.unit]
    assert [clock.started_at for clock in case.clocks] == [T0] * len(case.clocks)
    assert len(row(case).clocks) == len(case.clocks)


def test_what_was_due_before_the_import_is_recorded_as_of_the_import_and_pages_nobody() -> None:
    case = opened(quiet_until=BREACHED)
    happened = due(case, BREACHED + timedelta(seconds=5))
    assert [event.TYPE for event in happened] == ["clock.warned.v1", "case.escalated.v1", "clock.breached.v1"]
    assert {event.at for event in happened} == {BREACHED}
    after = apply_all(case, happened)
    assert {event.lane for event in to_envelopes(after, happened, "", case)} == {HISTORY}
    assert next(clock for clock in after.clocks if clock.kind == "acknowledge").state == "breached"


def test_what_comes_due_after_the_import_alerts_as_usual() -> None:
    case = fired(opened(quiet_until=BREACHED), BREACHED)
    now = T0 + timedelta(minutes=15)
    (told,) = due(case, now)
    after = apply_all(case, [told])
    assert (told.TYPE, told.at) == ("case.escalated.v1", now)
    assert [event.lane for event in to_envelopes(after, [told], "", case)] == [LIVE]
    claimed = do(case, "claim", now=now)
    assert claimed.claimed_by is not None


def test_a_standstill_over_the_import_keeps_both_apart() -> None:
    """Nobody looked at the clocks until an hour later: the half before the import is quiet, the other is not."""
    case = opened(quiet_until=BREACHED)
    now = T0 + timedelta(hours=1)
    happened = due(case, now)
    assert {event.at for event in happened} == {BREACHED, now}
    after = apply_all(case, happened)
    lanes = {event.lane for event in to_envelopes(after, happened, "", case) if event.time == now}
    assert lanes == {LIVE}
