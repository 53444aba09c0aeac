"""A text as a cell of a sheet, such that no spreadsheet program takes it for a formula, and back."""

import re

_BEGINS = re.compile(r"'*(?:[\t\r\n]|\s*[=+\-@＝＋－＠])")
"""A text that a spreadsheet program may take for a formula or a command, also once it was neutralised: with quotes
before it. Full-width signs count too; some programs fold them."""

_NO_CHARACTER = re.compile("[\ufffe\uffff\ud800-\udfff]")


def neutral(text: str) -> str:
    """``text`` as a cell: a quote is put before what begins like a formula. What is no character in XML is replaced."""
    written = _NO_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", text)
    return f"'{written}" if _BEGINS.match(written) else written


def plain(cell: str) -> str:
    """The text that ``neutral`` made a cell of, and every other cell as it is."""
    return cell[1:] if cell.startswith("'") and _BEGINS.match(cell) else cell
