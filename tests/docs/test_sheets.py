"""The sheets that are handed out in Chinese: what stands in quotation marks on them stands on the pages."""

import re
from pathlib import Path

import pytest

from services.console.frame.languages import catalogue
from shared.case_page.words import WORDS
from tests.kit.stack import ROOT, SHEYANG

SHEETS = sorted((ROOT / "docs" / "zh").glob("*一页纸.md"))
PAPERS = [*SHEETS, ROOT / "docs" / "zh" / "运维手册.md"]


def shown() -> set[str]:
    """Everything that the pages say in Chinese: whole messages, sentences, clauses up to a mark or a value."""
    said: list[str] = re.findall(r"name: (\S+)", (SHEYANG / "categories.yaml").read_text())
    said += [chinese for chinese, _ in WORDS.values()]
    for message in catalogue("zh"):
        said += message.string if isinstance(message.string, tuple) else [str(message.string)]
    clauses = {clause for one in said for clause in re.split(r"%\(\w+\)s|\{\}|[，。；：、]", one)}
    sentences = {sentence for one in said for sentence in re.findall("[^。]+。", one)}
    return {*said, *clauses, *sentences} - {""}


@pytest.mark.parametrize("sheet", PAPERS, ids=lambda sheet: sheet.stem)
def test_every_word_in_quotation_marks_on_a_sheet_stands_on_a_page(sheet: Path) -> None:
    """Quoted, or in bold where a line of a list begins with it: a part of the page."""
    text = sheet.read_text()
    quoted = re.findall("[“「]([^”」]+)[”」]", text)
    assert quoted, "the sheet quotes nothing"
    parts = re.findall(r"^(?:-|\d\.) \*\*([^*]+)\*\*", text, re.MULTILINE)
    known = shown() | {"等待路由 4.2秒"}
    assert [words for words in (*quoted, *parts) if words not in known] == []


def test_a_sheet_fits_one_page() -> None:
    """About: forty lines of forty letters and its pictures."""
    for sheet in SHEETS:
        assert len(re.sub(r"!\[.*?\]\(.*?\)", "", sheet.read_text())) <= 1800, sheet.name
