"""`whistle person`, `whistle retention`: personal data is erased, and what is old deleted."""

from typing import Annotated

import typer

from deploy.cli.commands.options import DATA, City, DryRun, add_group
from deploy.cli.stack import Data, Json


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    add_group(app, "person", "Reporters' personal data.", erase=person_erase)
    add_group(app, "retention", "How long things are kept.", run=retention_run)


def person_erase(
    ref: Annotated[str, typer.Option("--ref", help="How the app calls the person.")],
    app: Annotated[str, typer.Option("--app", help="The app; `@desks` for those whom officers entered.")],
    city: Annotated[str, typer.Option("--city", envvar="WHISTLE_CITY", help="Id of a loaded city.")],
    now: Annotated[
        bool, typer.Option("--now", help="Destroy the master key at once, not within a day: no copy opens any more.")
    ] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Delete a reporter's personal data and its key; reports and cases stay."""
    from deploy.cli import api, deleting

    with api.explained():
        deleting.erase(api.connect(data), city, app, ref, now, as_json)


def retention_run(city: City = None, dry_run: DryRun = False, data: Data = DATA, as_json: Json = False) -> None:
    """Delete what is older than the city's pack keeps it, in every service; they do it by themselves every hour."""
    from deploy.cli import api, deleting

    with api.explained():
        deleting.sweep(api.connect(data), city, dry_run, as_json)
