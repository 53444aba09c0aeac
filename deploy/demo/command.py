"""``whistle demo``: its options and help. What it does is imported when it runs."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.stack import CITY, Json


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    city: Annotated[Path, typer.Option("--city", help="The pack to play; Sheyang's without.")] = CITY,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack running.")] = False,
    as_json: Json = False,
) -> None:
    """Play the canonical case on real servers and print its timeline, read back from the APIs."""
    from deploy.cli.api import explained
    from deploy.demo.run import demo as play

    with explained():
        play(city, keep, as_json)
