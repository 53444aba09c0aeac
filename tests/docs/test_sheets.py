"""The sheets that are handed out in Chinese: what stands in quotation marks on them stands on the pages."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from services.console.frame.languages import MESSAGES
from shared.case_page.words import WORDS
from tests.kit.stack import ROOT, SHEYANG

SHEETS = sorted((ROOT / "docs" / "zh").glob("*一页纸.md"))


def shown() -> str:
    """Everything that the pages say in Chinese, a line each."""
    with (MESSAGES / "zh.po").open("rb") as file:
        catalogue = [str(message.string) for message in read_po(file)]
    categories = re.findall(r"name: (\S+)", (SHEYANG / "categories.yaml").read_text())
    return "\n".join([*catalogue, *(chinese for chinese, _ in WORDS.values()), *categories])


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.stem)
def test_every_word_in_quotation_marks_on_a_sheet_stands_on_a_page(sheet: Path) -> None:
    quoted = re.findall("“([^”]+)”", sheet.read_text())
    assert quoted, "the sheet quotes nothing"
    known = shown()
    assert [words for words in quoted if words not in known] == []


def test_a_sheet_fits_one_page() -> None:
    """About: forty lines of forty letters and its pictures."""
    for sheet in SHEETS:
        assert len(re.sub(r"!\[.*?\]\(.*?\)", "", sheet.read_text())) <= 1800, sheet.name
