"""The operators' manual (运维手册) says what the pages say, and leads to pages that are there."""

import re

from services.console.frame.languages import catalogue
from services.console.page_list import PAGES
from tests.kit.console_door import ConsoleDoor
from tests.kit.made_router import MadeRouter
from tests.kit.stack import ROOT

MANUAL = (ROOT / "docs" / "zh" / "运维手册.md").read_text()


def test_the_wait_that_the_manual_quotes_is_made_as_the_pages_make_it() -> None:
    """Its other words: ``test_sheets``."""
    assert "“等待路由 4.2秒”" in MANUAL
    assert "等待%(service)s %(span)s" in {str(message.string) for message in catalogue("zh")}


def test_every_page_that_the_manual_names_is_there() -> None:
    site = ConsoleDoor(MadeRouter()).app.site
    paths = {route.path for page in PAGES for route in page(site).routes()}
    named = set(re.findall(r"（(/[a-z/]+)）", MANUAL))
    assert len(named) >= 5
    assert named <= paths
