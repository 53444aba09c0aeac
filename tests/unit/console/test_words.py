"""The words of the console's pages are those of the glossary."""

import pytest

from services.console.words import Words
from shared.kernel.vocabulary import Priority


@pytest.mark.parametrize(
    ("minutes", "zh", "en"),
    [
        (0, "0分钟", "0 min"),
        (40, "40分钟", "40 min"),
        (120, "2小时", "2 h"),
        (135, "2小时15分", "2 h 15 min"),
        (24 * 60, "1天", "1 d"),
        (27 * 60 + 5, "1天3小时", "1 d 3 h"),
    ],
)
def test_time_left_is_said_in_words(minutes: int, zh: str, en: str) -> None:
    assert (Words("zh").span(minutes), Words("en").span(minutes)) == (zh, en)


def test_priorities_and_states_are_called_as_in_the_glossary() -> None:
    words = Words("zh")
    named: tuple[Priority, ...] = ("danger", "urgent", "normal", "low")
    assert [words(name) for name in named] == ["危急", "紧急", "一般", "可缓"]
    assert words("waiting_reporter") == "待补充信息"
