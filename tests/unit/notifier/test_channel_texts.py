"""What is sent of alerts: the glossary's words, nobody's markup, as long as a message may be and no alert left out."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.alerts.wording import title
from services.notifier.channels.texts import LIST_MAX, Item, Texts, cut, plain

ZH, EN = Texts("zh-CN", "Asia/Shanghai"), Texts("en", "Europe/Amsterdam")
LINK = "https://whistle.example/a/abcdefghijklmnopqrstuvwxyz"
ITEM = Item(
    title="催办",
    words="交通路社区 · 井盖 · 建华园 · 井盖破损",
    due_at=datetime(2026, 3, 2, 6, 35, tzinfo=UTC),
    state="sent",
    danger=False,
    links=(("值班员甲", LINK),),
)
KINDS = (
    "new",
    "reminder",
    "breach",
    "supervise",
    "moved",
    "offered",
    "reopened",
    "assigned",
    "told",
    "unrouted",
)


def anything(_: str) -> bool:
    return True


def bytes_up_to(most: int) -> object:
    return lambda text: len(text.encode()) <= most


def test_a_message_says_what_until_when_and_what_to_press() -> None:
    assert ZH.one(ITEM, anything) == (
        f"【工单 · 催办】\n交通路社区 · 井盖 · 建华园 · 井盖破损\n截止时间 3月2日 14:35\n接单：{LINK}"
    )
    english = replace(ITEM, title="Overdue", words="Quayside · Street light")
    assert EN.one(english, anything) == f"[Case · Overdue]\nQuayside · Street light\nDue 2 Mar 07:35\nClaim: {LINK}"


def test_a_unit_is_told_who_was_told_and_gets_no_link_to_claim_in_their_names() -> None:
    item = replace(ITEM, links=(), recipients=("值班员甲", "网格员乙"))
    told = ["截止时间 3月2日 14:35", "已通知：值班员甲、网格员乙"]
    assert ZH.one(item, anything).splitlines()[2:] == [*told, "请在待办工单中查看"]
    public = Texts("zh-CN", "Asia/Shanghai", "https://city.example/me")
    assert public.one(item, anything).splitlines()[2:] == [*told, "登录：https://city.example/me"]
    listed, _ = public.several([item, item], anything)
    assert listed.count("登录：") == 1, "said once, at the end of a list"
    assert listed.endswith("登录：https://city.example/me")
    assert "登录" not in public.one(replace(item, state="over"), anything)


@pytest.mark.parametrize(
    ("as_of", "chinese", "english"),
    [
        (datetime(2026, 3, 2, 1, 0, tzinfo=UTC), "下一时限：办结 今天14:35前", "Next: completion by today 07:35"),
        (datetime(2026, 3, 1, 1, 0, tzinfo=UTC), "下一时限：办结 明天14:35前", "Next: completion by tomorrow 07:35"),
        (datetime(2026, 2, 28, 1, 0, tzinfo=UTC), "下一时限：办结 后天14:35前", "Next: completion by 2 Mar 07:35"),
        (datetime(2026, 2, 1, 1, 0, tzinfo=UTC), "下一时限：办结 3月2日14:35前", "Next: completion by 2 Mar 07:35"),
        (datetime(2026, 3, 4, 1, 0, tzinfo=UTC), "下一时限：办结 3月2日14:35前", "Next: completion by 2 Mar 07:35"),
        (None, "下一时限：办结 3月2日14:35前", "Next: completion by 2 Mar 07:35"),
    ],
)
def test_a_deadline_is_named_and_said_as_people_say_it(as_of: datetime | None, chinese: str, english: str) -> None:
    item = replace(ITEM, as_of=as_of)
    assert ZH.one(replace(item, due_name="下一时限：办结"), anything).splitlines()[2] == chinese
    assert EN.one(replace(item, due_name="Next: completion"), anything).splitlines()[2] == english


def test_a_deadline_early_in_the_morning_is_said_without_a_leading_zero() -> None:
    item = replace(ITEM, due_at=datetime(2026, 3, 2, 1, 5, tzinfo=UTC), due_name="时限：响应")
    assert ZH.one(item, anything).splitlines()[2] == "时限：响应 3月2日9:05前"


@pytest.mark.parametrize(("presses", "word"), [("claim", "接单"), ("report_in", "报到"), (None, "查看")])
def test_a_link_says_what_it_does(presses: str | None, word: str) -> None:
    assert ZH.one(replace(ITEM, presses=presses), anything).splitlines()[-1] == f"{word}：{LINK}"


def test_people_who_share_a_receiver_have_a_link_each() -> None:
    item = replace(ITEM, links=(("甲", "https://a.example/1"), ("乙", "https://a.example/2")))
    assert ZH.one(item, anything).splitlines()[3:] == ["接单 甲：https://a.example/1", "接单 乙：https://a.example/2"]


@pytest.mark.parametrize(("state", "said"), [("acked", "已签收"), ("over", "已办结")])
def test_what_is_settled_meanwhile_is_said_to_be_and_has_nothing_to_press(state: str, said: str) -> None:
    text = ZH.one(replace(ITEM, state=state), anything)
    assert text.splitlines()[-1] == said
    assert LINK not in text


@pytest.mark.parametrize("kind", KINDS)
def test_every_text_has_the_word_that_robots_ask_for(kind: str) -> None:
    for texts, language, word in ((ZH, "zh", "工单"), (EN, "en", "case")):
        item = replace(ITEM, title=title(kind, "normal", language))
        for text in (texts.one(item, anything), texts.bare(item), texts.several([item, item], anything)[0]):
            assert word in text.splitlines()[0].lower()


def test_a_list_counts_and_numbers_what_it_lists() -> None:
    text, count = ZH.several([ITEM, replace(ITEM, title="危急提醒", danger=True)], anything)
    lines = text.splitlines()
    assert count == 2
    assert lines[0] == "【工单提醒】 2件"
    assert [line[:2] for line in lines if line[0].isdigit()] == ["1.", "2."]
    assert text.count(LINK) == 2
    assert ZH.several([replace(ITEM, danger=True)] * 3, anything)[0].startswith("【工单 · 危急提醒】 3件")


@given(st.lists(st.text(max_size=400), min_size=1, max_size=50), st.integers(300, 4000))
def test_a_list_fits_and_says_how_many_it_lists(words: list[str], most: int) -> None:
    items = [replace(ITEM, words=text) for text in words]
    text, count = ZH.several(items, lambda text: len(text.encode()) <= most)
    assert len(text.encode()) <= most
    assert 1 <= count <= min(len(items), LIST_MAX)
    assert text.count(LINK) == count


@given(st.text(max_size=2000), st.integers(200, 3000))
def test_one_message_fits_and_keeps_its_link(words: str, most: int) -> None:
    text = ZH.one(replace(ITEM, words=words), lambda text: len(text.encode()) <= most)
    assert len(text.encode()) <= most
    assert text.endswith(LINK)


def test_what_nothing_fits_is_sent_without_words_and_link() -> None:
    text = ZH.one(ITEM, lambda text: len(text) <= 50)
    assert text == "【工单 · 催办】\n截止时间 3月2日 14:35\n请在待办工单中查看"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("see https://evil.example/pay now", "see https：//evil．example/pay now"),
        ("[press](http://evil.example)", "［press］(http：//evil．example)"),
        ('<at user_id="all">x</at>', '＜at user_id="all"＞x＜/at＞'),
        ("@all <@everybody>", "＠all ＜＠everybody＞"),
        ("two\nlines\r\n\tand more", "two lines and more"),
        ("\u202eleft\u200b\x07\ud800", "left"),
        ("2.5米, 3.14", "2.5米, 3.14"),
        ("`rm` **bold**", "｀rm｀ ＊＊bold＊＊"),
    ],
)
def test_nobodys_words_become_a_link_a_mention_or_markup(words: str, said: str) -> None:
    assert plain(words) == said
    assert said in ZH.one(replace(ITEM, words=words), anything)


@given(st.text(), st.integers(0, 50))
def test_a_cut_text_is_as_long_as_it_may_be(text: str, most: int) -> None:
    assert len(cut(text, most)) <= max(1, most)
    assert cut(text, len(text)) == text
