"""Officers who act for a reporter without an app: who may, on which report, and that nobody judges his own work."""

from typing import Any

import msgspec
import pytest

from services.intake.http.on_behalf import check_judged, check_on_behalf
from services.intake.http.report_access import as_seen
from services.intake.http.report_view import report_view
from services.intake.reports.progress_record import CaseProgress, ReportStatus, progress_of
from services.intake.reports.report_events import submitted_event
from services.intake.reports.report_record import from_doc, to_doc
from services.router.cases.published_events import to_state
from services.router.cases.routing import assign
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.contracts.reports import ReportSubmitted
from shared.kernel.errors import Refusal
from shared.kernel.spelling import stored_spelling
from shared.runtime.identity.directory import Principal
from tests.kit.made_reports import APP, IMPORTER, NOW, harbour, record
from tests.kit.places import QUAY

RATING, OTHERS = "rating", ("additions", "withdraw")


def officer(person: str, **fields: Any) -> Principal:
    known = harbour().people[person]
    return Principal(kind="officer", city="harbour", person=person, unit=known.unit, role=known.role, **fields)


QS_DESK, QS_NIGHT, QS_WALK = officer("qs-desk"), officer("qs-night"), officer("qs-walk")
MF_DESK, OH_DESK, OH_CHIEF, HW_DESK = officer("mf-desk"), officer("oh-desk"), officer("oh-chief"), officer("hw-desk")


def phoned(
    who: Principal = QS_DESK, *, seen_by: tuple[str, ...] = (), worked_by: tuple[str, ...] = (), **fields: Any
) -> ReportStatus:
    """A report and its case, which is the millfield's unless ``fields`` say otherwise."""
    sent = {"location": {"unit": "millfield"}, **({"channel": "phone"} if who.kind == "officer" else {}), **fields}
    report = record(who=who, **sent)
    case, _ = assign(decode(submitted_event(report), ReportSubmitted), "harbour", harbour())
    state = msgspec.structs.replace(
        to_state(case, seen_by or [case.unit, *(unit.id for unit in case.path)]),
        state="resolved",
        worked_by=list(worked_by),
    )
    return ReportStatus(report, progress_of(CaseEvent(case=state)))


def refusal(who: Principal, status: ReportStatus, action: str = RATING) -> tuple[int, object] | None:
    try:
        check_on_behalf(who, action, status, harbour())
    except Refusal as refused:
        return refused.status, refused.extra.get("reason")
    return None


@pytest.mark.parametrize("action", [RATING, *OTHERS])
def test_who_entered_it_the_desk_there_and_the_unit_that_owns_the_case_may(action: str) -> None:
    for who in (QS_DESK, QS_NIGHT, MF_DESK):
        assert refusal(who, phoned(), action) is None
    helping = officer("hw-desk", on_duty_for=("millfield",))
    assert refusal(helping, phoned(), action) is None, "who stands in for the owner's desk"


def test_others_who_see_the_case_may_not_and_for_those_who_do_not_it_is_not_there() -> None:
    assert refusal(OH_DESK, phoned()) == (403, "not_yours")
    assert refusal(HW_DESK, phoned()) == (404, None)
    assert refusal(QS_WALK, phoned()) == (404, None), "a colleague on the ground did not take the call"


@pytest.mark.parametrize("action", [RATING, "objection"])
def test_a_colleague_on_the_ground_of_the_owner_judges_no_work_of_his_unit_for_a_caller(action: str) -> None:
    """Whoever he is: he took no call, sits at no desk, and his colleagues did what is judged."""
    ours = phoned(MF_DESK, location={"unit": "quayside"})
    assert ours.case is not None
    assert ours.case.unit == "quayside"
    assert refusal(QS_WALK, ours, action) == (403, "not_yours")
    assert refusal(QS_DESK, ours, action) is None
    assert [refusal(QS_WALK, ours, other) for other in OTHERS] == [None, None], "what he hears he may write down"
    took_it = phoned(QS_WALK, channel="visit", location={"unit": "quayside"})
    assert refusal(QS_WALK, took_it, action) is None, "who entered it himself"


