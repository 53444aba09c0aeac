"""Options that commands of several subjects have, and how the commands of one subject are added.

What a command does is imported when it runs, so that `whistle status` does not wait for it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

DATA = Path(".data")
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")]
City = Annotated[str | None, typer.Option("--city", envvar="WHISTLE_CITY", help="Id of a loaded city.")]


def given_id(value: str | None) -> str | None:
    """An id that is empty, as of a variable that a script did not set, is a misuse of the command."""
    if value is not None and not value.strip():
        raise typer.BadParameter("is empty; an id is wanted")
    return value


def add_group(app: typer.Typer, name: str, about: str, **commands: Callable[..., None]) -> None:
    """Add the commands of `whistle NAME …`."""
    group = typer.Typer(name=name, help=about, no_args_is_help=True)
    for word, command in commands.items():
        group.command(word)(command)
    app.add_typer(group)
