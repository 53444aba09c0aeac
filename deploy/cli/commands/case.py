"""`whistle trace`, `explain`, `audit`: what happened to a case, how its clocks came about, whether it is unaltered."""

from typing import Annotated

import typer

from deploy.cli.commands.options import DATA, add_group, given_id
from deploy.cli.stack import Data, Json


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (trace, explain):
        app.command()(command)
    add_group(app, "audit", "Whether histories are as they were written.", verify=audit_verify)


def trace(
    id: Annotated[  # noqa: A002 - its name in the help
        str,
        typer.Argument(
            help="Id of a report, case, alert, delivery or event; a traceparent; a problem's trace_id; the last four "
            "digits of the reporter's telephone.",
            callback=given_id,
        ),
    ],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Everything that happened to a report and its case across services, in order, with who delayed it."""
    from deploy.cli import api, tracing

    with api.explained():
        tracing.trace(api.connect(data), id, data, as_json)


def explain(
    case: Annotated[str, typer.Argument(help="A case's id.")], data: Data = DATA, as_json: Json = False
) -> None:
    """Every clock of a case: commitment, calendar, arithmetic, verdict; and why it went where it is."""
    from deploy.cli import api, explaining

    with api.explained():
        explaining.explain(api.connect(data), case, as_json)


def audit_verify(
    case: Annotated[str | None, typer.Argument(help="A case's id.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every case.")] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Follow the chain over a history; names the first entry that was altered, taken out or moved. Exits 1 then."""
    from deploy.cli import api, auditing

    with api.explained():
        auditing.verify(api.connect(data), case, everything, as_json)
