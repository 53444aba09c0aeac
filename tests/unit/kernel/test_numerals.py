"""Numbers in words: every notation of a number reads as that number, and no two numbers look the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.same_hazard.text_features import numbers_in
from shared.city.place.addresses import normal
from shared.kernel.numerals import in_digits, read
from tests.packs import SHEYANG, pack_of

PLAIN, FINANCIAL = "零一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖"


def spoken(n: int, digits: str = PLAIN, scales: str = "十百千") -> str:
    """一千零一十二, as it is written in full."""
    said, zero = "", False
    for scale, name in ((1000, scales[2]), (100, scales[1]), (10, scales[0]), (1, "")):
        digit = n // scale % 10
        if digit:
            said += (digits[0] if zero and said else "") + digits[digit] + name
            zero = False
        else:
            zero = True
    return said


def notations(n: int) -> set[str]:
    """Arabic, full-width, in characters, financial, read out digit by digit, and what is left out in speech."""
    full = spoken(n)
    every = {str(n), str(n).translate({48 + i: 0xFF10 + i for i in range(10)}), full}
    every |= {spoken(n, FINANCIAL, "拾佰仟"), spoken(n).replace("零", "〇")}
    every |= {"".join(PLAIN[int(c)] for c in str(n)), "".join(FINANCIAL[int(c)] for c in str(n))}
    if 10 <= n < 20:
        every.add(full.removeprefix("一"))
    if 20 <= n < 40:
        every.add("廿卅"[n // 10 - 2] + full[2:])
    if 100 < n < 1000 and n // 10 % 10:
        every.add(full.removeprefix("一"))  # 百十二
    if n > 100 and n % 100 >= 10 and n % 100 < 20:
        every.add(full.replace("一十", "十"))
    if 100 < n < 1000 and n % 10 == 0 and n % 100:
        every.add(full.removesuffix("十"))  # 一百二
    return every


def test_every_number_to_9999_reads_as_itself_in_every_notation() -> None:
    wrong = {(n, one): read(one) for n in range(1, 10_000) for one in notations(n) if one[0] < "０" and read(one) != n}
    assert not wrong


@given(st.integers(1, 9999), st.integers(1, 9999), st.sampled_from(["号楼", "栋", "幢", "座"]), st.data())
def test_two_buildings_are_one_only_where_their_numbers_are(
    one: int, other: int, unit: str, data: st.DataObject
) -> None:
    said = [data.draw(st.sampled_from(sorted(notations(n)))) for n in (one, other, one)]
    first, second, again = (numbers_in(normal(f"锦和苑{number}{unit}水管爆了")) for number in said)
    assert first == again == (("building", str(one)),)
    assert (first == second) is (one == other)


@given(st.integers(1, 99), st.sampled_from(["楼", "层"]), st.booleans(), st.data())
def test_a_floor_is_the_same_in_every_notation_and_never_the_one_below_the_ground(
    n: int, unit: str, below: bool, data: st.DataObject
) -> None:
    said = data.draw(st.sampled_from(sorted(notations(n))))
    prefix = data.draw(st.sampled_from(["负", "地下"])) if below else ""
    assert numbers_in(normal(f"5栋{prefix}{said}{unit}")) == (("building", "5"), ("floor", str(-n if below else n)))


@pytest.mark.parametrize(
    "text", ["", "十十", "一百百", "百千", "零", "一百零", "二十三十", "一0x", "号", "万", "九" * 9]
)
def test_what_is_no_number_is_not_read_from_its_tail(text: str) -> None:
    assert read(text) in (None, 0)


@pytest.mark.parametrize(
    "text",
    ["同一栋楼", "统一楼", "水柱有两层楼高", "几十层", "十几层", "二十多层", "一直喷", "三小门口", "每一层", "十一点"],
)
def test_words_that_number_nothing_stay(text: str) -> None:
    assert in_digits(text) == text


@given(st.text(alphabet="一二十百千零〇两廿拾0123456789号楼栋单元层-、到 abB", max_size=60))
def test_any_words_have_one_form_and_it_is_stable_enough_to_compare(text: str) -> None:
    assert numbers_in(normal(text)) == numbers_in(normal(text))
    assert all(value for _, value in numbers_in(normal(text)))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("锦和苑一百零二号楼", {("building", "102")}),
        ("廿二栋", {("building", "22")}),
        ("百十二号楼", {("building", "112")}),
        ("A-2号楼", {("building", "a2")}),
        ("A2号楼", {("building", "a2")}),
        ("B座", {("building", "b")}),
        ("甲栋", {("building", "甲")}),
        ("2、3号楼", {("building", "2"), ("building", "3")}),
        ("二、三号楼", {("building", "2"), ("building", "3")}),
        ("1-3号楼", {("building", "1"), ("building", "2"), ("building", "3")}),
        ("3号楼到5号楼", {("building", "3"), ("building", "4"), ("building", "5")}),
        ("2号楼和3号楼", {("building", "2"), ("building", "3")}),
        ("11-9-302", {("building", "11"), ("entrance", "9"), ("room", "302")}),
        ("5栋-2单元-302", {("building", "5"), ("entrance", "2"), ("room", "302")}),
        ("二期三号楼", {("phase", "2"), ("building", "3")}),
        ("125弄3号", {("lane", "125"), ("house", "3")}),
        ("银杏路十二号附三号", {("house", "12"), ("annex", "3")}),
        ("五栋二单元三零二室", {("building", "5"), ("entrance", "2"), ("room", "302")}),
        ("5栋十二楼", {("building", "5"), ("floor", "12")}),
        ("6栋12楼", {("building", "6"), ("floor", "12")}),
        ("负一楼", {("floor", "-1")}),
        ("-1楼", {("floor", "-1")}),
        ("－１楼", {("floor", "-1")}),
        ("地下一层", {("floor", "-1")}),
        ("地下室", {("floor", "-1")}),
        ("B1层", {("floor", "-1")}),
        ("5栋-1楼", {("building", "5"), ("floor", "-1")}),
        ("十楼", {("floor", "10")}),
        ("二十一层", {("floor", "21")}),
        ("1，2单元", {("entrance", "1"), ("entrance", "2")}),
        ("3及4单元", {("entrance", "3"), ("entrance", "4")}),
        ("1/2单元", {("entrance", "1"), ("entrance", "2")}),
        ("甲1号楼", {("building", "甲1")}),
        ("1甲号楼", {("building", "1甲")}),
        ("II期3号楼", {("phase", "2"), ("building", "3")}),
        ("人民路120-1号", {("house", "120-1")}),
        ("人民路120甲号", {("house", "120甲")}),
        ("负二车库", {("floor", "-2")}),
        ("12栋东单元", {("building", "12"), ("side", "东")}),
        ("301房", {("room", "301")}),
        ("灯杆号三二零一", {("pole", "3201")}),
        ("灯杆编号零零一二", {("pole", "0012")}),
        ("编号一直看不清", set()),
        ("红旗村三组路灯", {("group", "3")}),
        ("红旗村第十二组", {("group", "12")}),
        ("红旗村四组5号杆", {("group", "4"), ("pole", "5")}),
        ("派了三组人来", set()),
        ("3号井盖", {("thing", "3")}),
        ("三号电梯", {("thing", "3")}),
        ("3号楼电梯", {("building", "3")}),
        ("人民路12号路灯", {("house", "12"), ("pole", "12")}),
        ("路灯12月不亮", set()),
        ("路灯杆12-3日不亮", set()),
        ("路面一层油", set()),
        ("一口井没盖子", set()),
        ("2026-11-28路灯 8-10点", set()),
    ],
)
def test_numbers_of_places_are_read_whole(text: str, numbers: set[tuple[str, str]]) -> None:
    assert set(numbers_in(normal(text))) == numbers


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("灯杆编号SY00123", "灯杆编号SY00987"),
        ("灯杆编号JM-0012", "灯杆编号JM-0013"),
        ("JM-0012不亮", "JM-0013不亮"),
        ("A-12号灯杆", "A-13号灯杆"),
        ("灯杆编号320924-0001", "灯杆编号320924-0002"),
        ("AB1234号灯杆", "AB1235号灯杆"),
        ("路灯杆 SY 00123", "路灯杆 SY 00124"),
        ("电线杆编号 0012-3", "电线杆编号 0012-4"),
        ("pole JM-0012 is dark", "pole JM-0013 is dark"),
        ("5号路灯不亮", "6号路灯不亮"),
        ("十二号路灯", "十三号路灯"),
        ("A-12路灯", "A-13路灯"),
        ("12号电杆歪了", "13号电杆歪了"),
        ("灯杆12-3不亮", "灯杆12-4不亮"),
        ("灯杆（12号）", "灯杆（13号）"),
        ("灯杆#12", "灯杆#13"),
        ("灯杆SY/2024/0012", "灯杆SY/2024/0013"),
        ("灯杆编号SY_00123", "灯杆编号SY_00124"),
        ("灯杆编号SY 001 23", "灯杆编号SY 001 24"),
        ("灯杆编号东-12", "灯杆编号东-13"),
        ("灯杆编号甲12", "灯杆编号甲13"),
        ("灯杆号三二零一不亮", "灯杆号三二零二不亮"),
        ("桩号K12+300塌了", "桩号K12+800塌了"),
        ("K12+300处", "K12+800处"),
        ("streetlight #12", "streetlight #13"),
        ("lamppost 12", "lamppost 13"),
    ],
)
def test_an_asset_is_told_by_its_whole_number(one: str, other: str) -> None:
    first, second = numbers_in(normal(one)), numbers_in(normal(other))
    assert [kind for kind, _ in first] == [kind for kind, _ in second] == ["pole"]
    assert first != second
    assert first == numbers_in(normal(one.lower())) == numbers_in(normal(one.replace("-", "－")))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3号电梯困人", "4号电梯困人"),
        ("三号电梯困人", "四号电梯困人"),
        ("3号井盖没了", "4号井盖没了"),
        ("3号充电桩冒烟", "4号充电桩冒烟"),
        ("3号消防栓漏水", "4号消防栓漏水"),
        ("消防栓3号漏水", "消防栓4号漏水"),
        ("配电箱A12冒烟", "配电箱A13冒烟"),
        ("变压器SY-12冒烟", "变压器SY-13冒烟"),
        ("lift 3 is stuck", "lift 4 is stuck"),
        ("hydrant 3 leaks", "hydrant 4 leaks"),
    ],
)
def test_a_lift_and_a_cover_are_told_by_their_numbers_as_a_lamp_is(one: str, other: str) -> None:
    first, second = numbers_in(normal(one)), numbers_in(normal(other))
    assert first and second and not set(first) & set(second)


@pytest.mark.parametrize(
    ("text", "place", "flags"),
    [
        ("建华园一百一十二号楼", "建华园", ("unknown_building",)),
        ("建华园廿二号楼", "建华园", ("unknown_building",)),
        ("建华园A-2号楼", "建华园", ("unknown_building",)),
        ("建华园12345号楼", "建华园", ("unknown_building",)),
        ("建华园拾贰号楼", "建华园12号楼", ()),
        ("建华园12-9水管爆了", "建华园12号楼", ()),
        ("建华园2-302漏水", "建华园2号楼", ()),
        ("建华园2、3号楼", "建华园2号楼", ()),
        ("建華園12號樓", "建华园12号楼", ()),
        ("建\u200b华园\ufeff１２号\u00ad楼", "建华园12号楼", ()),
    ],
)
def test_a_building_is_found_in_every_notation_or_flagged(text: str, place: str, flags: tuple[str, ...]) -> None:
    found = pack_of(SHEYANG).locate(None, text)
    assert (found.unit, found.place, found.flags) == ("jiaotonglu", place, flags)


def test_short_addresses_after_an_estate_tell_reports_apart() -> None:
    pack = pack_of(SHEYANG)
    short, long = (numbers_in(pack.in_one_form(text)) for text in ("建华园12-9漏水", "建华园12号楼9单元漏水"))
    assert short == long
    assert numbers_in(pack.in_one_form("建华园 8-10点停水")) == ()
