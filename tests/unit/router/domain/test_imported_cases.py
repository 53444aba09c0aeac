"""Promise: what was dealt with before it was imported is history: in no live queue, with no clock that runs, and nobody
is told. What is still open is in the queue with its clocks, and pages nobody for what was due before it came."""

from datetime import timedelta
from typing import Any

import pytest

from services.router.cases.case_views import row
from services.router.cases.published_events import to_envelopes, to_state
from services.router.cases.stored.case_document import queues_of
from services.router.dedup.placement import arrived
from services.router.dedup.report_links import Link
from services.router.domain.apply import apply_all
from services.router.domain.attachment import ArrivedReport, AttachmentRules, PriorityRise, attach
from services.router.domain.case import Case, State
from services.router.domain.case_parts.report import Report
from services.router.domain.timer_rules import due
from services.router.queues.queue_pages import QueueQuery, filtered
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.contracts.envelope import HISTORY, LIVE
from tests.kit.made_cases import T0, do, fired, fresh, in_state, opened

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


RULES = AttachmentRules(
    rising=(PriorityRise(reports=5, priority="urgent", tell="own"),), reopens_up=True, clock=fresh(T0)
)


def report(number: int, *, quiet: bool, **fields: Any) -> ArrivedReport:
    return ArrivedReport(**{"report": Report(f"r{number}", "app", T0), "priority": "danger", "quiet": quiet, **fields})


def told(case: Case, *reports: ArrivedReport) -> dict[str, tuple[bool, list[str]]]:
    """By type of event, as the other services read it: whether it is quiet, and whose desks are alerted."""
    happened = attach(case, reports, 5, RULES, T0)
    read = [(e.type, decode(e, CaseEvent)) for e in to_envelopes(apply_all(case, happened), happened, "", case)]
    return {type_: (data.quiet, data.tell) for type_, data in read if type_ != "case.report_attached.v1"}


@pytest.mark.parametrize("state", [State.QUEUED, State.CLOSED])
def test_an_open_item_that_joins_a_case_changes_it_as_any_report_does_and_alerts_nobody(state: State) -> None:
    case = in_state(state)
    live, imported = told(case, report(2, quiet=False)), told(case, report(2, quiet=True))
    assert "case.priority_raised.v1" in live and ("case.reopened.v1" in live) == (state is State.CLOSED)
    assert not any(quiet for quiet, _ in live.values()) and any(desks for _, desks in live.values())
    assert imported == {type_: (True, []) for type_ in live}


def test_an_open_item_that_says_fixed_alerts_nobody_either() -> None:
    assert told(opened(), report(2, quiet=True, says="fixed")) == {"case.confirmed.v1": (True, [])}
    assert told(opened(), report(2, quiet=False, says="fixed"))["case.confirmed.v1"] == (False, [opened().unit])


def test_beside_an_open_item_what_a_live_report_causes_alerts_as_usual() -> None:
    """The danger is the imported item's and quiet; that there are five reports is the live one's too."""
    both = [report(2, quiet=True), report(3, quiet=False, priority="normal")]
    happened = attach(in_state(State.QUEUED), both, 5, RULES, T0)
    raised = [event for event in happened if event.TYPE == "case.priority_raised.v1"]
    assert [event.quiet for event in raised] == [True, False]


def test_what_an_importer_brought_in_open_is_attached_quietly() -> None:
    link = Link(report="r2", city="sheyang", case="c1", received_at=T0, rev=1)
    assert [arrived(link, opened(quiet_until=until)).quiet for until in (None, BREACHED)] == [False, True]
