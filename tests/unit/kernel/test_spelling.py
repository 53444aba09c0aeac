"""Words in one spelling: what nobody sees is gone, what somebody sees is as it was sent."""

import unicodedata
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.domain.submission import clean_words
from shared.city.words.phrases import plain
from shared.kernel import spelling
from shared.kernel.spelling import MARKS_MAX, compared_spelling, is_mark, stored_spelling
from tests.packs import SHEYANG, pack_of

UNSEEN = ["\u200b", "\ufeff", "\u00ad", "\u2060", "\u2063", "\u200d", "\u200e", "\u034f", "\u180e", "\ufe0e", "\u3164"]


@pytest.mark.parametrize("unseen", UNSEEN)
@pytest.mark.parametrize("word", ["建华园", "水管爆了", "12号楼", "lamp"])
def test_what_nobody_sees_is_gone_at_the_door(unseen: str, word: str) -> None:
    assert clean_words(unseen.join(f" {word} ").strip(), "/x", []) == word
    assert clean_words(unseen.join(word), "/x", []) == word


@pytest.mark.parametrize("unseen", [*UNSEEN, "\u202e", "\u2066", "\U000e0101"])
def test_danger_and_places_are_found_whatever_nobody_sees_in_them(unseen: str) -> None:
    pack = pack_of(SHEYANG)
    for word in ("井盖不见了", "楼道冒烟", "水管爆了"):
        assert pack.classify(unseen.join(word)).code == pack.classify(word).code != "other"
    assert pack.locate(None, unseen.join("建华园2号楼")).place == "建华园2号楼"
    assert plain(unseen.join("建华园")) == "建华园"


@pytest.mark.parametrize(
    "seen",
    [
        "🚲👩‍🔧❤️‍🔥🏳️‍🌈1️⃣🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "می‌خواهم",
        "क्‍ष",
        "\u202eabc\u202c",
        "שלום\u200f!",
        "10m²，½，①号，㎡ 水管爆了！（急）：快来；好吗？",
        "Z̷͎̈a̴͠l̵̛g̶o",
        "café",
    ],
)
def test_what_somebody_sees_is_as_it_was_sent(seen: str) -> None:
    assert stored_spelling(seen) == seen


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("１２号楼　Ａ座", "12号楼 A座"),
        ("ﾗﾝﾌﾟ", "ランプ"),
        ("⽔管", "水管"),
        ("𝐀座", "A座"),
        ("cafe\u0301", "café"),
        ("ﬁre", "fire"),
    ],
)
def test_letters_and_digits_have_one_width(sent: str, kept: str) -> None:
    assert stored_spelling(sent) == kept


@given(st.text())
def test_one_spelling_is_reached_at_once(text: str) -> None:
    once = stored_spelling(text)
    assert stored_spelling(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert plain(once) == plain(text) or compared_spelling(once) == compared_spelling(compared_spelling(text))


@pytest.mark.parametrize(
    ("traditional", "simple"),
    [
        ("建華園12號樓", "建华园12号楼"),
        ("水管爆裂，樓道冒煙", "水管爆裂,楼道冒烟"),
        ("衞生間", "卫生间"),
        ("路燈壞了", "路灯坏了"),
    ],
)
def test_traditional_characters_are_the_same_words(traditional: str, simple: str) -> None:
    pack = pack_of(SHEYANG)
    assert plain(traditional) == simple
    assert pack.classify(traditional) == pack.classify(simple)
    assert pack.in_one_form(traditional) == pack.in_one_form(simple)
    assert clean_words(traditional, "/x", []) == traditional


MARKS = ["\u0345", "\u0301", "\u0323", "\u0344", "\u0f73", "\uff9e", "\u3099", "\u20d0", "\U0001d165", "\ufe0f"]


def longest_pile(text: str) -> int:
    longest = marks = 0
    for character in text:
        marks = marks + 1 if is_mark(character) else 0
        longest = max(longest, marks)
    return longest


RUNS = st.lists(st.tuples(st.sampled_from([*MARKS, "a", "水", "か", "½", "\u200b"]), st.integers(1, 100)), max_size=5)


@settings(max_examples=50)
@given(RUNS)
def test_no_pile_of_marks_reaches_what_would_put_it_in_order(runs: list[tuple[str, int]]) -> None:
    """B87."""
    seen: list[str] = []

    def normalize(form: Any, text: str) -> str:
        seen.append(text)
        return unicodedata.normalize(form, text)

    text = "".join(character * times for character, times in runs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spelling, "unicodedata", Mock(wraps=unicodedata, normalize=normalize))
        once = stored_spelling(text)
        compared_spelling(text)
    assert all(longest_pile(given) <= 2 * MARKS_MAX + 2 for given in seen)
    assert longest_pile(once) <= MARKS_MAX
    assert stored_spelling(once) == once
    assert compared_spelling(compared_spelling(text)) == compared_spelling(text)


def test_whatever_becomes_a_mark_counts_as_one() -> None:
    """Otherwise a pile could be hidden from its counting."""
    planes = (*range(0xAC00), *range(0xF900, 0x1F000), *range(0xE0000, 0xE0200))  # no ideograph or Hangul is one
    for character in (chr(c) for c in planes if not 0x3400 <= c < 0xA000):
        if unicodedata.combining(unicodedata.normalize("NFKD", character)[0]):
            assert is_mark(character), hex(ord(character))
        if is_mark(character):
            assert spelling._MAY_BE_PILED.fullmatch(character * (MARKS_MAX + 1)), hex(ord(character))


def test_as_many_marks_as_anybody_writes_stay() -> None:
    word = "Z" + "\u0337\u034e\u0308" * 10 + "一"
    assert stored_spelling(word) == unicodedata.normalize("NFC", word.replace("\u034f", ""))
    assert len(stored_spelling("a" + "\u0345" * 1300 + "\u0301" * 1300 + "\u0323" * 1300 + "b")) < 40
