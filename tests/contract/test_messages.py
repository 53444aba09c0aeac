"""Every message of the console's pages has a Chinese one, and scripts carry few."""

import json
import re

from services.console.frame.languages import LANGUAGES, MESSAGES, catalogue
from tests.contract.messages import written

FOR_SCRIPTS_MAX = 60


def test_the_catalogue_is_what_the_code_says() -> None:
    assert (MESSAGES / "zh.po").read_text(encoding="utf-8") == written(), "write it again: make messages"


def test_every_message_has_a_chinese_one() -> None:
    for message in catalogue("zh"):
        if message.id:
            said = message.string if isinstance(message.string, tuple) else (message.string,)
            assert all(said), message.id
            assert not message.fuzzy, message.id
            assert all(re.search("[一-鿿]", str(one)) for one in said), message.id


def test_a_chinese_message_has_the_values_of_the_english_one() -> None:
    for message in catalogue("zh"):
        if isinstance(message.id, str) and isinstance(message.string, str):
            values = [sorted(re.findall(r"%\(\w+\)s", one)) for one in (message.id, message.string)]
            assert values[0] == values[1], message.id


def test_what_counts_is_said_of_one_and_of_several() -> None:
    """``%(count)s messages`` says "1 messages"; a number behind a colon, and units as m and ms, need no second form."""
    counting = re.compile(r"%\((?:count|n|figure|minutes|searched)\)s (?!more\b|ticked\b|most\b|ms?\b|s\b)[a-z]")
    alone = [message.id for message in catalogue("zh") if isinstance(message.id, str)]
    assert [id_ for id_ in alone if counting.search(id_)] == []
    pairs = [message.id for message in catalogue("zh") if not isinstance(message.id, str)]
    assert all("%(count)s" in said for pair in pairs for said in pair)


def test_scripts_carry_few_messages_in_the_pages_language() -> None:
    zh, en = (json.loads(LANGUAGES[code].for_scripts) for code in ("zh", "en"))
    assert zh["Live"] == "实时"
    assert en["Live"] == "Live"
    assert zh.keys() == en.keys()
    assert len(zh) <= FOR_SCRIPTS_MAX
