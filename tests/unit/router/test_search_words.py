"""Promises of the search: by address, place, words and numbers; and of what is sealed, no word leads to it."""

from typing import Any

import pytest

from services.router.domain.case import Case
from services.router.domain.case_parts.marks import Sensitive
from services.router.domain.case_parts.report import Location, Report
from services.router.domain.values import replace
from services.router.search_words import ASKED_MAX, WORDS_MAX, asked_words, words_of
from shared.kernel.errors import Refusal
from tests.kit.made_cases import opened
from tests.kit.made_reports import NOW


def case(**fields: Any) -> Case:
    where = Location("c", address="交通路12号", place="建华园2号楼")
    return replace(opened(), description="路灯坏了 Lamp-post E14", location=where, **fields)


def finds(text: str, of: Case) -> bool:
    words = words_of(of)
    return all(
        any(w.startswith(str(one["$regex"])[1:]) if isinstance(one, dict) else w == one for w in words)
        for one in (asked["words"] for asked in asked_words(text))
    )


@pytest.mark.parametrize(
    "text",
    [
        "交通路",
        "交通路12号",
        "建华园2号楼",
        "路灯",
        "坏了",
        "灯",
        "了",
        "lamp",
        "LAM",
        "post e14",
        "１２号",
        "路灯 建华园",
    ],
)
def test_a_case_is_found_by_words_of_address_place_and_description(text: str) -> None:
    assert finds(text, case())


@pytest.mark.parametrize("text", ["交路", "1号楼", "amp", "路灯 水管", "建华园 3"])
def test_a_case_is_not_found_by_what_it_does_not_say(text: str) -> None:
    assert not finds(text, case())


def test_a_case_is_found_by_its_number_its_reports_and_tickets() -> None:
    report = Report("r" + "a" * 26, "app", NOW, channel="hotline", outside_number="20260302-000123")
    found = case(reports=(report,))
    for text in (found.id, found.id.upper(), found.id[-6:], report.id, "20260302-000123"):
        assert finds(text, found), text
    assert not finds("20260302-000124", found)


def test_a_sensitive_case_is_found_by_its_numbers_alone_and_a_confidential_one_by_nothing() -> None:
    sensitive = case(sensitive=Sensitive("mass_incident", "town"))
    assert finds(sensitive.id, sensitive)
    assert not finds("路灯", sensitive)
    assert not finds("交通路", sensitive)
    assert words_of(case(confidential=True)) == []


def test_words_have_a_limit_and_a_search_without_any_is_refused() -> None:
    long = replace(case(), description="".join(chr(0x4E00 + n) for n in range(4000)))
    assert len(words_of(long)) == WORDS_MAX
    assert len(asked_words("a b c d e f g h i j k l")) == ASKED_MAX
    with pytest.raises(Refusal):
        asked_words("，。!? ")
    assert asked_words("(a+)+$") == [{"words": {"$regex": "^a"}}]
