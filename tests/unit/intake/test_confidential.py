"""A confidential report at the door: sealed whole, with what routing needs, and readable by its handlers alone."""

from dataclasses import replace
from typing import Any

import pytest

from services.intake.privacy.confidential import added, unsealed
from services.intake.privacy.sealing import BrokenSeal, Vault
from services.intake.reports.report_store import submitted_event, to_doc
from services.router.cases.projections import answer, history_view, row, shows_words, to_state
from services.router.cases.routing import assign
from services.router.cases.visibility import seen_by
from shared.contracts.catalogue import decode
from shared.contracts.reports import ReportSubmitted
from shared.kernel.personal import masked_name, masked_phone
from tests.kit.made_reports import FISH_QUAY, NOW, SECRET, TRACE, harbour, submission

WORDS = "flood of stolen goods behind Fish Quay 2"
SECRETS = ("stolen", "Fish Quay", "4.32", "52.12", "f1photo", "rider-9")


def clue(**fields: Any) -> dict[str, Any]:
    report = submission(
        kind="clue",
        description=WORDS,
        location={**FISH_QUAY, "address": "Fish Quay 2"},
        photos=["f1photo"],
        reporter={"ref": "rider-9", "confidential": True},
        **fields,
    )
    return to_doc(report, TRACE, NOW)


def test_nothing_that_a_clue_says_is_in_its_document_or_its_event() -> None:
    document = clue()
    event = submitted_event(document)
    for word in SECRETS:
        assert word not in str(document)
        assert word not in event.data
    data = decode(event, ReportSubmitted)
    assert (data.sealed, data.reporter, data.cell) == (True, None, f"harbour:{document['_id']}")


def test_its_words_settle_category_and_priority_before_they_are_sealed() -> None:
    assert (clue()["category"], clue()["priority"]) == ("flooding", "danger")
    assert clue(category="street_light")["priority"] == "normal"


def test_it_goes_past_the_levels_to_whom_the_pack_names_and_nobody_beside_sees_it() -> None:
    document = clue()
    case, _ = assign(decode(submitted_event(document), ReportSubmitted), "harbour", harbour())
    assert (case.unit, case.priority, case.category) == ("oosterhaven", "danger", "flooding")
    assert seen_by(case, harbour()) == ["oosterhaven"]
    told = str([to_state(case), row(case), answer(case, None)])
    assert not any(word in told for word in SECRETS)
    assert not shows_words(case, None)
    noted = replace(case.history[0], text="Fish Quay", photos=("f2",))
    assert not {"text", "photos"} & set(history_view(noted, words=False))


def test_a_handler_reads_all_of_it_and_what_was_said_later() -> None:
    document = clue()
    fields = added(document, Vault(SECRET), {"at": NOW, "text": "they are back", "photos": ["f2"]})
    document["sealed"] = {**document["sealed"], "added": fields["sealed.added"]}
    words = unsealed(document, Vault(SECRET))
    assert words["description"] == WORDS
    assert words["location"]["address"] == "Fish Quay 2"
    assert words["photos"] == ["f1photo"]
    assert words["added"][0]["text"] == "they are back"


def test_sealed_words_open_neither_elsewhere_nor_for_another_report() -> None:
    one, other = clue(), to_doc(submission("k2", reporter={"ref": "x", "confidential": True}), TRACE, NOW)
    with pytest.raises(BrokenSeal):
        unsealed(one, Vault("of another installation, thirty-two"))
    with pytest.raises(BrokenSeal):
        unsealed({**other, "sealed": one["sealed"]}, Vault(SECRET))
    altered = bytes([*one["sealed"]["words"][:-1], one["sealed"]["words"][-1] ^ 1])
    with pytest.raises(BrokenSeal):
        unsealed({**one, "sealed": {**one["sealed"], "words": altered}}, Vault(SECRET))


def test_a_confidential_report_of_an_older_version_is_read_as_it_is() -> None:
    document = to_doc(submission(), TRACE, NOW)
    assert unsealed(document, Vault(SECRET))["description"] == "the street light is out"


@pytest.mark.parametrize(
    ("name", "phone", "masked"), [("张三", "13812341234", ("张*", "138****1234")), ("Jan", "12", ("J*", "****"))]
)
def test_a_mask_shows_little(name: str, phone: str, masked: tuple[str, str]) -> None:
    assert (masked_name(name), masked_phone(phone)) == masked
