"""`whistle dev`, `whistle clock`: a development stack's tokens for a shell, and its clock."""

from typing import Annotated

import typer

from deploy.cli.commands.options import DATA, City, add_group
from deploy.cli.stack import Data, Json


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    add_group(app, "dev", "Development: variables for curl.", env=dev_env)
    add_group(app, "clock", "Development: the stack's clock.", forward=clock_forward)


def dev_env(
    city: City = None,
    unit: Annotated[str | None, typer.Option("--unit", help="Whose people; the first unit in posts.yaml.")] = None,
    person: Annotated[list[str] | None, typer.Option("--person", help="One more, by id; may be repeated.")] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Addresses and tokens of a development stack for a shell: eval "$(whistle dev env)".

    Addresses INTAKE, ROUTER, NOTIFIER; CITY; keys APP, APP_2, IMPORTER, OPS. UNIT, and a token for each of its people,
    named after the role: DUTY_OFFICER, DUTY_OFFICER_2, SUPERVISOR. --person hede.duty1 adds HEDE_DUTY1.
    """
    from deploy.cli import api, development

    with api.explained():
        development.show_environment(data, city, unit, person or [], as_json)


def clock_forward(
    by: Annotated[str, typer.Argument(help="ISO 8601: PT30M, P1D.")], data: Data = DATA, as_json: Json = False
) -> None:
    """Move the clock of every service of a development stack."""
    from deploy.cli import api, installing

    with api.explained():
        installing.forward(api.connect(data), by, as_json)
