"""`whistle key`, `whistle officer`: who may call and who is signed in."""

from typing import Annotated, Literal

import typer

from deploy.cli.commands.options import DATA, City, add_group
from deploy.cli.stack import Data, Json

OfRole = Annotated[
    Literal["rider_app", "importer", "ops", "officer"] | None, typer.Option("--role", help="Only keys of that role.")
]
Officer = Annotated[str, typer.Argument(help="Id of a person of the city's pack.")]


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    about = "Keys: of apps, of ops, of the installation."
    add_group(app, "key", about, new=key_new, list=key_list, revoke=key_revoke, ops=key_ops, rotate=key_rotate)
    about = "Officers: invitations and sessions."
    add_group(app, "officer", about, invite=officer_invite, sessions=officer_sessions, out=officer_out)


def key_new(
    app: Annotated[str, typer.Option("--app", help="The app's name.")],
    role: Annotated[Literal["rider_app", "importer", "ops"], typer.Option(help="What it may do.")],
    city: City = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """A key for an app; it is shown once."""
    from deploy.cli import api, installing

    with api.explained():
        installing.new_key(api.connect(data), app, role, city, as_json)


def key_list(city: City = None, role: OfRole = None, data: Data = DATA, as_json: Json = False) -> None:
    """Who has a key, and who made it."""
    from deploy.cli import api, installing

    with api.explained():
        installing.show_keys(api.connect(data), city, role, as_json)


def key_revoke(
    name: Annotated[str | None, typer.Argument(help="The app's, key's or person's name: all its keys.")] = None,
    id: Annotated[str | None, typer.Option("--id", help="One key, by its id in the list.")] = None,  # noqa: A002
    role: OfRole = None,
    city: City = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Revoke the keys of a name, or one key: they open nothing within five seconds. Exits 1 when there was none."""
    from deploy.cli import api, installing

    with api.explained():
        installing.revoke(api.connect(data), name, id, role, city, as_json)


def key_ops(data: Data = DATA) -> None:
    """The installation's own ops token, for curl; it follows from WHISTLE_SECRET, or from the data folder's secret."""
    from deploy.cli import api, installing

    with api.explained():
        installing.show_ops_token(api.connect(data))


def key_rotate(data: Data = DATA, as_json: Json = False) -> None:
    """End the installation's ops token and its services' own; new ones hold at once."""
    from deploy.cli import api, installing

    with api.explained():
        installing.rotate(api.connect(data), as_json)


def officer_invite(
    person: Officer,
    city: City = None,
    as_qr: Annotated[bool, typer.Option("--print", help="Show address and QR code; send nothing.")] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Send a person the address at which a password is set, once. Again: the way to a new password."""
    from deploy.cli import api, officers

    with api.explained():
        officers.invite(api.connect(data), person, city, as_qr, as_json)


def officer_sessions(person: Officer, city: City = None, data: Data = DATA, as_json: Json = False) -> None:
    """Where a person is signed in."""
    from deploy.cli import api, officers

    with api.explained():
        officers.sessions(api.connect(data), person, city, as_json)


def officer_out(person: Officer, city: City = None, data: Data = DATA) -> None:
    """Sign a person out everywhere."""
    from deploy.cli import api, officers

    with api.explained():
        officers.sign_out(api.connect(data), person, city)
