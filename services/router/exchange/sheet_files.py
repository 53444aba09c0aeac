"""Reads and writes sheets as files: Excel (.xlsx) and CSV. Only cells' texts count: no formula, macro or link is
followed.

It runs in a process of its own (``shared.runtime.confined_process``): a file from outside may be made to use up memory
and time when it is unpacked.
"""

import csv
import io
import zipfile
from datetime import date, datetime, time, timedelta
from typing import Literal

import msgspec
import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

from services.router.exchange.cells import neutral, plain

SheetFormat = Literal["xlsx", "csv"]
FILE_MAX = 4 * 1024 * 1024
"""Bytes of a file that is read."""
UNPACKED_MAX = 64 * 1024 * 1024
PARTS_MAX = 200
"""Of an .xlsx file, which is a zip archive of parts."""
SHEETS_MAX = 20
ROWS_MAX = 2000
TITLES_MAX = 10
"""Rows above the headings, as county platforms put them."""
COLUMNS_MAX = 100
CELL_MAX = 4000
"""Characters that a cell may have; of a longer one so many and one more are read."""
EXACT_MAX = 10.0**15
"""Excel keeps fifteen digits of a number: from here on the last ones may be lost."""
WIDTH = 18
_CHUNK = 1024 * 1024
_PACKED, _OLD_EXCEL = b"PK", b"\xd0\xcf\x11\xe0"
Grid = list[list[str]]


class UnreadableSheetError(Exception):
    """The file is no sheet that is read here; the message says why and what to do."""


class Table(msgspec.Struct, frozen=True):
    """The rows of a file's first sheet as texts. ``rounded``: (row, column) of numbers whose last digits are lost."""

    rows: Grid
    rounded: frozenset[tuple[int, int]] = frozenset()


def read_table(content: bytes) -> Table:
    """The table of a file. Raises ``UnreadableSheetError``."""
    if not content.strip():
        raise UnreadableSheetError("the file is empty")
    if content.startswith(_OLD_EXCEL):
        raise UnreadableSheetError("it is an old or encrypted Excel file: save it as .xlsx without a password")
    return _of_excel(content) if content.startswith(_PACKED) else _of_csv(content)


def _of_excel(content: bytes) -> Table:
    _check_unpacked(content)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        if not 0 < len(book.sheet_names) <= SHEETS_MAX:
            raise UnreadableSheetError(f"it has {len(book.sheet_names)} sheets: 1 to {SHEETS_MAX} are read")
        sheet = book.get_sheet_by_index(0)
        if sheet.total_height > ROWS_MAX + TITLES_MAX or sheet.total_width > COLUMNS_MAX:
            raise UnreadableSheetError(_too_large())
        values = sheet.to_python(skip_empty_area=False)
    except (CalamineError, ValueError, OSError) as broken:
        raise UnreadableSheetError("Excel's format is damaged: open it and save it again as .xlsx") from broken
    _check_size(len(values), max(map(len, values), default=0))
    rounded = {
        (at, column)
        for at, row in enumerate(values)
        for column, value in enumerate(row)
        if isinstance(value, float | int) and not isinstance(value, bool) and abs(value) >= EXACT_MAX
    }
    return Table([[_text(value) for value in row] for row in values], frozenset(rounded))


def _check_unpacked(content: bytes) -> None:
    """Unpacks every part to nowhere, a little at a time: what the archive says of its sizes may be a lie."""
    left = UNPACKED_MAX
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if len(archive.infolist()) > PARTS_MAX:
                raise UnreadableSheetError(f"it has more than {PARTS_MAX} parts: copy the cells into a new file")
            for part in archive.infolist():
                with archive.open(part) as unpacked:
                    while chunk := unpacked.read(_CHUNK):
                        left -= len(chunk)
                        if left < 0:
                            raise UnreadableSheetError(_too_large())
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as broken:
        raise UnreadableSheetError("Excel's format is damaged: open it and save it again as .xlsx") from broken


def _text(value: str | float | bool | time | date | datetime | timedelta | None) -> str:
    """A cell's text: whole numbers without a point, times as ISO 8601."""
    match value:
        case None:
            return ""
        case str():
            return plain(value[: CELL_MAX + 2])
        case bool():
            return str(value)
        case float() if value.is_integer() and abs(value) < 1e18:
            return str(int(value))
        case datetime() | date() | time():
            return value.isoformat()
    return str(value)


def _of_csv(content: bytes) -> Table:
    text = _decoded(content)
    csv.field_size_limit(FILE_MAX)
    rows: Grid = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), strict=True):
            _check_size(len(rows) + 1, len(row))
            rows.append([plain(cell[: CELL_MAX + 2]) for cell in row])
    except csv.Error as broken:
        raise UnreadableSheetError(f"line {len(rows) + 1} is no CSV: save the sheet again as CSV") from broken
    return Table(rows)


def _decoded(content: bytes) -> str:
    """UTF-8, with or without a mark, else GB 18030, as programs in China write it."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableSheetError("it is UTF-16 text: save it as .xlsx, or as CSV in UTF-8")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableSheetError("its characters cannot be read: save it as .xlsx, or as CSV in UTF-8")


def _check_size(rows: int, columns: int) -> None:
    if rows > ROWS_MAX + TITLES_MAX or columns > COLUMNS_MAX:
        raise UnreadableSheetError(_too_large())


def _too_large() -> str:
    return (
        f"it is too large: at most {ROWS_MAX} rows, {COLUMNS_MAX} columns, {UNPACKED_MAX >> 20} MB unpacked; split it"
    )


def write_sheet(rows: Grid, form: SheetFormat, title: str, encoding: str, notice: str | None) -> bytes:
    """A file of ``rows``, headings first. ``notice`` stands in a row of its own above them. ``encoding``: of CSV."""
    lines = [[notice], *rows] if notice is not None else rows
    neutralised = [[neutral(cell) for cell in line] for line in lines]
    return _as_csv(neutralised, encoding) if form == "csv" else _as_excel(neutralised, title, len(lines) - len(rows))


def _as_csv(lines: Grid, encoding: str) -> bytes:
    """Every cell in quotes (RFC 4180). UTF-8 has a mark, without which Excel takes it for another encoding."""
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(lines)
    return out.getvalue().encode("utf-8-sig" if encoding == "utf-8" else encoding, errors="replace")


def _as_excel(lines: Grid, title: str, headings_at: int) -> bytes:
    """Every cell is a text, also numbers: Excel would round those of fifteen digits and more."""
    out = io.BytesIO()
    as_text = {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, {"in_memory": True, **as_text}) as book:
        sheet = book.add_worksheet(title)
        text, bold = book.add_format({"num_format": "@"}), book.add_format({"num_format": "@", "bold": True})
        sheet.set_column(0, COLUMNS_MAX - 1, WIDTH, text)
        for at, line in enumerate(lines):
            for column, cell in enumerate(line):
                sheet.write_string(at, column, cell, bold if at == headings_at else text)
        sheet.freeze_panes(headings_at + 1, 0)
    return out.getvalue()
