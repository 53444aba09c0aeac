"""`whistle exchange`: sheets of a county's platform, out and in."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.commands.options import DATA, add_group
from deploy.cli.stack import Data, Json

Token = Annotated[
    str,
    typer.Option("--token", envvar="WHISTLE_OFFICER_TOKEN", help="Token of the officer in whose name it is done."),
]
Bridge = Annotated[str | None, typer.Option("--bridge", help="Id in bridges.yaml; without it the only one.")]
Day = Annotated[str | None, typer.Option(help="Day, YYYY-MM-DD.")]


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    about = "A county platform's sheets: items out, states and new items in."
    add_group(app, "exchange", about, out=exchange_out, **{"in": exchange_in})


def exchange_out(
    file: Annotated[Path, typer.Argument(help="Sheet to write: .xlsx or .csv.")],
    token: Token,
    bridge: Bridge = None,
    unit: Annotated[str | None, typer.Option("--unit", help="With those below it; without it the officer's.")] = None,
    since: Day = None,
    until: Day = None,
    reporters: Annotated[bool, typer.Option("--reporters", help="With who reported; each look is recorded.")] = False,
    data: Data = DATA,
) -> None:
    """Items that were reported today, or since a day, as the platform's columns."""
    from deploy.cli import api, exchanging

    with api.explained():
        exchanging.send_out(api.connect(data).with_token(token), file, bridge, unit, since, until, reporters)


def exchange_in(
    file: Annotated[Path, typer.Argument(help="The platform's sheet: .xlsx or .csv.")],
    token: Token,
    bridge: Bridge = None,
    result: Annotated[Path | None, typer.Option("--result", help="Sheet to write: what became of each row.")] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Bring a sheet back: states move cases, new rows become reports. Exits 1 when a row could not be dealt with."""
    from deploy.cli import api, exchanging

    with api.explained():
        if not exchanging.bring_in(api.connect(data).with_token(token), file, bridge, result, as_json):
            raise typer.Exit(1)
