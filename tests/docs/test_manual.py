"""The operators' manual (运维手册) says what the pages say, and leads to pages that are there."""

import re

from services.console.frame.languages import catalogue
from services.console.page_list import PAGES
from tests.kit.console_door import ConsoleDoor
from tests.kit.made_router import MadeRouter
from tests.kit.stack import ROOT

MANUAL = (ROOT / "docs" / "zh" / "运维手册.md").read_text()


def test_every_word_that_the_manual_quotes_is_on_a_page() -> None:
    said = "\n".join(str(message.string) for message in catalogue("zh"))
    quoted = set(re.findall(r"“([^”]+)”", MANUAL)) - {"等待路由 4.2秒"}
    assert len(quoted) > 8
    assert [words for words in quoted if words not in said] == []
    assert "等待%(service)s %(span)s" in said, "the wait is made of these"


def test_every_page_that_the_manual_names_is_there() -> None:
    site = ConsoleDoor(MadeRouter()).app.site
    paths = {route.path for page in PAGES for route in page(site).routes()}
    named = set(re.findall(r"（(/[a-z/]+)）", MANUAL))
    assert len(named) >= 5
    assert named <= paths
