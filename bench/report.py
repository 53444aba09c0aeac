"""Results as a table on the screen and as JSON under ``bench/results/``."""

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

Row = tuple[str, float, str]
"""What was measured, the figure, its unit."""
RESULTS = Path(__file__).parent / "results"


def show(name: str, title: str, rows: list[Row], reach: dict[str, str] | None = None) -> None:
    """``rows``: what, value, unit. ``reach``: what → the figure to reach, shown beside."""
    table = Table(title=title)
    for column in ("what", "measured", "unit", "to reach"):
        table.add_column(column)
    for what, value, unit in rows:
        shown = f"{value:.3g}" if isinstance(value, float) and abs(value) < 1000 else str(round(value, 1))
        table.add_row(what, shown, unit, (reach or {}).get(what, ""))
    Console().print(table)
    RESULTS.mkdir(exist_ok=True)
    content = {"title": title, "rows": [{"what": w, "value": v, "unit": u} for w, v, u in rows]}
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
