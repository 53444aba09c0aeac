"""Words in one spelling: what nobody sees is gone, what somebody sees is as it was sent."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.submission import clean_words
from shared.city.words.phrases import plain
from shared.kernel.spelling import bare, stored
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
    assert stored(seen) == seen


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
    assert stored(sent) == kept


@given(st.text())
def test_one_spelling_is_reached_at_once(text: str) -> None:
    once = stored(text)
    assert stored(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert plain(once) == plain(text) or bare(once) == bare(bare(text))


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
