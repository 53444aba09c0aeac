"""What couriers type becomes a category: sentences of our own, typos and look-alikes among them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.city.model.sorting import Category
from shared.city.sorting.categories import Classifier
from shared.city.words.phrases import LONGEST_TEXT, WORK_MAX, Hit, Phrases, plain
from tests.packs import HARBOUR, SHEYANG, pack_of

SAMPLES = {
    "路口水管子崩了 水哗哗的": "water_pipe",
    "门口消火栓被撞了 水柱有两层楼高": "water_pipe",
    "雨水篦子全让树叶糊住了 水下不去": "drain",
    "桥洞底下水太深 两辆电驴熄火了": "waterlogging",
    "下水道往外冒黑水 臭死了": "sewer",
    "下水道盖子不知道被谁偷了": "manhole",
    "电信井的盖子碎了 一脚踩空": "manhole",
    "一排路灯都瞎了": "street_light",
    "走廊的感应灯不亮": "corridor_light",
    "四楼拖了根线下来给电瓶车冲电": "flying_wire_charging",
    "有人从阳台牵电线下来充车子": "flying_wire_charging",
    "半空一团线耷拉着快碰到头": "hanging_cable",
    "电线外皮破了 铜芯露出来了": "exposed_wire",
    "小区就两个充电桩天天排队": "charging_shortage",
    "三楼窗户往外冒浓烟": "fire",
    "天然气管子被挖断了 嘶嘶响": "gas_leak",
    "黄网格线里停满车": "fire_lane",
    "到处乱停车 消防都进不来": "fire_lane",
    "电瓶车停楼道里 门都打不开": "hallway_clutter",
    "小孩往下水道扔鞭炮": "fireworks",
    "电梯停在半中间 里面有人": "elevator",
    "楼上丢下来一个酒瓶 差点砸到我": "falling_objects",
    "谁家往窗外丢垃圾 砸到车了": "falling_objects",
    "广告牌快掉了 风一吹晃得厉害": "falling_facade",
    "昨晚大风 一棵树横在路上": "fallen_tree",
    "人行道砖头松了 踩上去溅一身水": "road_damage",
    "路口缺个红绿灯 天天差点撞上": "road_safety",
    "红绿灯不亮了 路口乱套了": "traffic_signal",
    "工地的泥浆流到马路上了": "construction_site",
    "一辆面包车堵在单元门口": "parking",
    "烧烤摊占了整个人行道": "occupying_road",
    "垃圾桶满出来了 苍蝇乱飞": "garbage",
    "凌晨两点还在施工 吵得睡不着": "noise",
    "饭店油烟直接往楼上排": "cooking_fumes",
    "遛狗不拴绳 狗屎也不捡": "dogs",
    "楼顶种菜 浇大粪": "vegetable_plot",
    "一楼把院子封起来搭了个棚子": "illegal_building",
    "因为停车两个人骂起来了": "dispute",
    "大爷晕倒在楼梯口": "elder_help",
    "外卖小哥被撞伤了，有人受伤": "person_in_danger",
    "救命": "person_in_danger",
    "小孩掉井里了": "person_in_danger",
    "有人落水": "person_in_danger",
    "电瓶车充电冒烟": "fire",
    "三楼的落水管断了": "water_pipe",
    "河边没有护栏，防止有人落水": "other",
    "上门说换燃气软管 骗了老人三百": "fraud_clue",
    "看到有人在撬电瓶车锁": "public_security_clue",
    "歇脚点的充电插座坏了": "station_service",
    "商家出餐慢 我们等半小时": "rider_need",
    "在吗": "other",
    "": "other",
}


@pytest.mark.parametrize(
    "text", ["有人受伤了", "救命啊", "有人落水", "小孩掉井里了", "有人要跳楼", "出车祸了", "电瓶车充电冒烟"]
)
def test_words_of_harm_to_people_are_danger_and_show_whom_to_call_first(text: str) -> None:
    pack = pack_of(SHEYANG)
    category = pack.categories[pack.classify(text).code]
    assert category.priority == "danger"
    assert "120" in category.emergency or "119" in category.emergency


@pytest.mark.parametrize(("text", "code"), SAMPLES.items())
def test_what_couriers_type(text: str, code: str) -> None:
    assert pack_of(SHEYANG).classify(text).code == code


def test_words_lead_and_nothing_is_learnt_by_heart() -> None:
    pack = pack_of(SHEYANG)
    places = {place.name for place in pack.places}
    for category in pack.categories.values():
        for word in (*category.keywords, *category.hints):
            assert len(word.replace("*", "")) <= 6, word
            assert not any(name in word for name in places), word


def test_every_category_of_the_glossary_is_there_in_both_languages() -> None:
    categories = pack_of(SHEYANG).categories
    assert len(categories) == 42, "the 39 of the glossary, two that say where a report belongs, and people in danger"
    assert all(category.name and category.name_en for category in categories.values())


def test_the_words_found_are_told() -> None:
    found = pack_of(SHEYANG).classify("喂 路灯坏了")
    assert found.by == "keywords"
    assert "路灯" in found.matched
    assert pack_of(SHEYANG).classify("喂").by == "other"


def test_english_words_begin_where_a_word_begins() -> None:
    pack = pack_of(HARBOUR)
    assert pack.classify("The LAMPS are out").code == "street_light"
    assert pack.classify("a clamp on my wheel").code == "other"
    assert pack.classify("the railing was broken").code == "quay_wall"


def test_longer_words_hide_shorter_ones_and_not_words_shut_a_category_out() -> None:
    sorter = Classifier(
        [
            Category(code="lane", name="x", priority="low", keywords=("消防车道",)),
            Category(code="fire", name="x", priority="danger", keywords=("消防", "车道"), not_=("演习",)),
            Category(code="other", name="x", priority="low"),
        ]
    )
    assert sorter.classify("消防车道").code == "lane"
    assert sorter.classify("消防").code == "fire"
    assert sorter.classify("消防演习").code == "other"


@given(st.text())
def test_any_text_has_a_category_and_always_the_same(text: str) -> None:
    pack = pack_of(SHEYANG)
    found = pack.classify(text)
    assert found.code in pack.categories
    assert found == pack.classify(text)
    assert found.code == pack.classify(f"  {text}\n").code


class Counted(str):
    """Counts how often somebody looks into it."""

    looks = 0

    def __getitem__(self, at: Any) -> str:
        self.looks += 1
        return super().__getitem__(at)

    def find(self, *sought: Any) -> int:
        self.looks += 1
        return super().find(*sought)

    def startswith(self, *sought: Any) -> bool:
        self.looks += 1
        return super().startswith(*sought)


A = "啊"
MADE_TO_MATCH = {
    "one beginning": [A * 2 + chr(0x4E00 + n) for n in range(10_000)],
    "each the beginning of the next": [A * (n % 60 + 1) for n in range(10_000)],
    "gaps that nearly match": [f"{A}*{A}*{A}*{chr(0x4E00 + n)}" for n in range(500)],
    "gaps that match": [f"{A * (n % 20 + 1)}*{A * (n // 20 + 1)}*{A}" for n in range(500)],
}


@pytest.mark.parametrize("shape", MADE_TO_MATCH)
def test_a_text_made_to_match_a_large_pack_takes_bounded_work(shape: str) -> None:
    """Work is counted, as seconds depend on the machine: the largest pack (check_sizes), and a text of its words."""
    phrases, text = Phrases(MADE_TO_MATCH[shape]), Counted(A * 400)
    hits = phrases.find(text)
    assert text.looks <= WORK_MAX + 3 * len(text)
    assert len(hits) <= WORK_MAX


def test_a_long_text_of_couriers_is_read_to_its_end() -> None:
    """All the words of a pack, as often as fit, and one of danger after them."""
    pack = pack_of(SHEYANG)
    words = " ".join(word.replace("*", "那个") for c in pack.categories.values() for word in (*c.keywords, *c.hints))
    text = plain((words * 9)[: LONGEST_TEXT - 7] + " 煤气泄漏了")
    last = Phrases(["煤气泄漏", *(word for c in pack.categories.values() for word in (*c.keywords, *c.hints))])
    assert 0 in {hit.number for hit in last.find(text)}


def test_a_word_of_one_letter_at_the_end_is_found_once() -> None:
    assert Phrases(["水"]).find("有水") == [Hit(1, 2, 0)]
