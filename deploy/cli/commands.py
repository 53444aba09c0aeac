"""The commands that ask a running stack or a city pack: their names, options and help.

What each does is imported when it runs, so that `whistle status` does not wait for it.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from deploy.cli.stack import Data, Json

DATA = Path(".data")
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")]
City = Annotated[str | None, typer.Option("--city", envvar="WHISTLE_CITY", help="Id of a loaded city.")]
OfRole = Annotated[
    Literal["rider_app", "importer", "ops", "officer"] | None, typer.Option("--role", help="Only keys of that role.")
]


def _id(value: str | None) -> str | None:
    """An id that is empty, as of a variable that a script did not set, is a misuse of the command."""
    if value is not None and not value.strip():
        raise typer.BadParameter("is empty; an id is wanted")
    return value


Parked = Annotated[str | None, typer.Argument(help="Id of a parked message.", callback=_id)]
Everything = Annotated[bool, typer.Option("--all", help="Every message that is parked.")]


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (trace, explain, replay):
        app.command()(command)
    app.command(context_settings={"ignore_unknown_options": True})(locate)  # a western longitude is no option
    _group(app, "city", "City packs: check, preview and load.", check=city_check, preview=city_preview, load=city_load)
    about = "Parked messages: those that could not be handled."
    _group(app, "dead", about, list=dead_list, show=dead_show, replay=dead_replay, drop=dead_drop)
    _group(app, "dev", "Development: variables for curl.", env=dev_env)
    _group(app, "clock", "Development: the stack's clock.", forward=clock_forward)
    about = "Keys: of apps, of ops, of the installation."
    _group(app, "key", about, new=key_new, list=key_list, revoke=key_revoke, ops=key_ops, rotate=key_rotate)
    about = "Officers: invitations and sessions."
    _group(app, "officer", about, invite=officer_invite, sessions=officer_sessions, out=officer_out)
    _group(app, "person", "Reporters' personal data.", erase=person_erase)
    _group(app, "retention", "How long things are kept.", run=retention_run)
    _group(app, "audit", "Whether histories are as they were written.", verify=audit_verify)


def _group(app: typer.Typer, name: str, about: str, **commands: Callable[..., None]) -> None:
    group = typer.Typer(name=name, help=about, no_args_is_help=True)
    for word, command in commands.items():
        group.command(word)(command)
    app.add_typer(group)


def city_check(folder: Annotated[Path, typer.Argument(help="The pack's folder.")], as_json: Json = False) -> None:
    """Validate a pack: every error at once, with file and place. Exits 1 when there are errors."""
    from deploy.cli.city import check

    check(folder, as_json)


def city_preview(folder: Annotated[Path, typer.Argument(help="The pack's folder.")], as_json: Json = False) -> None:
    """What reporters read at each step and officers are told, in each language, with made-up values."""
    from deploy.cli import previewing
    from deploy.cli.api import explained

    with explained():
        previewing.show(folder, as_json)


def city_load(
    folder: Annotated[Path, typer.Argument(help="The pack's folder.")], data: Data = DATA, as_json: Json = False
) -> None:
    """Load a pack as the version that holds from now on."""
    from deploy.cli import api, installing

    with api.explained():
        installing.load(api.connect(data), folder, as_json)


def locate(
    lon: Annotated[float | None, typer.Argument(help="Degrees.")] = None,
    lat: Annotated[float | None, typer.Argument(help="Degrees.")] = None,
    crs: Annotated[Literal["wgs84", "gcj02", "bd09"], typer.Option(help="Coordinate system of the point.")] = "wgs84",
    text: Annotated[str | None, typer.Option(help="Words that name a place, as riders type them.")] = None,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="By the areas of that day; today without it.")
    ] = None,
    city: Annotated[
        str | None, typer.Option(envvar="WHISTLE_CITY", help="A pack's folder, asked here; or a loaded city's id.")
    ] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Which unit answers for a point or for words, and why."""
    from deploy.cli.api import explained
    from deploy.cli.locating import locate as asked

    with explained():
        asked(lon, lat, crs, text, on.date() if on is not None else None, city, data, as_json)


def trace(
    id: Annotated[  # noqa: A002 - its name in the help
        str,
        typer.Argument(
            help="Id of a report, case, alert, delivery or event; a traceparent; a problem's trace_id; the last four "
            "digits of the reporter's telephone.",
            callback=_id,
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
    id: Annotated[str, typer.Argument(help="Id of a parked message.", callback=_id)],  # noqa: A002 - as in the help
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


Officer = Annotated[str, typer.Argument(help="Id of a person of the city's pack.")]


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
