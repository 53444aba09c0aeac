"""退单审核 and 不予受理 in English, by people who have only their pages and links: what each reads, word for word."""

import re
from collections.abc import Iterator

import pytest

from tests.kit.page_stories import GOLDEN, STORIES, harbour, played
from tests.kit.stack import RunningStack

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def own_stack() -> Iterator[RunningStack]:
    with harbour() as running:
        yield running


@pytest.mark.parametrize("story", STORIES)
def test_everybody_reads_the_story_as_its_golden_page_has_it(own_stack: RunningStack, story: str) -> None:
    """``python -m tests.kit.page_stories`` writes the pages anew."""
    assert played(own_stack, story) == (GOLDEN / f"{story}.en.txt").read_text(encoding="utf-8")


def test_every_golden_page_is_of_a_story_and_in_english() -> None:
    pages = {path.name: path.read_text(encoding="utf-8") for path in GOLDEN.iterdir()}
    assert pages.keys() == {f"{story}.en.txt" for story in STORIES}
    assert all(not re.search(r"[\u4e00-\u9fff]", page) for page in pages.values())
