"""A report at the door: every wrong field is named, words are cleaned, ids cannot be guessed."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.submission import clean_words
from services.intake.reports.bodies import BatchItem, ReportBody
from services.intake.reports.unrouted_watch import route_by
from services.intake.reports.validation import ReportValidator, fingerprint
from shared.kernel.cells import cell_of
from shared.kernel.errors import FieldError, Refusal
from shared.kernel.ids import ID, case_id
from shared.runtime.http_server.field_errors import field_errors
from shared.runtime.identity.directory import Principal
from tests.kit.made_reports import APP, IMPORTER, NOW, OTHER_APP, SECRET, body, harbour, submission
from tests.kit.places import QUAY

GOOD: dict[str, Any] = {"kind": "hazard", "description": "the street light is out", "location": QUAY}


def wrong_fields(sent: Any) -> set[str]:
    """Pointers of the fields that the shape refuses."""
    raw = json.dumps(sent).encode()
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.json.decode(raw, type=ReportBody)
    return {wrong.pointer for wrong in field_errors(raw, ReportBody, str(error.value))}


def refused(who: Principal = APP, now: datetime = NOW, **fields: Any) -> set[str]:
    """Pointers of the fields that are refused beyond their shape."""
    with pytest.raises(Refusal) as refusal:
        submission(who=who, now=now, **fields)
    assert refusal.value.status == 422
    return {error.pointer for error in refusal.value.errors}


@pytest.mark.parametrize(
    ("fields", "pointers"),
    [
        ({"kind": "wish"}, {"/kind"}),
        ({"description": 5}, {"/description"}),
        ({"description": "x" * 4001}, {"/description"}),
        ({"location": {"lon": 181, "lat": 91, "crs": "mars"}}, {"/location/lon", "/location/lat", "/location/crs"}),
        ({"location": {"lon": "4,3", "lat": True, "crs": "wgs84"}}, {"/location/lon", "/location/lat"}),
        ({"location": {"address": ""}}, {"/location/address"}),
        ({"location": None}, {"/location"}),
        ({"photos": ["f"] * 10}, {"/photos"}),
        ({"photos": ["ok", "no/slash"]}, {"/photos/1"}),
        ({"channel": "fax"}, {"/channel"}),
        ({"reporter": {"name": "Jan"}}, {"/reporter/ref"}),
        ({"observed_at": "yesterday"}, {"/observed_at"}),
        ({"answers": {"deep": {"er": 1}}}, {"/answers/deep"}),
        ({"status": "closed", "unit": "x", "due_at": "2026-01-01T00:00:00Z"}, {"/status", "/unit", "/due_at"}),
        (
            {"kind": 1, "description": 2, "location": 3, "channel": 4},
            {"/kind", "/description", "/location", "/channel"},
        ),
    ],
)
def test_every_wrong_field_is_named_several_at_once(fields: dict[str, Any], pointers: set[str]) -> None:
    assert wrong_fields({**GOOD, **fields}) == pointers


def test_every_missing_field_is_named() -> None:
    assert wrong_fields({}) == {"/kind", "/description"}


@pytest.mark.parametrize(
    ("location", "pointers"),
    [
        ({"lon": 4.3, "lat": 52.1}, {"/location/crs"}),
        ({"lon": 4.3}, {"/location/lat", "/location/crs"}),
        ({"crs": "wgs84", "address": "Fish Quay"}, {"/location/lon", "/location/lat"}),
        ({}, {"/location"}),
        ({"unit": "atlantis"}, {"/location/unit"}),
        ({"address": "Fish\x00Quay"}, {"/location/address"}),
    ],
)
def test_a_place_is_whole_and_known_or_refused(location: dict[str, Any], pointers: set[str]) -> None:
    assert refused(location=location) == pointers


@pytest.mark.parametrize("location", [QUAY, {"address": "Fish Quay 2"}, {"unit": "quayside"}])
def test_a_point_or_words_or_a_unit_is_enough(location: dict[str, Any]) -> None:
    assert submission(location=location).id


def test_what_is_wrong_in_meaning_is_named_all_at_once() -> None:
    fields: dict[str, Any] = {
        "category": "unheard_of",
        "location": {"lon": 4.3},
        "received_at": "2026-03-01T08:00:00Z",
        "historic": True,
        "description": "bell \x07",
    }
    assert refused(**fields) == {
        "/category",
        "/location/lat",
        "/location/crs",
        "/received_at",
        "/historic",
        "/description",
    }


def test_only_importers_say_when_it_was_received_and_not_in_the_future() -> None:
    long_ago = submission(who=IMPORTER, received_at="2020-01-01T08:00:00+01:00", historic=True)
    assert long_ago.received_at == datetime(2020, 1, 1, 7, 0, tzinfo=UTC)
    assert refused(IMPORTER, received_at=(NOW + timedelta(minutes=6)).isoformat()) == {"/received_at"}
    assert refused(IMPORTER, received_at="2020-01-01T08:00:00") == {"/received_at"}


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_no_calendar_holds_is_refused_and_no_fault(at: str) -> None:
    assert refused(observed_at=at) == {"/observed_at"}
    assert "/received_at" in refused(IMPORTER, received_at=at)


def test_what_was_received_long_ago_is_historic_or_refused() -> None:
    """B55: an importer's report of 2001 was breached when its case was opened, and everybody was told."""
    assert refused(IMPORTER, received_at="2001-01-01T00:00:00Z") == {"/received_at"}
    assert refused(IMPORTER, received_at=(NOW - timedelta(days=7, seconds=1)).isoformat()) == {"/received_at"}
    assert submission(who=IMPORTER, received_at=(NOW - timedelta(days=7)).isoformat()).received_at
    assert submission(who=IMPORTER, received_at="2001-01-01T00:00:00Z", historic=True).historic


