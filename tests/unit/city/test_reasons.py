"""Why a report went where it went, in the language of the city."""

import re

import pytest

from shared.city.place.reasons import _REASONS
from shared.city.reading import read_folder, read_pack
from tests.packs import HARBOUR, SHEYANG, pack_of

ENGLISH = re.compile(r"[a-z]{2,} [a-z]{2,}")


def test_every_reason_has_words_in_both_languages_with_the_same_values() -> None:
    for chinese, english in _REASONS.values():
        assert set(re.findall(r"{(\w+)}", chinese)) == set(re.findall(r"{(\w+)}", english))
        assert not ENGLISH.search(chinese)


@pytest.mark.parametrize(
    ("point", "text", "unit"),
    [
        ((120.26, 33.77), "建华园2号楼", None),
        ((120.26, 33.77), None, "jiaotonglu"),
        ((0.0, 0.0), None, None),
        ((2.0, 48.0), None, None),
        (None, "没有地点", None),
        (None, "建华园", "jiaotonglu"),
    ],
)
def test_a_chinese_city_reads_no_english_reason(
    point: tuple[float, float] | None, text: str | None, unit: str | None
) -> None:
    found = pack_of(SHEYANG).locate(point, text, unit)
    assert found.why
    assert [why for why in found.why if ENGLISH.search(why)] == []


def test_an_english_city_reads_english_reasons() -> None:
    pack = read_pack(read_folder(HARBOUR))
    assert all(why.isascii() for why in pack.locate((4.32, 52.12)).why)