@pytest.mark.parametrize("action", [RATING, *OTHERS])
def test_what_an_app_sent_only_the_app_rates_adds_to_and_withdraws(action: str) -> None:
    assert refusal(MF_DESK, phoned(APP), action) == (403, "own_app")
    assert refusal(QS_DESK, phoned(APP), action) == (404, None)


def test_who_worked_on_the_case_enters_no_rating_but_what_is_added() -> None:
    done = phoned(worked_by=("mf-desk", "qs-desk"))
    for who in (MF_DESK, QS_DESK):
        assert refusal(who, done) == (403, "own_work")
        assert [refusal(who, done, action) for action in OTHERS] == [None, None]
    assert refusal(QS_NIGHT, done) is None


def test_of_a_confidential_report_only_who_entered_it_and_its_handlers() -> None:
    secret = phoned(kind="clue", reporter={"ref": "r", "confidential": True})
    assert secret.case is not None
    assert secret.case.confidential
    owner = secret.case.unit
    assert owner == "oosterhaven"
    assert refusal(QS_DESK, secret) is None
    assert refusal(QS_NIGHT, secret) == (404, None), "the desk where it was entered"
    assert refusal(OH_CHIEF, secret) is None, "a handler"
    assert refusal(OH_DESK, secret) == (403, "not_yours"), "of the unit, but no handler"


def test_before_there_is_a_case_who_entered_it_may_and_reads_it() -> None:
    waits = ReportStatus(phoned().report)
    assert refusal(QS_NIGHT, waits) is None
    assert refusal(MF_DESK, waits) == (404, None)
    assert as_seen(waits, QS_NIGHT, harbour()) is waits
    assert as_seen(waits, MF_DESK, harbour()) is None


def test_a_report_of_an_older_version_knows_who_entered_it_but_no_unit() -> None:
    now = phoned()
    document = {name: value for name, value in to_doc(now.report).items() if name != "entered_unit"}
    old = ReportStatus(from_doc(document), now.case)
    assert refusal(QS_DESK, old) is None
    assert refusal(MF_DESK, old) is None
    assert refusal(QS_NIGHT, old) == (404, None)


def test_an_outside_number_keeps_its_digits_and_crosses_whole() -> None:
    number = "13812345678\uff0d\uff11"
    report = record(who=QS_DESK, channel="hotline", outside_number=number, location=QUAY)
    assert report.outside_number == stored_spelling(number)
    assert report.outside_number.startswith("13812345678"), "no telephone is looked for in it"
    assert from_doc(to_doc(report)).outside_number == report.outside_number
    event = decode(submitted_event(report), ReportSubmitted)
    assert (event.outside_number, event.channel) == (report.outside_number, "hotline")
    case, _ = assign(event, "harbour", harbour())
    (there,) = to_state(case).reports
    assert (there.outside_number, there.channel) == (report.outside_number, "hotline")
    shown = report_view(ReportStatus(report, _progress(case)), harbour(), NOW)
    assert (shown.outside_number, shown.channel) == (report.outside_number, "hotline")


def _progress(case: Any) -> CaseProgress:
    return progress_of(CaseEvent(case=to_state(case)))


@pytest.mark.parametrize("number", ["", "a b", "x" * 61, "a\u0000b", "a\nb", 5, {"$ne": None}])
def test_an_outside_number_is_short_and_has_neither_blanks_nor_control_characters(number: Any) -> None:
    with pytest.raises(Refusal) as refused:
        record(outside_number=number)
    assert next(error.pointer for error in refused.value.errors).startswith("/outside_number")


def test_a_number_of_nothing_visible_is_none() -> None:
    with pytest.raises(Refusal) as refused:
        record(outside_number="\u200b")
    assert [error.pointer for error in refused.value.errors] == ["/outside_number"]


@pytest.mark.parametrize("action", ["rating", "objection"])
def test_nobody_rates_what_was_found_on_patrol_not_even_the_app_that_sent_it(action: str) -> None:
    found = phoned(IMPORTER, channel="patrol")
    with pytest.raises(Refusal) as refused:
        check_judged(action, found)
    assert (refused.value.status, refused.value.extra["reason"]) == (403, "patrol")
    check_judged("additions", found)
    check_judged(action, phoned(APP))
