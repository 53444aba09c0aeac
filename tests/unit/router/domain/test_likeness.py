"""Reports of one thing and reports that only look alike: places, times, numbers; symmetric, whatever is said."""

import math
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.cases.dedup_from_pack import rule_of
from services.router.cases.routing import assign
from services.router.domain.case import State
from services.router.domain.matching import KnownCase, belongs
from services.router.domain.same_hazard.similarity import (
    COPY_BITS,
    METRES_PER_DEGREE,
    SameRule,
    Traits,
    alike,
    by_photo,
    metres,
    numbers_in,
    words_in,
)
from services.router.domain.values import replace
from shared.city.place.gazetteer import normal
from shared.contracts.reports import Place, ReportSubmitted
from tests.kit.made_cases import T0
from tests.packs import SHEYANG, pack_of

RULE = SameRule(100, timedelta(hours=2), 0.0, timedelta(days=2), reopens_up=False, linked=timedelta(days=30))
HERE = (120.25, 33.77)


def traits(text: str, east_m: float = 0, north_m: float = 0, **fields: object) -> Traits:
    """What is read in ``text``, so many metres away from ``HERE``."""
    lon = HERE[0] + east_m / METRES_PER_DEGREE / math.cos(math.radians(HERE[1]))
    said = normal(text)
    given_ = {"numbers": numbers_in(said), "words": words_in(said), **fields}
    return Traits("sheyang", "street_light", lon, HERE[1] + north_m / METRES_PER_DEGREE, **given_)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("福满里3号楼", {("building", "3")}),
        ("福满里三号楼", {("building", "3")}),
        ("福满里03栋2单元门口", {("building", "3"), ("entrance", "2")}),
        ("福满里一至三号楼停电", {("building", "1"), ("building", "2"), ("building", "3")}),
        ("福满里8栋乙单元", {("building", "8"), ("entrance", "乙")}),
        ("福满里Ⅱ期Ⅻ号楼", {("phase", "2"), ("building", "12")}),
        ("福满里十二幢", {("building", "12")}),
        ("3号楼和5号楼之间", {("building", "3"), ("building", "5")}),
        ("东门门口", {("gate", "东")}),
        ("小区东大门", {("gate", "东"), ("face", "前")}),
        ("后门", {("face", "后")}),
        ("2号门边上", {("gate", "2")}),
        ("5栋302敲门没人应", {("building", "5"), ("room", "302")}),
        ("5栋三楼楼道", {("building", "5"), ("floor", "3")}),
        ("银杏路12号门口", {("house", "12")}),
        ("银杏路12号对面", {("house", "12")}),
        ("7号灯杆不亮", {("pole", "7")}),
        ("pole 14 is dark", {("pole", "14")}),
        ("路灯不亮，灯杆编号：0513201", {("pole", "0513201")}),
        ("0513201号灯杆不亮", {("pole", "0513201")}),
        ("lamp 1234567 is dark", {("pole", "1234567")}),
        ("灯杆高2米，歪了", set()),
        ("lamp number 3", {("house", "3")}),
        ("block 2", {("building", "2")}),
        ("停了3辆车 8点开始的", set()),
    ],
)
def test_numbers_of_buildings_gates_floors_rooms_and_poles_are_read(text: str, numbers: set[tuple[str, str]]) -> None:
    assert set(numbers_in(normal(text))) == numbers


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2幢楼下路灯不亮", "12幢楼下路灯不亮", False),
        ("3号楼门口灯坏了", "5号楼门口灯坏了", False),
        ("3号楼门口灯坏了", "3栋灯不亮", True),
        ("东门路灯", "西门路灯", False),
        ("东门路灯", "路灯黑了", True),
        ("5栋1单元", "5栋2单元", False),
        ("3号楼旁边", "3号楼和5号楼之间", True),
    ],
)
def test_numbers_that_both_name_must_not_differ(one: str, other: str, same: bool) -> None:
    assert alike(traits(one), traits(other, 40), RULE) is same


