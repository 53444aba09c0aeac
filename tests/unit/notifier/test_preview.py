"""The preview shows every kind of alert, to whom it goes and what it says, in every language of a pack."""

import re
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


def test_every_row_has_its_text_message_as_registered_and_in_english_what_it_means() -> None:
    for row in ROWS:
        assert row.sms and "${" not in row.sms and "{domain}" not in row.sms, row
    (new, *_), (task, *_) = rows("new"), rows("new", "en")
    assert re.fullmatch(
        r"工单提醒：条心社区有一件紧急供水管网待办理，截止时间3月2日09:30，请打开 https://…/s/… 。", new.sms
    )
    assert task.sms.startswith("Case: ") and "https://…/s/…" in task.sms
    danger = next(row for row in rows("new") if row.when == "新工单，危急")
    assert danger.sms.startswith("危急工单：")


def test_a_call_is_shown_for_alerts_that_ask_to_sign_a_danger_and_for_no_others() -> None:
    called = {row.kind for row in ROWS if row.call is not None}
    assert called == {"new", "reopened", "called", "raised", "need", "moved"}
    assert {row.type for row in rows("moved") if row.call is not None} == {
        "case.escalated.v1",
        "case.returned.v1",
    }
    assert all("签收请按1" in row.call for row in ROWS if row.call is not None and row.language == "zh")
    assert all("Press 1" in row.call for row in ROWS if row.call is not None and row.language == "en")


def test_of_a_confidential_case_neither_text_message_nor_call_names_the_category() -> None:
    sealed = [row for row in ROWS if row.when in ("隐名上报", "a confidential report")]
    assert sealed
    assert not any("供水管网" in f"{row.sms}{row.call}" for row in sealed)


@pytest.mark.parametrize("folder", [HARBOUR, GARDENS], ids=lambda folder: folder.name)
def test_any_pack_can_be_previewed(folder: Path) -> None:
    pack = pack_of(folder)
    assert {row.language for row in preview_alerts(pack)} == set(pack.city.languages)