def test_an_open_item_of_long_ago_is_imported_as_of_now_and_is_no_history() -> None:
    ways: list[dict[str, Any]] = [{"open": True}, {"open": True, "historic": True}]
    for said in ways:
        report = submission(who=IMPORTER, received_at="2001-01-01T00:00:00Z", **said)
        assert (report.historic, report.imported_open_at, report.danger) == (False, NOW, False)
    assert refused(open=True) == {"/open"}, "for importers"
    assert submission().imported_open_at is None


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("2026-06-30T23:59:60Z", "2026-06-30T23:59:59Z"),
        ("2016-12-31T23:59:60.25Z", "2016-12-31T23:59:59.25Z"),
        ("2017-01-01T07:59:60+08:00", "2016-12-31T23:59:59Z"),
    ],
)
def test_a_leap_second_is_a_second(said: str, kept: str) -> None:
    assert submission(observed_at=said).observed_at == datetime.fromisoformat(kept)
    assert submission(who=IMPORTER, received_at=said, historic=True, now=datetime(2027, 1, 1, tzinfo=UTC)).received_at


@pytest.mark.parametrize("said", ["2026-06-30T12:00:60Z", "2026-06-29T23:59:60Z", "2026-06-30T23:59:61Z"])
def test_sixty_seconds_at_another_time_are_none(said: str) -> None:
    assert refused(observed_at=said) == {"/observed_at"}


@pytest.mark.parametrize("at", ["1970-01-01T00:00:00Z", "2099-06-30T23:59:59Z"])
def test_a_riders_clock_may_be_wrong_and_is_kept_as_a_claim(at: str) -> None:
    report = submission(observed_at=at)
    assert report.observed_at == datetime.fromisoformat(at)
    assert report.received_at == NOW


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("call 13812345678 now", "call [电话] now"),
        ("打+86 138 1234 5678", "打[电话]"),
        ("138-1234-5678或86-13812345678", "[电话]或[电话]"),
        ("身份证11010519491231002X。", "身份证[证件号]。"),
        ("id 110105194912310021 phone 13900001111", "id [证件号] phone [电话]"),
        ("order 2026030212345678901234", "order 2026030212345678901234"),
        ("12812345678 is no mobile number", "12812345678 is no mobile number"),
        ("pole 1381234567", "pole 1381234567"),
        ("  two\nlines\tkept  ", "two\nlines\tkept"),
        ("cafe\u0301", "café"),
        ("😀 路灯", "😀 路灯"),
    ],
)
def test_phone_and_identity_numbers_are_taken_out_and_the_rest_stays(said: str, kept: str) -> None:
    assert submission(description=said).description == kept
    assert submission(location={"address": said}).place.address == kept


@pytest.mark.parametrize("control", ["\x00", "\x07", "\x1b[31m", "\x7f", "\x85"])
def test_control_characters_are_nobodys_words(control: str) -> None:
    assert refused(description=f"a{control}b") == {"/description"}


@given(st.text(max_size=200))
def test_cleaning_words_twice_is_cleaning_them_once(text: str) -> None:
    errors: list[FieldError] = []
    once = clean_words(text, "/x", errors)
    assert errors or clean_words(once, "/x", errors) == once


