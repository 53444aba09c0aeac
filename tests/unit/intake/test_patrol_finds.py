"""Promise: an officer reports what he found on patrol, handed in or handled on the spot, once for each draft."""

from datetime import timedelta
from typing import Any

import pytest

from services.intake.http.on_behalf import check_on_behalf
from services.intake.http.report_view import report_view
from services.intake.reports.progress_record import ReportStatus, progress_of
from services.intake.reports.report_events import submitted_event
from services.intake.reports.report_record import from_doc, record_of, to_doc
from services.intake.reports.validation import ReportValidator
from services.router.cases.published_events import to_state
from services.router.cases.routing import assign
from shared.city.pack import Pack
from shared.city.reading import read_folder, read_pack
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.contracts.reports import ReportSubmitted
from shared.kernel.clock import rfc3339
from shared.kernel.errors import Refusal
from shared.runtime.identity.directory import Principal
from tests.kit.made_reports import APP, IMPORTER, NOW, SECRET, TRACE, body, harbour
from tests.kit.stack import HARBOUR


def officer(person: str, role: str | None = None) -> Principal:
    known = harbour().people[person]
    return Principal(kind="officer", city="harbour", person=person, unit=known.unit, role=role or known.role)


WALKER = officer("qs-walk")


def handled(**fields: Any) -> dict[str, Any]:
    done = {"how": "repair", "text": "screwed a new bulb in", "at": rfc3339(NOW - timedelta(hours=5)), **fields}
    return {"channel": "patrol", "category": "street_light", "handled": done}


def wrong(who: Principal, pack: Pack | None = None, **fields: Any) -> list[str]:
    """Pointers of the fields that are refused."""
    try:
        ReportValidator(SECRET).submission(body(**fields), who, "k1", pack or harbour(), NOW)
    except Refusal as refused:
        assert refused.status == 422
        return [error.pointer for error in refused.errors]
    return []


def test_a_grid_member_hands_in_or_says_how_he_handled_it() -> None:
    assert wrong(WALKER, channel="patrol") == []
    assert wrong(WALKER, **handled()) == []
    early = rfc3339(NOW - timedelta(hours=6))
    assert wrong(WALKER, observed_at=early, **handled()) == [], "a draft of this morning"


def test_nobody_but_people_of_the_city_finds_on_patrol() -> None:
    assert wrong(APP, channel="patrol") == ["/channel"]
    assert "/channel" in wrong(APP, **handled())
    assert wrong(APP, **{**handled(), "channel": "app"}) == ["/handled"]


def test_an_importer_hands_in_what_patrols_found_and_says_for_nobody_that_it_was_handled() -> None:
    assert wrong(IMPORTER, channel="patrol") == []
    assert wrong(IMPORTER, channel="patrol", historic=True, received_at=rfc3339(NOW - timedelta(days=90))) == []
    assert wrong(IMPORTER, **handled()) == ["/handled"]
    assert wrong(IMPORTER, channel="patrol", reporter={"ref": "x"}) == ["/reporter"]
    assert wrong(IMPORTER, **{**handled(), "channel": "hotline"}) == ["/handled"]


def test_an_inspector_hands_in_and_handles_nothing() -> None:
    inspector = officer("qs-walk", role="inspector")
    assert wrong(inspector, channel="patrol") == []
    assert wrong(inspector, **handled()) == ["/handled"]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"kind": "clue", **handled()}, "/handled"),
        ({"about_us": True, **handled()}, "/handled"),
        ({**handled(), "category": None}, "/category"),
        (handled(how="unfounded"), "/handled/how"),
        (handled(how="long_term"), "/handled/how"),
        ({**handled(how="repair"), "kind": "opinion"}, "/handled/how"),
        (handled(at=rfc3339(NOW + timedelta(hours=1))), "/handled/at"),
        (handled(at=rfc3339(NOW - timedelta(days=3))), "/handled/at"),
        ({"observed_at": rfc3339(NOW), **handled()}, "/handled/at"),
        ({"photos": ["f1"], **handled(photos=["f1"])}, "/handled/photos"),
        ({"reporter": {"ref": "somebody"}, **handled()}, "/reporter"),
        (handled(text="   "), "/handled/text"),
    ],
)
def test_what_cannot_be_handled_on_the_spot_is_refused_and_named(fields: dict[str, Any], pointer: str) -> None:
    assert wrong(WALKER, **fields) == [pointer]


def test_a_photo_is_required_where_the_category_says_so() -> None:
    files = read_folder(HARBOUR)
    files["categories.yaml"] = files["categories.yaml"].replace(
        "{code: street_light,", "{code: street_light, after_photo: required,"
    )
    strict = read_pack(files)
    assert wrong(WALKER, strict, **handled()) == ["/handled/photos"]
    assert wrong(WALKER, strict, **handled(photos=["f2"])) == []


def find(**fields: Any) -> ReportStatus:
    """A find that was handled, as intake has it and its case."""
    said = body(photos=["f1"], **handled(photos=["f2"]), **fields)
    submission = ReportValidator(SECRET).submission(said, WALKER, "k1", harbour(), NOW)
    report = from_doc(to_doc(record_of(submission, TRACE, NOW)))
    case, _ = assign(decode(submitted_event(report), ReportSubmitted), "harbour", harbour())
    return ReportStatus(report, progress_of(CaseEvent(case=to_state(case))))


def test_it_crosses_whole_and_the_finder_reads_how_it_ended() -> None:
    status = find()
    event = decode(submitted_event(status.report), ReportSubmitted)
    assert event.handled is not None
    assert (event.channel, event.entered_by, event.handled.photos) == ("patrol", "qs-walk", ["f2"])
    view = report_view(status, harbour(), NOW)
    assert (view.channel, view.sample, view.status) == ("patrol", "not_drawn", "closed")
    assert view.message is not None
    assert view.message.endswith("screwed a new bulb in. It was not drawn for inspection and is closed")
    assert [step.what for step in view.steps] == ["report.received", "case.closed"], "nobody was sent there"


def test_nobody_rates_what_an_officer_found() -> None:
    for who in (WALKER, officer("qs-desk")):
        with pytest.raises(Refusal) as refused:
            check_on_behalf(who, "rating", find(), harbour())
        assert refused.value.status in (403, 404)
    with pytest.raises(Refusal) as refused:
        check_on_behalf(WALKER, "rating", find(), harbour())
    assert refused.value.extra["reason"] == "patrol"
    check_on_behalf(WALKER, "additions", find(), harbour())


def test_a_repeat_of_a_draft_is_the_same_report() -> None:
    validator = ReportValidator(SECRET)
    one, again = (validator.submission(body(**handled()), WALKER, "draft-1", harbour(), at) for at in (NOW, NOW))
    assert (one.id, one.fingerprint) == (again.id, again.fingerprint)
    other = validator.submission(body(**handled(text="another")), WALKER, "draft-1", harbour(), NOW)
    assert other.fingerprint != one.fingerprint, "another body under the key is refused"