def test_places_that_both_name_must_share_one() -> None:
    a = traits("a", places=("福满里",))
    assert not alike(a, traits("b", places=("安康里",)), RULE)
    assert alike(a, traits("b", places=("安康里", "福满里")), RULE)
    assert alike(a, traits("b"), RULE)
    assert not alike(traits("a", roads=("银杏路",)), traits("b", roads=("健民路",)), RULE)


def test_beyond_the_radius_nothing_is_the_same() -> None:
    assert alike(traits("a"), traits("a", 99), RULE)
    assert not alike(traits("a"), traits("a", 101), RULE)


def test_words_count_where_the_pack_asks_for_them_and_no_spot_is_named() -> None:
    picky = SameRule(100, RULE.window, 0.4, RULE.reopens, reopens_up=False, linked=RULE.linked)
    assert not alike(traits("大货车乱停"), traits("有人违停挡路"), picky)
    assert alike(traits("大货车乱停"), traits("大货车乱停放"), picky)
    named: dict[str, Any] = {"places": ("福满里",)}
    assert alike(traits("福满里3号楼大货车乱停", **named), traits("福满里3栋有人挡路", **named), picky)


PICKY = SameRule(100, RULE.window, 0.4, RULE.reopens, reopens_up=False, linked=RULE.linked)
PHOTO = "3c5a99e10f72d846"


def differing(bits: int, photo: str = PHOTO) -> str:
    """``photo`` with so many bits turned."""
    return f"{int(photo, 16) ^ ((1 << bits) - 1):016x}"


def test_photos_that_look_alike_stand_for_words_in_common() -> None:
    one = traits("大货车乱停", looks=("0" * 15 + "f", PHOTO))
    other = traits("有人违停挡路", 40, looks=(differing(COPY_BITS),))
    assert alike(one, other, PICKY)
    assert by_photo(one, other, PICKY)
    assert not alike(one, traits("有人违停挡路", 40, looks=(differing(COPY_BITS + 1),)), PICKY)
    assert not alike(one, traits("有人违停挡路", 40), PICKY)


def test_photos_that_differ_tell_nothing_apart() -> None:
    one, other = traits("大货车乱停", looks=(PHOTO,)), traits("大货车乱停放", looks=(differing(40),))
    assert alike(one, other, PICKY)
    assert not by_photo(one, other, PICKY)


def test_words_in_common_are_the_reason_where_there_are_both() -> None:
    one, other = traits("大货车乱停", looks=(PHOTO,)), traits("大货车乱停放", looks=(PHOTO,))
    assert alike(one, other, PICKY)
    assert not by_photo(one, other, PICKY)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (traits("2幢灯坏了", looks=(PHOTO,)), traits("12幢路不好走", looks=(PHOTO,))),
        (traits("东门灯坏了", looks=(PHOTO,)), traits("西门路不好走", looks=(PHOTO,))),
        (traits("a", looks=(PHOTO,), places=("福满里",)), traits("b", looks=(PHOTO,), places=("安康里",))),
        (traits("a", looks=(PHOTO,), roads=("银杏路",)), traits("b", looks=(PHOTO,), roads=("健民路",))),
        (traits("a", looks=(PHOTO,)), traits("a", 101, looks=(PHOTO,))),
        (traits("a", looks=(PHOTO,)), replace(traits("a", looks=(PHOTO,)), category="other")),
        (traits("a", looks=(PHOTO,)), replace(traits("a", looks=(PHOTO,)), city="harbour")),
    ],
)
def test_no_photo_stands_against_a_number_a_place_the_distance_or_the_category(one: Traits, other: Traits) -> None:
    assert not alike(one, other, PICKY)
    assert not alike(other, one, PICKY)


