"""Personal numbers are taken out of words however their digits are spelt or grouped; the numbers of things stay."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.submission import clean_words
from shared.kernel.personal import without_personal_numbers

WIDE = {ord("0") + i: 0xFF10 + i for i in range(10)}
READ_OUT = {ord("0") + i: c for i, c in enumerate("零一二三四五六七八九")}


@pytest.mark.parametrize(
    "phone",
    [
        "13812345678",
        "１３８１２３４５６７８",
        "138 123 45678",
        "138-123-45678",
        "138.1234.5678",
        "①③⑧①②③④⑤⑥⑦⑧",
        "138·1234·5678",
        "138_1234_5678",
        "1381234 5678",
        "138—1234—5678",
        "138\u200b1234\u200b5678",
        "\ufe0f\u20e3".join("13812345678"),
        "\u0332".join("13812345678"),
        "138\u00a01234\u00a05678",
        "138\u20111234\u20115678",
        "138 - 1234 - 5678",
        "1 3 8 1 2 3 4 5 6 7 8",
        "13 81 23 45 67 8",
        "138 12 34 56 78",
        "008613812345678",
        "0086-138-1234-5678",
        "+8613812345678",
        "＋86 138 1234 5678",
        "(+86)13812345678",
        "86 13812345678",
        "013812345678",
        "一三八一二三四五六七八",
        "138一二三四5678",
        "一三八 1234 五六七八",
        "幺三八 一二三四 五六七八",
        "٠١٣٨١٢٣٤٥٦٧٨",
        "0515-82345678",
        "(0515)82345678",
        "0515 8234 5678",
        "010-12345678",
        "+86 515 82345678",
        "138，1234，5678",
        "138,1234,5678",
        "138、1234、5678",
        "138:1234:5678",
        "138*1234*5678",
        "138'1234'5678",
        "138…1234…5678",
        "138|1234|5678",
        "138#1234#5678",
        "138\n1234\n5678",
        "138     1234     5678",
        "138 \u200b\u200b\u200b\u200b\u200b\u200b 1234 5678",
        "138➖1234➖5678",
        "+31 6 12345678",
        "+31612345678",
        "＋852 9123 4567",
        "+44 (0)20 7946 0958",
    ],
)
def test_a_telephone_number_is_taken_out_in_every_shape(phone: str) -> None:
    for frame in ("打{}", "{}一直没人接", "水管爆了，电话：{}，快来", "{}"):
        said = frame.format(phone)
        assert without_personal_numbers(said) == frame.format("[电话]")
        assert clean_words(said, "/x", []) == frame.format("[电话]")


@pytest.mark.parametrize(
    "number",
    [
        "320924199001011234",
        "320924 19900101 1234",
        "320924-19900101-123X",
        "３２０９２４１９９００１０１１２３４",
        "3209 2419 9001 0112 34",
        "32092419900101\u200b123x",
        "三二〇九二四一九九〇〇一〇一一二三四",
        "320924一九九〇〇一〇一123X",
        "320924，19900101，1234",
        "320924\n19900101\n1234",
    ],
)
def test_an_identity_number_is_taken_out_in_every_shape(number: str) -> None:
    assert without_personal_numbers(f"身份证{number}。") == "身份证[证件号]。"


@pytest.mark.parametrize("card", ["6222021234567890128", "6222 0212 3456 7890 128", "4111-1111-1111-1111"])
def test_a_bank_card_is_taken_out(card: str) -> None:
    assert without_personal_numbers(f"卡号{card}") == "卡号[卡号]"


@pytest.mark.parametrize(
    "said",
    [
        "灯杆编号13812345678不亮",
        "灯杆编号：13812345678",
        "灯杆编号SY13812345678",
        "灯杆号 138 1234 5678",
        "13812345678号灯杆歪了",
        "编号051588886666",
        "pole 13812345678 is dark",
        "lamp no. 13812345678",
        "灯杆编号320924-0001",
        "路灯编号320924199001011234",
        "order 2026030212345678901234",
        "12812345678 is no mobile number",
        "2026-11-28 13:45 停了3辆车",
        "建华园2号楼 2单元 302 138号",
        "第二十一三四五六七八九层",
        "139.1234,35.6789",
        "131、132、133、13号楼",
        "K12+300、K12+800",
        "13:45、14:15、15:30",
        "水位+1.25，+1.30",
    ],
)
def test_the_number_of_a_thing_a_day_or_a_place_stays(said: str) -> None:
    assert without_personal_numbers(said) == said


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("灯杆编号0513201 13812345678", "灯杆编号0513201 [电话]"),
        ("路灯坏了13812345678", "路灯坏了[电话]"),
        ("联系人13812345678灯杆倒了", "联系人[电话]灯杆倒了"),
        ("手机号13812345678", "手机号[电话]"),
        ("13812345678，13912345678", "[电话]，[电话]"),
    ],
)
def test_a_lamp_nearby_makes_no_telephone_number_a_lamps(said: str, kept: str) -> None:
    assert without_personal_numbers(said) == kept


@given(
    st.integers(0, 10**8 - 1), st.sampled_from(["", " ", "-", ".", "\u00a0", "\u200b", " - "]), st.booleans(), st.data()
)
def test_no_grouping_hides_a_number(tail: int, joint: str, wide: bool, data: st.DataObject) -> None:
    number = f"138{tail:08}"
    cut = sorted(data.draw(st.sets(st.integers(3, 10), max_size=3)))
    parts = [number[a:b] for a, b in zip([0, *cut], [*cut, 11], strict=True)]
    said = joint.join(parts).translate(WIDE) if wide else joint.join(parts)
    assert without_personal_numbers(f"叫{said}来") == "叫[电话]来"
    assert without_personal_numbers(f"叫{number.translate(READ_OUT)}来") == "叫[电话]来"


@pytest.mark.parametrize(
    "hostile",
    ["1-" * 2000, "1----" * 800, "13----8" * 570, "一" * 4000, "1" * 4000, "灯杆编号" * 1000,
     "灯杆编号13812345678" * 260, "- " * 2000, "86-" * 1300, "0515-8" * 660, "13812345678" * 360],
    ids=range(11),
)  # fmt: skip
def test_hostile_words_take_time_in_proportion_to_their_length(hostile: str) -> None:
    """No pattern goes over the same characters again and again: it is bounded for the longest words that are taken."""

    def spent(text: str) -> float:
        best = 1.0
        for _ in range(3):
            begun = time.process_time()
            without_personal_numbers(text)
            best = min(best, time.process_time() - begun)
        return best

    assert spent(hostile) < 0.5
    assert without_personal_numbers(without_personal_numbers(hostile)) == without_personal_numbers(hostile)


@given(st.text(alphabet="13860-. +xX\u200b一三八灯杆编号０１３(）", max_size=120))
def test_what_was_taken_out_stays_out(text: str) -> None:
    once = without_personal_numbers(text)
    assert without_personal_numbers(once) == once
