"""`whistle city`, `whistle locate`: check, preview and load packs; which unit answers for a place."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from deploy.cli.commands.options import DATA, add_group
from deploy.cli.stack import Data, Json


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    about = "City packs: check, preview and load."
    add_group(app, "city", about, check=city_check, preview=city_preview, load=city_load, codes=city_codes)
    app.command(context_settings={"ignore_unknown_options": True})(locate)  # a western longitude is no option


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
    folder: Annotated[Path, typer.Argument(help="The pack's folder.")],
    ends_demonstration: Annotated[
        str | None, typer.Option("--ends-demonstration", help="Id of the city that is a demonstration until now.")
    ] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Load a pack as the version that holds from now on."""
    from deploy.cli import api, installing

    with api.explained():
        installing.load(api.connect(data), folder, as_json, ends_demonstration)


def city_codes(
    folder: Annotated[Path, typer.Argument(help="The pack's folder.")],
    url: Annotated[str, typer.Option("--url", envvar="WHISTLE_PUBLIC_URL", help="The public address.")],
    to: Annotated[Path, typer.Option("--to", help="The sheet, HTML to print.")] = Path("codes.html"),
    kind: Annotated[list[str] | None, typer.Option("--kind", help="Only places of this kind, as estate.")] = None,
    place: Annotated[list[str] | None, typer.Option("--place", help="One more place, in words.")] = None,
) -> None:
    """A sheet of codes to print: who scans one reports from that place."""
    from deploy.cli.api import explained
    from deploy.cli.commands import printing_codes

    with explained():
        printing_codes.write(folder, url, to, frozenset(kind or ()), tuple(place or ()))


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
