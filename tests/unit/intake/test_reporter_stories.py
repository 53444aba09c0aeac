"""What a reporter reads in the main stories, word for word, as ``tests/golden/reporter`` keeps it."""

import pytest

from tests.kit.reporter_stories import GOLDEN, LANGUAGES, STORIES, pack, page


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("story", STORIES)
async def test_a_reporter_reads_the_story_as_its_golden_page_has_it(story: str, language: str) -> None:
    """``python -m tests.kit.reporter_stories`` writes the pages anew."""
    assert await page(story, pack(language)) == (GOLDEN / f"{story}.{language}.txt").read_text(encoding="utf-8")


def test_every_golden_page_is_of_a_story() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {
        f"{story}.{lang}.txt" for story in STORIES for lang in LANGUAGES
    }
