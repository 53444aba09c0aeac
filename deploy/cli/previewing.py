"""``whistle city preview``: what reporters of a city read at each step, and what its officers are told. Local."""

from pathlib import Path

import msgspec

from deploy.cli.api import Failed
from deploy.cli.screen import show_json, show_table
from services.notifier.preview.rows import AlertRow, preview_alerts
from shared.city.preview import PreviewRow, preview
from shared.city.problems import PackProblems
from shared.city.reading import read_folder, read_pack

ALERTS = (
    "when",
    "who",
    "kind",
    "language",
    "a person's message",
    "a text message",
    "a call in danger",
    "a group's message",
)
COLUMNS = ("state", "category", "language", "whose", "in the steps", "where it stands now")


def show(folder: Path, as_json: bool) -> None:
    """Every state and every alert in every language of the pack in ``folder``; as JSON two lists of rows.

    Raises ``Failed`` for a pack with errors.
    """
    try:
        pack = read_pack(read_folder(folder))
    except PackProblems as problems:
        raise Failed(f"{problems}\n`whistle city check {folder}`") from problems
    shown, alerts = preview(pack), preview_alerts(pack)
    if as_json:
        show_json({"reporters": msgspec.to_builtins(shown), "alerts": msgspec.to_builtins(alerts)})
        return
    show_table(f"{pack.city.id}: what reporters read, with made-up values", COLUMNS, [_row(one) for one in shown])
    show_table(f"{pack.city.id}: what officers are told, with made-up values", ALERTS, [_alert(one) for one in alerts])


def _row(one: PreviewRow) -> tuple[str, ...]:
    now = one.message if one.message is not None and one.message != one.step else ""
    return one.state, one.category or "", one.language, one.by, one.step, now


def _alert(one: AlertRow) -> tuple[str, ...]:
    return one.when, one.who, one.kind, one.language, _line(one.person), one.sms, one.call or "–", _line(one.group)


def _line(message: str) -> str:
    return " / ".join(message.splitlines())
