"""It is fixed only where the whole of what was said says so; whoever thanks and goes on is still heard."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.packs import SHEYANG, pack_of

CLOSED = ("修好了", "换好了", "解决了", "恢复了", "处理好了", "恢复正常", "is fixed")
HAZARDS = ("水管爆了", "水喷得老高", "井盖不见了", "路灯全灭了", "楼道冒烟", "三单元水柱三层楼高", "电线掉下来了",
           "今天老样子", "煤气味很大", "a wire is sparking")  # fmt: skip
EMBEDDED = (
    "昨天{closed}的{thing}今天{hazard}",
    "{hazard}，希望早日{closed}通知一下",
    "{hazard}，什么时候{closed}",
    "说是{closed}但是{hazard}",
    "前天刚{closed}，{hazard}",
    "{closed}吗？{hazard}",
    "{hazard}，谢谢，等{closed}",
    "{closed} {hazard}",
    "{closed}。{hazard}",
    "{closed}，谢谢。{hazard}",
    "{hazard}。{closed}",
    "{hazard}没{closed}",
    "谢谢，但是{hazard}",
    "谢谢师傅{closed}，又{hazard}",
    "据说{closed}\n{hazard}",
)


@given(st.sampled_from(EMBEDDED), st.sampled_from(CLOSED), st.sampled_from(HAZARDS), st.sampled_from(["水管", "路灯"]))
def test_a_closing_word_inside_a_hazard_never_counts(frame: str, closed: str, hazard: str, thing: str) -> None:
    assert pack_of(SHEYANG).feedback(frame.format(closed=closed, hazard=hazard, thing=thing)) is None


@pytest.mark.parametrize(
    "text",
    [
        "昨天修好了的水管今天爆了，水喷得老高",
        "水管爆了，希望早日修好了通知一下",
        "问题解决了吗",
        "说是恢复了但是水管在冒水",
        "前天刚换好了的井盖不见了",
        "没修好",
        "还没有修好",
        "修好了又漏",
        "修好了没有",
        "修好了？",
        "快修好了",
        "明天修好了",
        "如果修好了请告诉我",
        "修好了个屁",
        "假装修好了",
        "恢复了一半",
        "水管爆了，问题解决了",
        "已经修了三次",
        "修\u200b好了 今天老样子",
        "it is fixed but burst again",
        "fixed yesterday but burst again",
        "hope it is fixed soon",
        "is it fixed?",
        "they say it is fixed",
        "the pump that is fixed yesterday is burning",
        "修好了" + "。" * 200 + "井盖",
    ],
)
def test_a_question_a_wish_hearsay_or_a_contrary_is_no_closing(text: str) -> None:
    assert pack_of(SHEYANG).feedback(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "已经修好了谢谢",
        "恢复正常了",
        "问题解决了",
        "水管修好了，谢谢!",
        "水管修好了，谢谢！",
        "路燈修好了 謝謝師傅",
        "老船厂宿舍门口路灯修好了 谢谢师傅",
        "望湖佳苑东门路灯修好了",
        "昨天修好了，谢谢",
        "你好，福满里3号楼水管已经修好了，感谢社区和网格员",
        "谢谢师傅把路灯修好了",
        "感谢社区修好了路灯",
        "漏水问题解决了",
        "漏水的水管修好了，非常感谢",
        "井盖换好了 辛苦了",
        "3号楼 路灯 修好了",
        "the lamp is fixed, thanks",
        "The street light at pole 14 works again",
        "it is fixed now, thank you",
        "the burst pipe is fixed",
    ],
)
def test_who_says_nothing_but_that_it_is_fixed_is_believed(text: str) -> None:
    assert pack_of(SHEYANG).feedback(text) == "fixed"


@pytest.mark.parametrize(
    "text", ["谢谢师傅", "表扬一下网格员", "社区的同志很热心，点赞", "thank you for the burst pipe"]
)
def test_thanks_are_thanks(text: str) -> None:
    assert pack_of(SHEYANG).feedback(text) == "thanks"


@pytest.mark.parametrize(
    "text",
    [
        "谢谢，但是井盖不见了",
        "谢谢 水都到一楼了",
        "谢谢，楼道冒烟",
        "谢谢，能不能快点",
        "thanks, the pipe burst",
        "谢谢，有人跳楼",
        "点赞，河里漂着人",
        "谢谢，有人躺在地上",
        "谢谢你们，三楼有人喊",
        "谢谢，孩子卡住了",
        "thank you, someone is lying in the stairwell",
        "thanks, the wire is hanging",
        "thank you, an old man collapsed here",
    ],
)
def test_thanks_beside_a_trouble_are_none(text: str) -> None:
    assert pack_of(SHEYANG).feedback(text) is None


@pytest.mark.parametrize(
    ("category", "kind", "text", "priority"),
    [
        ("fire", "hazard", "楼道冒烟，谢谢师傅", "danger"),
        ("manhole", "hazard", "前天刚换好了的井盖不见了", "danger"),
        ("water_pipe", "hazard", "水管爆了，希望早日修好了通知一下", "urgent"),
        ("fire", "opinion", "谢谢", "danger"),
    ],
)
def test_no_word_of_thanks_lowers_a_priority(category: str, kind: str, text: str, priority: str) -> None:
    pack = pack_of(SHEYANG)
    rule = pack.rule_for(category, kind, "app", text, pack.units["jiaotonglu"].path, priority)
    assert rule is None or rule.then.priority != "low"


@given(st.text(alphabet="修好了谢谢水管的，。 又没吗is fixed", max_size=80))
def test_any_words_are_read_and_always_the_same(text: str) -> None:
    assert pack_of(SHEYANG).feedback(text) == pack_of(SHEYANG).feedback(text)
