"""No cell is a formula, and any words survive the way out and in, in Excel and in CSV."""

import csv
import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.exchange.cells import neutral, plain
from services.router.exchange.sheet_files import SheetFormat, read_table, write_sheet

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff\x00"), max_size=60)
BEGINS = st.sampled_from(
    ["", "=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'", "''", "'=", " =", "_x0041_"]
)
SAID = st.builds(str.__add__, BEGINS, WORDS)
FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "\n=x",
    "＝1",
    "＋1",
    "－1",
    "＠x",
    " =1+1",
    "\u3000=1",
    "'=1",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_begins_like_a_formula_is_written_as_a_text(text: str) -> None:
    cell = neutral(text)
    assert cell == f"'{text}"
    assert plain(cell) == text


@pytest.mark.parametrize("text", ["", "井盖缺失", "'s avonds", "3-5", "a=b", "建华园2号楼"])
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert neutral(text) == text


@given(SAID)
def test_any_words_are_neutralised_and_read_back(text: str) -> None:
    cell = neutral(text)
    assert plain(cell) == text
    assert cell.lstrip()[:1] not in {"=", "+", "-", "@", "＝", "＋", "－", "＠"}
    assert cell[:1] not in {"\t", "\r", "\n"}


@pytest.mark.parametrize("form", ["xlsx", "csv"])
@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.lists(SAID, min_size=3, max_size=3), max_size=8))
def test_any_words_survive_out_and_in(form: SheetFormat, rows: list[list[str]]) -> None:
    headings = ["No", "Words", "State"]
    kept = [row for row in rows if any(cell.strip() for cell in row)]
    content = write_sheet([headings, *kept], form, "register", "utf-8", None)
    read = [row + [""] * (3 - len(row)) for row in read_table(content).rows]
    assert read == [headings, *kept]


def test_a_csv_has_a_mark_and_quotes_around_every_cell() -> None:
    content = write_sheet([["a", "b"], ['say "x", y', "=1"]], "csv", "t", "utf-8", None)
    assert content == b'\xef\xbb\xbf"a","b"\r\n"say ""x"", y","\'=1"\r\n'


def test_a_csv_for_a_platform_in_china_is_gb18030_and_reads_back() -> None:
    content = write_sheet([["问题描述"], ["井盖缺失𠮷"]], "csv", "t", "gb18030", "演示系统")
    assert content.decode("gb18030").startswith('"演示系统"\r\n"问题描述"')
    assert read_table(content).rows[2] == ["井盖缺失𠮷"]


def test_every_cell_of_an_excel_file_is_a_text_and_none_a_formula_a_number_or_a_link() -> None:
    rows = [["a", "b", "c"], ["=1+1", "20260302000000123", "http://x.example"]]
    with zipfile.ZipFile(io.BytesIO(write_sheet(rows, "xlsx", "t", "utf-8", None))) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert "hyperlink" not in sheet
        assert sheet.count('t="s"') == sheet.count("<c ") == 6
        assert not [name for name in archive.namelist() if "external" in name or "vba" in name.lower()]


def test_a_notice_stands_above_the_headings() -> None:
    for form in ("xlsx", "csv"):
        content = write_sheet([["a"], ["b"]], form, "t", "utf-8", "演示系统")
        assert [row[0] for row in read_table(content).rows] == ["演示系统", "a", "b"]


def test_the_quoting_is_what_other_programs_read() -> None:
    text = write_sheet([["x\r\ny", 'a"b', ""]], "csv", "t", "utf-8", None).decode("utf-8-sig")
    assert next(csv.reader(io.StringIO(text, newline=""))) == ["x\r\ny", 'a"b', ""]
