"""``whistle dev env``: addresses and tokens of a development stack, as variables of a shell."""

import difflib
import json
import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from deploy.cli.api import Failed, JsonObject
from deploy.cli.screen import show_json
from deploy.cli.terminal import out
from deploy.local.state import holder

APPS = {"APP": "app_key", "APP_2": "app_key_2", "IMPORTER": "importer_key"}
"""Variable → name of the key in dev.json."""
NAMED_MAX = 10
"""So many ids are named in a complaint, those like the wrong one first."""


def show_environment(data: Path, city: str | None, unit: str | None, persons: Sequence[str], as_json: bool) -> None:
    """Print ``export NAME=value`` lines for the stack on ``data``. Failed when none runs there, or without dev.json."""
    variables = environment(_dev(data), city, unit, persons)
    if as_json:
        show_json(variables)
        return
    for name, value in variables.items():
        out.print(f"export {name}={shlex.quote(value)}")


def environment(dev: JsonObject, city: str | None, unit: str | None, persons: Sequence[str]) -> dict[str, str]:
    """The variables by name, of what dev.json holds.

    ``city``: its id; the first one without. ``unit``: whose people get a variable each, named after their role; that of
    the pack's first person without. ``persons``: ids of more people, each in a variable named after the id. Failed for
    an id that is not there.
    """
    cities: JsonObject = dev["cities"]
    if not cities:
        raise Failed("no city is loaded on this stack: `whistle city load DIR`")
    chosen = city or next(iter(cities))
    if chosen not in cities:
        raise Failed(f"no city {chosen} is loaded; loaded: {_like(chosen, cities)}")
    held = cities[chosen]
    people: list[JsonObject] = held["people"]
    addresses = {name.upper(): url for name, url in dev["urls"].items()}
    keys = {variable: held[name] for variable, name in APPS.items()}
    return {
        **addresses,
        "CITY": chosen,
        "OPS": dev["ops"],
        **keys,
        **_of_unit(people, unit, chosen),
        **{_variable(person): _token(people, person, chosen) for person in persons},
    }


def _of_unit(people: list[JsonObject], unit: str | None, city: str) -> dict[str, str]:
    """``{"UNIT": …, "DUTY_OFFICER": token, "DUTY_OFFICER_2": token, …}`` in the order of the pack."""
    if not people:
        return {}
    chosen = unit or people[0]["unit"]
    there = [person for person in people if person["unit"] == chosen]
    if not there:
        units = _like(chosen, (person["unit"] for person in people))
        raise Failed(f"nobody in {city} is of the unit {chosen}; units with people: {units}")
    found = {"UNIT": chosen}
    for person in there:
        role = _variable(person["role"])
        before = sum(other["role"] == person["role"] for other in there[: there.index(person)])
        found[f"{role}_{before + 1}" if before else role] = person["token"]
    return found


def _token(people: list[JsonObject], id_: str, city: str) -> str:
    for person in people:
        if person["id"] == id_:
            return str(person["token"])
    raise Failed(f"there is no {id_} in {city}; people: {_like(id_, (person['id'] for person in people))}")


def _variable(word: str) -> str:
    """A word in capitals, as a shell takes it for a name: ``jiaotonglu.duty1`` is ``JIAOTONGLU_DUTY1``."""
    name = re.sub(r"[^A-Z0-9]", "_", word.upper())
    return f"_{name}" if name[:1].isdigit() else name


def _like(wrong: str, ids: Iterable[str]) -> str:
    """Some of ``ids``, each once, those that look like the wrong one first."""
    every = list(dict.fromkeys(ids))
    shown = list(dict.fromkeys([*difflib.get_close_matches(wrong, every, NAMED_MAX), *every]))[:NAMED_MAX]
    return ", ".join(shown) + (", …" if len(every) > NAMED_MAX else "")


def _dev(data: Path) -> JsonObject:
    """dev.json of the stack that runs on ``data``. Failed when none does, or not for development."""
    if holder(data) is None:
        raise Failed(f"no stack runs on {data}: start one with `whistle up --data {data}`, or name another with --data")
    try:
        told: JsonObject = json.loads((data / "dev.json").read_text())
    except FileNotFoundError:
        raise Failed(
            f"the stack on {data} has no {data / 'dev.json'}: it is still starting (`whistle status`),\n"
            "or WHISTLE_DEV_TOKENS is off, as it is by default where WHISTLE_KAFKA or WHISTLE_MONGO is set;\n"
            "then `whistle key new` makes keys for apps"
        ) from None
    return told
