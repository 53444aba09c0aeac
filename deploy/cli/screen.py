"""Tables and JSON for a person or a program: rich on a terminal, aligned plain text elsewhere."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.cells import cell_len
from rich.table import Table

from deploy.cli.terminal import out


def show_json(value: Any) -> None:
    """``value`` as JSON; times are written as RFC 3339."""
    out.print(json.dumps(value, ensure_ascii=False, indent=1, default=_plain))


def show_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A titled table. Columns whose name starts with ``+`` hold figures and stand to the right."""
    if out.is_terminal:
        table = Table(title=title, title_justify="left", title_style="bold", header_style="dim")
        for column in columns:
            table.add_column(column, justify="right" if column.startswith("+") else "left")
        for row in rows:
            table.add_row(*row)
        out.print(table, soft_wrap=False)
        return
    widths = [max(cell_len(row[i]) for row in (columns, *rows)) for i in range(len(columns))]
    out.print(f"\n{title}")
    for row in (columns, *rows):
        cells = (_padded(cell, width, name) for cell, width, name in zip(row, widths, columns, strict=True))
        out.print(f"  {'  '.join(cells)}".rstrip())


def span(seconds: float) -> str:
    """A length of time for a person: ``35 ms``, ``4.2 s``, ``9 min 30 s``, ``2 h 15 min``, ``3 d 4 h``; signed."""
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    if seconds < 1:
        return f"{sign}{seconds * 1000:.0f} ms"
    if round(seconds, 1) < 60:
        return f"{sign}{seconds:.1f}".removesuffix(".0") + " s"
    whole = round(seconds)
    parts = ((whole // 86400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "min"), (whole % 60, "s"))
    first = next(i for i, (amount, _) in enumerate(parts) if amount)
    return sign + " ".join(f"{amount} {unit}" for amount, unit in parts[first : first + 2] if amount)


def moment(text: str) -> datetime:
    """An RFC 3339 time of an answer."""
    return datetime.fromisoformat(text)


def named(thing: dict[str, Any]) -> str:
    """A unit's or category's name with its English gloss: ``交通路社区 Jiaotonglu Community``."""
    english = thing.get("name_en", "")
    return f"{thing['name']} {english}" if english and english != thing["name"] else str(thing["name"])


def _padded(cell: str, width: int, column: str) -> str:
    blank = " " * (width - cell_len(cell))
    return blank + cell if column.startswith("+") else cell + blank


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