POINTS = st.floats(-150, 150)
SAID = (
    "2幢",
    "12幢",
    "三号楼",
    "东门",
    "西门",
    "后门",
    "1单元",
    "302室",
    "路灯",
    "不亮",
    "水管",
    "a lamp",
    "pole 3",
    " ",
)
TEXTS = st.lists(st.sampled_from(SAID), max_size=6).map("".join)
NAMED = st.frozensets(st.sampled_from(("福满里", "安康里", "三小")), max_size=2).map(lambda s: tuple(sorted(s)))
LOOKS = st.lists(st.integers(0, 20).map(differing), max_size=3, unique=True).map(tuple)
TRAITS = st.builds(lambda t, x, y, p, s: traits(t, x, y, places=p, looks=s), TEXTS, POINTS, POINTS, NAMED, LOOKS)


@given(TRAITS, TRAITS, st.floats(0, 1))
def test_likeness_is_symmetric(one: Traits, other: Traits, words: float) -> None:
    rule = SameRule(100, RULE.window, words, RULE.reopens, reopens_up=False, linked=RULE.linked)
    assert alike(one, other, rule) == alike(other, one, rule)
    assert by_photo(one, other, rule) == by_photo(other, one, rule)
    assert alike(one, one, rule)


@given(TRAITS, TRAITS, st.floats(0, 1))
def test_a_photo_only_ever_brings_together_what_nothing_tells_apart(one: Traits, other: Traits, words: float) -> None:
    rule = SameRule(100, RULE.window, words, RULE.reopens, reopens_up=False, linked=RULE.linked)
    blind = alike(replace(one, looks=()), replace(other, looks=()), rule)
    assert alike(one, other, rule) == (blind or by_photo(one, other, rule))
    if by_photo(one, other, rule):
        assert alike(replace(one, words=()), other, rule), "with nothing said it would have been the same"


@given(TRAITS, TRAITS, st.floats(1, 300))
def test_whatever_is_within_the_radius_is_found_under_the_keys_that_are_looked_into(
    one: Traits, other: Traits, radius: float
) -> None:
    if metres(one, other) <= radius * 0.999:
        assert other.key in one.keys(radius)
        assert len(one.keys(radius)) <= 25


def known(
    id_: str, minutes: float = 0, state: State = State.QUEUED, ended: float | None = None, **more: object
) -> KnownCase:
    at = T0 + timedelta(minutes=minutes)
    end = T0 + timedelta(minutes=ended) if ended is not None else None
    return KnownCase(id_, state, traits("灯", **more), at, at, end)  # type: ignore[arg-type]


def placed(at: float, *cases: KnownCase, says: object = None) -> tuple[str | None, str | None]:
    verdict = belongs(traits("灯"), T0 + timedelta(minutes=at), "c-own", cases, RULE, says)  # type: ignore[arg-type]
    return verdict.case, verdict.linked_to


def test_a_report_belongs_to_the_oldest_open_case_that_it_is_like() -> None:
    assert placed(10, known("c2", 5), known("c1", 1), known("c0", 0, east_m=200)) == ("c1", None)
    assert placed(10) == (None, None)


@given(st.permutations([known("c1", 1), known("c2", 5), known("c3", 5), known("c4", 0, State.CLOSED, 2)]))
def test_the_order_in_which_cases_are_found_changes_nothing(cases: list[KnownCase]) -> None:
    assert placed(10, *cases) == ("c1", None)


def test_past_the_window_it_has_a_case_of_its_own_that_names_the_old_one() -> None:
    assert placed(121, known("c1")) == (None, "c1")


def test_after_closing_it_is_opened_again_within_the_window_and_linked_later() -> None:
    closed = known("c1", 0, State.CLOSED, 60)
    assert placed(60 + 2 * 24 * 60, closed) == ("c1", None)
    assert placed(61 + 2 * 24 * 60, closed) == (None, "c1")
    assert placed(61, known("c1", 0, State.REJECTED, 60)) == (None, "c1")


