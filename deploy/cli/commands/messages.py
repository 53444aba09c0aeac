"""`whistle replay`, `whistle dead`: stored events published again, and messages that could not be handled."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from deploy.cli.commands.options import DATA, DryRun, add_group, given_id
from deploy.cli.stack import Data, Json

Parked = Annotated[str | None, typer.Argument(help="Id of a parked message.", callback=given_id)]
Everything = Annotated[bool, typer.Option("--all", help="Every message that is parked.")]


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(replay)
    about = "Parked messages: those that could not be handled."
    add_group(app, "dead", about, list=dead_list, show=dead_show, replay=dead_replay, drop=dead_drop)


def replay(
    since: Annotated[str, typer.Option("--since", help="2026-11-23T08:00:00Z, or back from now: PT2H.")],
    dry_run: DryRun = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Publish stored events again; who has seen them passes them over."""
    from deploy.cli import api, parked

    with api.explained():
        parked.replay(api.connect(data), since, dry_run, as_json)


def dead_list(data: Data = DATA, as_json: Json = False) -> None:
    """Parked messages of all services, newest first."""
    from deploy.cli import api, parked

    with api.explained():
        parked.listed(api.connect(data), as_json)


def dead_show(
    id: Annotated[str, typer.Argument(help="Id of a parked message.", callback=given_id)],  # noqa: A002 - as in the help
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """One parked message, whole."""
    from deploy.cli import api, parked

    with api.explained():
        parked.shown(api.connect(data), id, as_json)


def dead_replay(
    id: Parked = None,  # noqa: A002 - its name in the help
    everything: Everything = False,
    dry_run: DryRun = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Deliver a parked message again, and say what became of it. Exits 1 unless it was handled."""
    _decide("replay", id, everything, dry_run, data, as_json)


def dead_drop(
    id: Parked = None,  # noqa: A002 - its name in the help
    everything: Everything = False,
    dry_run: DryRun = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Give a parked message up; it stays on record."""
    _decide("drop", id, everything, dry_run, data, as_json)


def _decide(
    act: Literal["replay", "drop"], id_: str | None, everything: bool, dry_run: bool, data: Path, as_json: bool
) -> None:
    from deploy.cli import api, parked

    with api.explained():
        parked.decide(api.connect(data), act, id_, everything, dry_run, as_json)
