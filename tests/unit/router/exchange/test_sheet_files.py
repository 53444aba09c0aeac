"""Files from outside: what is read, what is refused and why, and that none costs more than its own process."""

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime

import pytest
import xlsxwriter

from services.router.exchange.routes import _read
from services.router.exchange.sheet_files import (
    COLUMNS_MAX,
    ROWS_MAX,
    TITLES_MAX,
    Table,
    UnreadableSheetError,
    read_table,
    write_sheet,
)
from shared.runtime.confined_process import ConfinedProcess, ProcessEndedError


def excel(*rows: Sequence[object]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, datetime):
                    sheet.write_datetime(at, column, value, day)
                else:
                    sheet.write(at, column, value)
    return out.getvalue()


def packed(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def why(content: bytes) -> str:
    with pytest.raises(UnreadableSheetError) as refused:
        read_table(content)
    return str(refused.value)


def test_numbers_dates_and_formulas_of_excel_are_read_as_people_see_them() -> None:
    table = read_table(excel(["a"], [12.0, 1.5, datetime(2026, 3, 2, 14, 5), True, "=1+1", None, "x"]))  # noqa: DTZ001
    assert table.rows[1] == ["12", "1.5", "2026-03-02T14:05:00", "True", "0", "", "x"]
    assert table.rounded == frozenset()


def test_a_number_that_excel_has_rounded_is_known() -> None:
    assert read_table(excel(["a", "b"], [20260302000000123, 202603020000123])).rounded == {(1, 0)}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "save it as .xlsx without a password"),
        (b"PK\x03\x04 and then nothing", "damaged"),
        (packed(hello=b"world"), "damaged"),
        ("编号".encode("utf-16"), "UTF-16"),
        (b'a,"b\r\n', "no CSV"),
        (b"\xff\xff\xff\xff", "cannot be read"),
        (b"a\r\n" * (ROWS_MAX + TITLES_MAX + 1), "too large"),
        (b"a," * COLUMNS_MAX, "too large"),
        (packed(**{f"p{n}": b"" for n in range(201)}), "more than 200 parts"),
        (packed(bomb=b"0" * (80 * 1024 * 1024)), "too large"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(content: bytes, words: str) -> None:
    assert words in why(content)


def test_a_sheet_that_is_too_long_or_has_too_many_sheets_is_refused() -> None:
    assert "too large" in why(excel(*[["x"]] * (ROWS_MAX + TITLES_MAX + 1)))
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        for _ in range(21):
            book.add_worksheet()
    assert "21 sheets" in why(out.getvalue())


def far_cell() -> bytes:
    """A small file with one cell in Excel's last corner: as a full table, seventeen billion cells."""
    made = excel(["x"])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("sheet1.xml"):
                more = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
                content = content.replace(b"</sheetData>", more)
            new.writestr(name, content)
    return out.getvalue()


async def test_a_bomb_costs_only_the_process_that_reads_it() -> None:
    """The next file is read by a fresh one."""
    process = ConfinedProcess(30)
    try:
        with pytest.raises(ProcessEndedError):
            await process.run(_read, far_cell())
        told = await process.run(_read, packed(bomb=b"0" * (80 * 1024 * 1024)))
        assert "too large" in str(told)
        read = await process.run(_read, write_sheet([["a"], ["b"]], "xlsx", "t", "utf-8", None))
        assert isinstance(read, Table)
        assert read.rows == [["a"], ["b"]]
    finally:
        process.close()
