"""Promise: no word of a sensitive case leaves it, to nobody; what only may be sensitive is kept from groups; who reads
a sensitive case is on its record."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.intake.http.report_view import report_view
from services.intake.reports.progress_record import ReportStatus, progress_of
from services.notifier.alerts.alert_plan import plan_alerts
from services.notifier.delivery.webhook_payload import payload
from services.router.cases.case_views import answer, row
from services.router.cases.published_events import to_envelopes
from services.router.cases.readings import Readings
from services.router.cases.visibility import seen_by
from services.router.domain.apply import apply_all
from services.router.domain.case import Case
from services.router.domain.case_parts.marks import Sensitive
from services.router.domain.events import Noted
from services.router.domain.values import replace
from services.router.queues.wall import on_the_wall
from services.router.search_words import words_of
from shared.city.people.on_duty import NO_CHANGES
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from shared.kernel.clock import StoppedClock
from shared.kernel.errors import Refusal
from shared.runtime.identity.directory import Principal
from tests.kit.duty import MORNING, Duty, gardens
from tests.kit.made_reports import TRACE, record

WORD = "zebra"
DESK = Principal(kind="officer", city="gardens", person="jingang.duty", unit="jingang", role="duty_officer")


def sensitive() -> Case:
    """A case that was marked, with the word in every field that somebody wrote."""
    duty = Duty.reported(f"有人要跳楼 {WORD}", place=f"金港花园3号楼 {WORD}")
    duty.does("county.duty", "mark_sensitive", kind="self_harm", text=WORD)
    return duty.case


def everything(duty: Duty) -> list[Envelope]:
    """The events of everything that may happen to it, with the word in every text."""
    events: list[Envelope] = []
    becomes = duty.becomes

    def kept(change: Any) -> None:
        events.extend(change.envelopes)
        becomes(change)

    duty.becomes = kept  # type: ignore[method-assign]
    duty.does("county.duty", "mark_sensitive", kind="self_harm", text=WORD)
    duty.does("jingang.duty", "claim")
    duty.does("jingang.duty", "note", text=WORD)
    duty.does("jingang.duty", "escalate", reason=WORD)
    duty.does("jingang.duty", "call_in", units=["power"], reason=WORD)
    duty.does("power.desk", "finish_part", part=duty.part("power").id, text=WORD)
    duty.does("jingang.duty", "request_info", text=f"{WORD}?")
    duty.waits("P9D")
    duty.does("town.duty", "supervise", reason=WORD)
    duty.does("town.duty", "resolve", how="repair", text=WORD)
    duty.does("county.duty", "inspect", ok=False, text=WORD)
    duty.does("jingang.duty", "reject", reason="not_covered", text=WORD)
    return events


def test_no_word_of_it_is_in_any_event_alert_or_webhook() -> None:
    pack = gardens()
    events = everything(Duty.reported(f"有人要跳楼 {WORD}", place=f"金港花园3号楼 {WORD}"))
    assert len({event.type for event in events}) > 10
    for event in events:
        assert WORD not in event.data, event.type
        data = decode(event, CaseEvent)
        assert (data.case.lon, data.case.lat, data.case.place) == (None, None, None)
        alerts = plan_alerts(event, data, pack, NO_CHANGES, (), MORNING)
        assert WORD not in str(alerts)
        assert all(alert.group_text is not None and alert.category is None for alert in alerts)
        assert WORD not in payload(event, data, "rider-app-2", pack)


def test_rows_of_queues_have_no_word_of_it_and_no_text_search_finds_it() -> None:
    case = sensitive()
    assert WORD not in str(row(case))
    assert WORD in answer(case, None, gardens()).description
    assert WORD not in words_of(case)


def test_officers_read_no_word_of_its_report_where_nobody_records_it_and_its_reporter_does() -> None:
    case = sensitive()
    (event,) = to_envelopes(case, [Noted(at=MORNING)], TRACE, seen_by=seen_by(case, gardens()))
    status = ReportStatus(record(description=WORD), progress_of(decode(event, CaseEvent)))
    assert WORD not in str(report_view(status, gardens(), MORNING, words=False))
    assert report_view(status, gardens(), MORNING).description == WORD


def test_the_unit_that_is_told_sees_it() -> None:
    case = replace(Duty.reported("路灯坏了").case, sensitive=Sensitive("media", "power"))
    assert "power" in seen_by(case, gardens())


def test_what_is_only_suspected_is_kept_from_groups_and_told_at_once() -> None:
    case = Duty.reported(f"有人要跳楼 {WORD}").case
    (event,) = to_envelopes(case, [Noted(at=MORNING)], TRACE, seen_by=seen_by(case, gardens()))
    opened = msgspec.structs.replace(event, type="case.opened.v1")
    data = msgspec.structs.replace(decode(event, CaseEvent), tell=["county"])
    alerts = plan_alerts(opened, data, gardens(), NO_CHANGES, (), MORNING)
    assert {alert.recipient for alert in alerts} >= {"county.duty", "jingang.duty"}
    for alert in alerts:
        assert alert.at_once
        assert alert.group_text is not None
        assert WORD not in alert.group_text


class Memory:
    """The one case, and how often others change it first."""

    def __init__(self, case: Case, lost: int = 0) -> None:
        self.case, self.lost = case, lost

    def of(self, case: Case, happened: Any) -> Any:
        self.after = apply_all(case, happened)
        return self

    async def save(self, change: Any) -> bool:
        if self.lost:
            self.lost -= 1
            return False
        self.case = self.after
        return True

    async def load(self, id_: str) -> tuple[Case, dict[str, Any]]:
        return self.case, {}


def readings(memory: Any, minutes: int = 0) -> Readings:
    return Readings(memory, memory, StoppedClock(MORNING + timedelta(minutes=minutes)))


async def test_who_reads_it_is_on_its_record_once_an_hour_before_anything_is_shown() -> None:
    memory = Memory(sensitive(), lost=2)
    case = await readings(memory).recorded(memory.case, DESK)
    assert (case.history[-1].what, case.history[-1].by) == ("case.read", "jingang.duty")
    assert await readings(memory, 59).recorded(case, DESK) is case
    later = await readings(memory, 61).recorded(case, DESK)
    assert [line.what for line in later.history].count("case.read") == 2


async def test_what_cannot_be_recorded_is_not_read() -> None:
    memory = Memory(sensitive(), lost=100)
    with pytest.raises(Refusal) as refused:
        await readings(memory).recorded(memory.case, DESK)
    assert refused.value.status == 503


async def test_of_other_cases_no_reading_is_recorded() -> None:
    case = Duty.reported("路灯坏了").case
    assert await readings(Memory(case)).recorded(case, DESK) is case


def test_why_a_deadline_moves_stands_on_the_case_and_in_no_row_and_on_no_wall() -> None:
    """B127: an officer's reason for more time was in the rows of queues, searches and walls."""
    duty = Duty.reported("路灯坏了")
    duty.does("jingang.duty", "claim")
    due = next(clock.due_at for clock in duty.case.clocks if clock.kind == "resolve")
    duty.does("jingang.duty", "request_extension", clock="resolve", until=due + timedelta(days=1), reason=WORD)
    duty.does("town.duty", "approve_extension", clock="resolve")
    assert WORD not in str(on_the_wall(duty.case, gardens())), "also of a case that is not sensitive"
    duty.does("county.duty", "mark_sensitive", kind="media")
    (clock,) = [one for one in row(duty.case).clocks if one.kind == "resolve"]
    assert clock.due_at == due + timedelta(days=1)
    assert WORD not in str(row(duty.case))
    assert WORD in str(answer(duty.case, None, gardens()))
