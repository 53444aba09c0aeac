"""The preview shows every kind of alert, to whom it goes and what it says, in every language of a pack."""

from pathlib import Path
from typing import get_args

import pytest

from services.notifier.domain.recipients import Kind
from services.notifier.preview.rows import LINK, AlertRow, preview_alerts
from services.notifier.preview.samples import SAMPLES
from shared.contracts.catalogue import CATALOGUE
from tests.packs import GARDENS, HARBOUR, SHEYANG, pack_of

ROWS = preview_alerts(pack_of(SHEYANG))


def rows(kind: str, language: str = "zh") -> list[AlertRow]:
    return [row for row in ROWS if (row.kind, row.language) == (kind, language)]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_of_alert_is_shown_in_both_languages(language: str) -> None:
    assert {row.kind for row in ROWS if row.language == language} == set(get_args(Kind))


def test_every_sample_is_an_event_that_tells_somebody() -> None:
    assert {sample.type for sample in SAMPLES} <= set(CATALOGUE)
    shown = {(row.type, row.when) for row in ROWS if row.language == "zh"}
    assert {(sample.type, sample.when[0]) for sample in SAMPLES} <= shown


def test_a_link_is_for_claiming_only_where_there_is_something_to_claim() -> None:
    assert {row.press for row in rows("new")} == {"claim"}
    assert {row.press for row in rows("called")} == {"report_in"}
    for kind in ("inspect", "supervise", "asked", "decided", "offered", "consulted", "excused", "unattended", "duty"):
        assert None in {row.press for row in rows(kind)}, kind
        assert any(f"查看：{LINK}" in row.person for row in rows(kind)), kind


def test_groups_get_no_link_and_of_people_no_word() -> None:
    assert all(LINK not in row.group for row in ROWS)
    (told,) = rows("need")
    assert "某网格求助，请登录查看" in told.group
    assert "水往外喷" in told.person
    assert "水往外喷" not in told.group


def test_the_level_above_is_offered_nothing_of_the_owners() -> None:
    above = [row for row in rows("breach") if row.who.startswith("上级")]
    assert above
    assert {row.press for row in above} == {None}


@pytest.mark.parametrize("folder", [HARBOUR, GARDENS], ids=lambda folder: folder.name)
def test_any_pack_can_be_previewed(folder: Path) -> None:
    pack = pack_of(folder)
    assert {row.language for row in preview_alerts(pack)} == set(pack.city.languages)