def test_the_same_report_in_another_spelling_has_the_same_fingerprint() -> None:
    one = b'{"kind":"hazard","description":"d\\u00e9","location":{"lon":4.0,"lat":52,"crs":"wgs84"}}'
    other = b'{ "location": {"crs":"wgs84","lat":52.0,"lon":4}, "historic": false, "photos": [], "channel": "app",\n "description":"d\xc3\xa9", "kind":"hazard", "category": null }'  # noqa: E501
    decode = msgspec.json.Decoder(ReportBody).decode
    assert fingerprint(decode(one)) == fingerprint(decode(other))


@pytest.mark.parametrize(
    "fields",
    [
        {"description": "another"},
        {"kind": "clue"},
        {"photos": ["f1"]},
        {"historic": True},
        {"open": True},
        {"reporter": {"ref": "x"}},
        {"location": {**QUAY, "lat": 52.1200001}},
        {"answers": {"lit": False}},
        {"outside_number": "2026-1"},
    ],
)
def test_any_other_content_is_another_fingerprint(fields: dict[str, Any]) -> None:
    assert fingerprint(body(**fields)) != fingerprint(body())


def test_a_report_of_a_batch_is_the_same_report_as_alone() -> None:
    item = msgspec.convert({**GOOD, "idempotency_key": "k1"}, BatchItem)
    assert fingerprint(item) == fingerprint(body())


def test_an_id_follows_from_secret_city_app_and_key_and_from_nothing_less() -> None:
    elsewhere = Principal(kind="rider_app", city="sheyang", app="rider-app-1")
    ids = {
        ReportValidator(SECRET).report_id(APP, "k1"),
        ReportValidator(SECRET).report_id(APP, "k2"),
        ReportValidator(SECRET).report_id(OTHER_APP, "k1"),
        ReportValidator(SECRET).report_id(elsewhere, "k1"),
        ReportValidator("another installation, thirty-two!").report_id(APP, "k1"),
    }
    assert len(ids) == 5
    assert all(ID.match(id_) and len(id_) == 27 for id_ in ids)
    assert ReportValidator(SECRET).report_id(APP, "k1") in ids


def test_parts_of_an_id_do_not_run_into_each_other() -> None:
    one = Principal(kind="rider_app", city="a", app="bc")
    other = Principal(kind="rider_app", city="ab", app="c")
    assert ReportValidator(SECRET).report_id(one, "k") != ReportValidator(SECRET).report_id(other, "k")


def test_the_case_follows_from_the_report() -> None:
    report = submission()
    assert case_id(report.id) == f"c{report.id[1:]}"


def test_a_reporter_crosses_as_a_pseudonym_of_the_own_app() -> None:
    one = submission(reporter={"ref": "rider-9"}).reporter
    assert one == submission("k2", reporter={"ref": "rider-9"}).reporter
    assert one != submission(who=OTHER_APP, reporter={"ref": "rider-9"}).reporter
    assert one is not None
    assert "rider-9" not in one
    assert submission().reporter is None


def test_personal_data_is_what_was_sent_and_nothing_else() -> None:
    def kept(**reporter: Any) -> Any:
        person = ReportValidator(SECRET).person(body(reporter=reporter), APP)
        return None if person is None else person.data

    sent = {"ref": "r", "name": "Jan", "phone": "0612345678"}
    assert kept(**sent) == kept(**sent, confidential=True) == sent
    assert kept(ref="r") is None, "an app's own reference alone is the app's"
    assert kept(ref="r", confidential=True) == {"ref": "r"}
    assert ReportValidator(SECRET).person(body(), APP) is None


def test_the_target_counts_on_its_own_calendar() -> None:
    friday_late = datetime(2026, 3, 6, 18, 0, tzinfo=UTC)
    assert route_by(harbour(), "other", friday_late) == datetime(2026, 3, 9, 8, 30, tzinfo=UTC)
    assert route_by(harbour(), "flooding", friday_late) == friday_late + timedelta(minutes=5)


def test_neighbours_share_a_cell_and_the_placeless_keep_their_own() -> None:
    assert cell_of("c", 4.321, 52.121, "r1") == cell_of("c", 4.3299, 52.1299, "r2")
    assert cell_of("c", 4.331, 52.121, "r1") != cell_of("c", 4.321, 52.121, "r1")
    assert cell_of("c", -0.001, 0.0, "r1") != cell_of("c", 0.001, 0.0, "r1")
    assert cell_of("c", None, None, "r1") == "c:r1"


def test_a_point_is_kept_in_wgs84_and_its_own_system_remembered() -> None:
    sent = {"lon": 120.26, "lat": 33.77, "crs": "gcj02"}
    place = submission(location=sent).place
    assert place.crs == "gcj02"
    assert place.lon is not None
    assert place.lat is not None
    assert 0.001 < abs(place.lon - 120.26) + abs(place.lat - 33.77) < 0.02
