"""Promise: pages call a unit by its level's own word, as the city's pack or its people do."""

from pathlib import Path

import pytest

from shared.city.level_words import KNOWN, level_words
from shared.city.reading import read_folder, read_pack

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("folder", "unit", "words"),
    [
        ("deploy/cities/sheyang", "jiaotonglu", ("社区", "Community")),
        ("deploy/cities/sheyang", "hede", ("镇", "Town")),
        ("tests/packs/harbour", "quayside", ("区", "District")),
        ("tests/packs/harbour", "works", ("职能部门", "Department")),
        ("tests/packs/gardens", "town", ("镇", "Town")),
        ("tests/packs/gardens", "nowhere", ("", "")),
    ],
)
def test_a_unit_is_called_by_its_level_in_both_languages(folder: str, unit: str, words: tuple[str, str]) -> None:
    assert level_words(read_pack(read_folder(ROOT / folder)), unit) == words


def test_a_level_that_nobody_else_has_keeps_its_own_word() -> None:
    assert level_words(read_pack(read_folder(ROOT / "tests/packs/harbour")), "couriers") == ("firm", "Firm")


def test_the_usual_words_are_those_of_the_glossary() -> None:
    sheyang = read_pack(read_folder(ROOT / "deploy/cities/sheyang")).city.level_names
    assert {level: KNOWN[level][0] for level in sheyang} == dict(sheyang)
