"""``whistle city preview``: what reporters of a city read at each step. Local; no service is asked."""

from pathlib import Path

import msgspec

from deploy.cli.api import Failed
from deploy.cli.screen import show_json, show_table
from shared.city.preview import PreviewRow, preview
from shared.city.problems import PackProblems
from shared.city.reading import read_folder, read_pack

COLUMNS = ("state", "category", "language", "whose", "in the steps", "where it stands now")


def show(folder: Path, as_json: bool) -> None:
    """Every state in every language of the pack in ``folder``. Raises ``Failed`` for a pack with errors."""
    try:
        pack = read_pack(read_folder(folder))
    except PackProblems as problems:
        raise Failed(f"{problems}\n`whistle city check {folder}`") from problems
    shown = preview(pack)
    if as_json:
        show_json(msgspec.to_builtins(shown))
        return
    show_table(f"{pack.city.id}: what reporters read, with made-up values", COLUMNS, [_row(one) for one in shown])


def _row(one: PreviewRow) -> tuple[str, ...]:
    now = one.message if one.message is not None and one.message != one.step else ""
    return one.state, one.category or "", one.language, one.by, one.step, now