def test_what_is_like_a_merged_case_goes_where_that_leads() -> None:
    assert placed(61, known("c1", 0, State.MERGED, 60)) == ("c1", None)
    assert placed(200, known("c1", 0, State.MERGED, 60)) == (None, None)


def test_thanks_go_to_a_case_that_is_or_was() -> None:
    closed = known("c1", 0, State.CLOSED, 60)
    assert placed(20 * 24 * 60, closed, says="thanks") == ("c1", None)
    assert placed(500, known("c1"), says="fixed") == ("c1", None)


SAME = (
    ("福满里6栋十二楼水管爆了", "福满里6栋12楼水管爆了"),
    ("福滿里拾贰號樓水管爆了", "福满里１２号楼水\u200b管爆了"),
    ("福满里6号楼楼下水管裂了一直喷", "福满里六栋旁边自来水往外冒"),
    ("三小门口井盖不见了", "第三小学门口窨井没盖子 小心"),
    ("望湖佳苑西门消防通道被车堵死", "望湖西门黄线上停满车 救护车进不来"),
    ("安康里4栋有人高空抛物", "4号楼又往下扔东西 安康里这边"),
    ("北桥花园车棚着火了", "北桥花园电动车棚冒烟"),
)
APART = (
    ("福满里2幢楼下路灯不亮", "福满里12幢楼下路灯不亮"),
    ("福满里3号楼水管爆了", "福满里5号楼水管爆了"),
    ("望湖佳苑东门消防通道堵了", "望湖佳苑西门消防通道堵了"),
    ("安康里路灯不亮", "福满里路灯不亮"),
    ("福满里7栋从窗户拉线充电", "福满里7栋楼顶的线飘下来了"),
    ("福满里5栋1单元门口井盖翻了", "福满里5栋3单元门口井盖翻了"),
    ("锦和苑一百零二号楼水管爆了", "锦和苑2号楼水管爆了"),
    ("福满里5栋十二楼水管爆了", "福满里5栋二楼水管爆了"),
    ("福满里5栋负一楼水管爆了", "福满里5栋一楼水管爆了"),
    ("灯杆编号SY00123不亮", "灯杆编号SY00987不亮"),
    ("JM-0012路灯不亮", "JM-0013路灯不亮"),
    ("灯杆编号320924-0001不亮", "灯杆编号320924-0002不亮"),
)


def sheyang(text: str, minutes: float, east_m: float) -> ReportSubmitted:
    lon = HERE[0] + east_m / METRES_PER_DEGREE / math.cos(math.radians(HERE[1]))
    return ReportSubmitted(
        report=f"r{minutes:g}",
        app="a",
        kind="hazard",
        description=text,
        place=Place(lon=lon, lat=HERE[1], crs="wgs84"),
        received_at=T0 + timedelta(minutes=minutes),
        pack_version=pack_of(SHEYANG).version,
        cell="sheyang:0:0",
    )


def together(one: str, other: str) -> bool:
    """Whether two riders' sentences, eighty metres and an hour apart, are of one thing in Sheyang."""
    pack = pack_of(SHEYANG)
    (first, _), (second, _) = (assign(sheyang(t, m, x), "sheyang", pack) for t, m, x in ((one, 0, 0), (other, 60, 80)))
    assert first.traits is not None
    assert second.traits is not None
    same = pack.categories[first.category].same
    assert same is not None
    there = KnownCase(first.id, first.state, first.traits, first.opened_at, first.opened_at)
    return belongs(second.traits, second.opened_at, second.id, [there], rule_of(same)).case is not None


@pytest.mark.parametrize(("one", "other"), SAME)
def test_sentences_of_one_hazard_come_together(one: str, other: str) -> None:
    assert together(one, other)
    assert together(other, one)


@pytest.mark.parametrize(("one", "other"), APART)
def test_sentences_that_only_look_alike_stay_apart(one: str, other: str) -> None:
    assert not together(one, other)
    assert not together(other, one)
