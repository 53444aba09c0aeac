"""Promise: whoever reads that his report was not taken on reads that he may object once, until when and how."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from services.intake.http.report_view import ReportView, report_view
from services.intake.reports.progress_record import ReportStatus, progress_of
from services.notifier.delivery.webhook_payload import payload
from services.router.cases.published_events import to_envelopes
from services.router.domain.apply import apply_all
from services.router.domain.case import Case
from services.router.domain.commands.decide import decide
from services.router.domain.commands.inspection import judged
from services.router.domain.events import Noted, Rated
from shared.city.reading import read_folder, read_pack
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from tests.kit.made_cases import COUNTY_DESK, T0, do, full, minutes, opened, review_by
from tests.kit.made_reports import TRACE, record
from tests.packs import HARBOUR, SHEYANG, pack_of

ANOTHER = replace(COUNTY_DESK, person="county-second")
ENDS = T0 + timedelta(days=15)


def rejected() -> Case:
    case = do(opened(), "reject", said="属于信访事项。请向信访部门提出", review_clock=review_by(T0))
    return apply_all(case, decide(case, full("approve_reject", object_by=ENDS), COUNTY_DESK, T0))


def read(case: Case, days: float = 0, folder: Path = SHEYANG) -> ReportView:
    """What the reporter reads so many days after the rejection."""
    (event,) = to_envelopes(apply_all(case, [Noted(at=T0)]), [Noted(at=T0)], TRACE)
    status = ReportStatus(record(), progress_of(decode(event, CaseEvent)))
    return report_view(status, pack_of(folder), T0 + timedelta(days=days))


def test_the_message_and_a_field_say_until_when_and_how() -> None:
    view = read(rejected())
    assert view.objection is not None
    assert view.objection.until == ENDS
    assert "3月17日16:00前提出一次异议" in view.objection.text
    assert "评价选“不满意”，写明理由" in view.objection.text
    assert view.message is not None
    assert view.message.endswith(view.objection.text)
    assert "请向信访部门提出" in view.message


def test_in_english_too() -> None:
    view = read(rejected(), folder=HARBOUR)
    assert view.objection is not None
    assert view.objection.text.startswith("If you disagree, object once, before 9:00 on 17 March: rate it 1")


@pytest.mark.parametrize("late", [15, 30])
def test_when_the_time_is_over_nothing_is_offered_any_more(late: int) -> None:
    view = read(rejected(), days=late)
    assert view.objection is None
    assert "异议" not in (view.message or "")


def test_who_has_objected_is_not_told_to_object() -> None:
    case = rejected()
    objected = apply_all(case, judged(case, Rated(at=T0, score=1, text="不对"), None, review_by(T0)))
    view = read(objected)
    assert view.objection is None
    upheld = do(objected, "refuse_objection", ANOTHER, T0 + minutes(9))
    assert read(upheld).objection is None


def test_the_apps_webhook_says_the_same_sentence_and_day() -> None:
    (event,) = to_envelopes(apply_all(rejected(), [Noted(at=T0)]), [Noted(at=T0)], TRACE)
    pack = read_pack(read_folder(SHEYANG))
    (told,) = json.loads(payload(event, decode(event, CaseEvent), "app", pack))["data"]["report_details"]
    assert msgspec.convert(told["object_by"], type(ENDS), strict=False) == ENDS
    assert told["message"] == read(rejected()).message
