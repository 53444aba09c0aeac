"""A confidential report at the door: sealed whole, with what routing needs, and readable by its handlers alone."""

import dataclasses
from typing import Any

import msgspec
import pytest
from bson import json_util
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.domain.submission import Sealed
from services.intake.http.person_routes import _words
from services.intake.privacy.confidential import added, unsealed
from services.intake.privacy.sealing import BrokenSeal, Vault
from services.intake.reports.bodies import ReportBody
from services.intake.reports.report_events import submitted_event
from services.intake.reports.report_record import ReportRecord, to_doc
from services.router.cases.case_views import answer, history_view, row, shows_words
from services.router.cases.published_events import to_state
from services.router.cases.routing import assign
from services.router.cases.visibility import seen_by
from services.router.domain.values import replace
from shared.contracts.catalogue import decode
from shared.contracts.reports import ReportSubmitted
from shared.kernel.personal import masked_name, masked_phone
from tests.kit.made_reports import NOW, SECRET, harbour, record
from tests.kit.places import QUAY

WORDS = "flood of stolen goods behind Fish Quay 2"
SECRETS = ("stolen", "Fish Quay", "4.32", "52.12", "f1photo", "rider-9", "12345-77")


def clue(**fields: Any) -> ReportRecord:
    return record(
        kind="clue",
        description=WORDS,
        location={**QUAY, "address": "Fish Quay 2"},
        photos=["f1photo"],
        outside_number="12345-77",
        reporter={"ref": "rider-9", "confidential": True},
        **fields,
    )


def sealed_of(report: ReportRecord) -> Sealed:
    assert report.sealed is not None
    return report.sealed


def test_nothing_that_a_clue_says_is_in_its_document_or_its_event() -> None:
    report = clue()
    event = submitted_event(report)
    for word in SECRETS:
        assert word not in str(to_doc(report))
        assert word not in event.data
    data = decode(event, ReportSubmitted)
    assert (data.sealed, data.reporter, data.cell) == (True, None, f"harbour:{report.id}")


def test_its_words_settle_category_and_priority_before_they_are_sealed() -> None:
    assert (clue().category, clue().priority) == ("flooding", "danger")
    assert clue(category="street_light").priority == "normal"


def test_it_goes_past_the_levels_to_whom_the_pack_names_and_nobody_beside_sees_it() -> None:
    case, _ = assign(decode(submitted_event(clue()), ReportSubmitted), "harbour", harbour())
    assert (case.unit, case.priority, case.category) == ("oosterhaven", "danger", "flooding")
    assert seen_by(case, harbour()) == ["oosterhaven"]
    told = str([to_state(case), row(case), answer(case, None, harbour())])
    assert not any(word in told for word in SECRETS)
    assert not shows_words(case, None)
    noted = replace(case.history[0], text="Fish Quay", photos=("f2",))
    shown = history_view(noted, harbour(), words=False)
    assert (shown.text, shown.photos) == (None, [])


def test_a_handler_reads_all_of_it_and_what_was_said_later() -> None:
    report = clue()
    later = {"at": NOW, "text": "they are back", "photos": ["f2"]}
    sealed = added(report.id, sealed_of(report), Vault(SECRET), later)
    words = unsealed(report.id, sealed, Vault(SECRET))
    assert words["description"] == WORDS
    assert words["location"]["address"] == "Fish Quay 2"
    assert words["photos"] == ["f1photo"]
    assert words["outside_number"] == "12345-77"
    assert words["added"][0]["text"] == "they are back"


def test_sealed_words_open_neither_elsewhere_nor_for_another_report() -> None:
    one, other = clue(), record("k2", reporter={"ref": "x", "confidential": True})
    sealed = sealed_of(one)
    with pytest.raises(BrokenSeal):
        unsealed(one.id, sealed, Vault("of another installation, thirty-two"))
    with pytest.raises(BrokenSeal):
        unsealed(other.id, sealed, Vault(SECRET))
    altered = bytes([*sealed.words[:-1], sealed.words[-1] ^ 1])
    with pytest.raises(BrokenSeal):
        unsealed(one.id, dataclasses.replace(sealed, words=altered), Vault(SECRET))


def test_a_confidential_report_of_an_older_version_is_read_as_it_is() -> None:
    words = _words(record())
    assert words["description"] == "the street light is out"
    assert words["location"] == {**QUAY, "address": None, "unit": None}


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_no_text_of_any_field_of_a_body_is_in_a_clues_document_or_event(data: st.DataObject) -> None:
    """Every field that takes free words is filled, also one that is added to the body later."""
    said: list[str] = []
    report = record(**_filled(ReportBody, data, said), reporter={"ref": "r", "confidential": True})
    assert said, "nothing was said"
    told = json_util.dumps(to_doc(report)) + submitted_event(report).data
    assert not [word for word in said if word in told]


def _filled(shape: type[msgspec.Struct], data: st.DataObject, said: list[str]) -> dict[str, Any]:
    """A body of ``shape`` in which every text, list of texts and mapping of texts says a word of its own."""

    def word() -> str:
        said.append(f"w{len(said)}q{data.draw(st.integers(10**8, 10**9))}")
        return said[-1]

    fields: dict[str, Any] = {}
    for field in msgspec.inspect.type_info(shape).fields:  # type: ignore[attr-defined]
        kinds = {type(kind) for kind in getattr(field.type, "types", (field.type,))}
        if field.encode_name in {"kind", "category", "channel", "elsewhere", "reporter", "same_as"}:
            continue  # closed lists, the person, who is sealed elsewhere, and what is refused with it
        if field.encode_name == "location":
            fields["location"] = {"address": word()}
        elif msgspec.inspect.StrType in kinds:
            fields[field.encode_name] = word()
        elif msgspec.inspect.ListType in kinds:
            fields[field.encode_name] = [word(), word()]
        elif msgspec.inspect.DictType in kinds:
            fields[field.encode_name] = {word(): word()}
    return fields


@pytest.mark.parametrize(
    ("name", "phone", "masked"), [("张三", "13812341234", ("张*", "138****1234")), ("Jan", "12", ("J*", "****"))]
)
def test_a_mask_shows_little(name: str, phone: str, masked: tuple[str, str]) -> None:
    assert (masked_name(name), masked_phone(phone)) == masked
