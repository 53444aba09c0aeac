"""Promises of a rider's session at intake: it reports as its own reporter, whoever the body names, and under keys that
are nobody else's."""

from services.intake.photos.photo_store import sender_of
from services.intake.reports.bodies import ReportBody, Reporter
from services.intake.reports.validation import ReportValidator, app_of
from shared.runtime.identity.directory import Principal
from tests.kit.made_reports import APP, NOW, SECRET, harbour

VALIDATOR = ReportValidator(SECRET)
OWN = VALIDATOR.pseudonym(APP, "rider-77")
RIDER = Principal(kind="rider", city="harbour", app=APP.app, reporter=OWN)
BODY = ReportBody(kind="need", description="help")


def named(ref: str) -> ReportBody:
    return ReportBody(kind="need", description="help", reporter=Reporter(ref=ref, phone="13812345678"))


def test_a_report_is_of_the_session_s_reporter_whoever_its_body_names() -> None:
    for body in (BODY, named("rider-1")):
        report = VALIDATOR.submission(body, RIDER, "k1", harbour(), NOW)
        assert (report.app, report.reporter) == (APP.app, OWN)
    assert VALIDATOR.submission(named("rider-77"), APP, "k1", harbour(), NOW).reporter == OWN, "as the app's own do"


def test_what_is_kept_of_the_person_does_not_replace_the_app_s_reference() -> None:
    person = VALIDATOR.person(named("rider-1"), RIDER)
    assert person is not None
    assert (person.id, person.app, dict(person.data)) == (OWN, app_of(APP), {"phone": "13812345678"})
    assert VALIDATOR.person(BODY, RIDER) is None


def test_a_session_s_keys_and_photos_are_neither_the_app_s_nor_another_session_s() -> None:
    other = Principal(kind="rider", city="harbour", app=APP.app, reporter=VALIDATOR.pseudonym(APP, "rider-1"))
    assert len({VALIDATOR.report_id(who, "k1") for who in (APP, RIDER, other)}) == 3
    assert len({sender_of(who) for who in (APP, RIDER, other)}) == 3
