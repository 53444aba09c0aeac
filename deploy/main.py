"""`whistle`: the one command of operators and developers, put together from the packages that have commands."""

import typer

from deploy.cli import stack
from deploy.cli.commands import access, case, city, deletion, development, exchange, messages
from deploy.demo import command as demo

COMMANDS = (
    stack.add,
    case.add,
    messages.add,
    city.add,
    development.add,
    access.add,
    deletion.add,
    exchange.add,
    demo.add,
)
"""What each module adds; a new module is one import and one entry here."""


def build() -> typer.Typer:
    """The command line with every module's commands."""
    app = typer.Typer(
        name="whistle",
        help="Turns a hazard seen on a street into somebody's job with a clock on it.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for add in COMMANDS:
        add(app)
    return app


def main() -> None:
    """The entry point."""
    build()()


if __name__ == "__main__":
    main()
