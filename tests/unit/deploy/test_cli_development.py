"""``whistle dev env``: what a shell gets of a development stack, and what it is told where there is none."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from deploy.cli.api import Failed
from deploy.cli.development import environment
from deploy.local.state import hold
from deploy.main import build

CLI = CliRunner()
ODD = "it's $HOME; `id`"
"""A token as none is, to be taken by a shell as it stands."""


def person(id_: str, unit: str, role: str) -> dict[str, Any]:
    return {"id": id_, "unit": unit, "role": role, "post": None, "token": f"token of {id_}"}


def city(id_: str, *people: dict[str, Any]) -> dict[str, Any]:
    return {"city": id_, "app_key": f"{id_} 1", "app_key_2": f"{id_} 2", "importer_key": ODD, "people": list(people)}


DEV: dict[str, Any] = {
    "urls": {"intake": "http://i", "router": "http://r", "notifier": "http://n"},
    "ops": "ops token",
    "cities": {
        "harbour": city("harbour", person("oh-desk", "town", "duty_officer")),
        "far": city(
            "far",
            person("a.duty1", "a", "duty_officer"),
            person("b.duty1", "b", "duty_officer"),
            person("b.chief", "b", "supervisor"),
            person("b.duty2", "b", "duty_officer"),
        ),
    },
}


@pytest.fixture(autouse=True)
def no_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine's environment says of one."""
    for name in ("DATA", "CITY"):
        monkeypatch.delenv(f"WHISTLE_{name}", raising=False)


def whistle(data: Path, *options: str) -> Result:
    return CLI.invoke(build(), ["dev", "env", "--data", str(data), *options])


def test_the_first_city_and_its_first_unit_are_meant_without_options() -> None:
    assert environment(DEV, None, None, []) == {
        "INTAKE": "http://i",
        "ROUTER": "http://r",
        "NOTIFIER": "http://n",
        "CITY": "harbour",
        "OPS": "ops token",
        "APP": "harbour 1",
        "APP_2": "harbour 2",
        "IMPORTER": ODD,
        "UNIT": "town",
        "DUTY_OFFICER": "token of oh-desk",
    }


def test_people_of_a_unit_are_named_after_their_role_and_others_after_their_id() -> None:
    told = environment(DEV, "far", "b", ["a.duty1"])
    assert (told["CITY"], told["UNIT"], told["APP"]) == ("far", "b", "far 1")
    people = {name: token for name, token in told.items() if token.startswith("token of")}
    assert people == {
        "DUTY_OFFICER": "token of b.duty1",
        "SUPERVISOR": "token of b.chief",
        "DUTY_OFFICER_2": "token of b.duty2",
        "A_DUTY1": "token of a.duty1",
    }


@pytest.mark.parametrize(
    ("city_", "unit", "persons", "says"),
    [
        ("fer", None, [], "no city fer is loaded; loaded: far, harbour"),
        ("far", "c", [], "nobody in far is of the unit c; units with people: a, b"),
        ("far", None, ["b.duty9"], "there is no b.duty9 in far; people: b.duty"),
    ],
    ids=["city", "unit", "person"],
)
def test_who_is_not_there_is_said_with_those_who_are(
    city_: str, unit: str | None, persons: list[str], says: str
) -> None:
    with pytest.raises(Failed, match=says):
        environment(DEV, city_, unit, persons)


def test_a_city_without_people_has_keys_all_the_same() -> None:
    told = environment({**DEV, "cities": {"new": city("new")}}, None, None, [])
    assert told["APP"] == "new 1"
    assert "UNIT" not in told


def test_a_shell_takes_every_value_as_it_stands(tmp_path: Path) -> None:
    with hold(tmp_path):
        (tmp_path / "dev.json").write_text(json.dumps(DEV))
        lines = whistle(tmp_path).stdout
        as_json = json.loads(whistle(tmp_path, "--json").stdout)
    taken = subprocess.run(
        ["sh", "-euc", 'eval "$1"; printf "%s\\n" "$IMPORTER" "$INTAKE"; env | grep ^UNIT=', "sh", lines],
        capture_output=True,
        text=True,
        check=True,
    )
    assert taken.stdout.splitlines() == [ODD, "http://i", "UNIT=town"]
    assert as_json == environment(DEV, None, None, [])


def test_where_no_stack_runs_or_none_for_development_nothing_is_printed_for_the_shell(tmp_path: Path) -> None:
    away = whistle(tmp_path)
    with hold(tmp_path):
        without = whistle(tmp_path)
    (tmp_path / "dev.json").write_text(json.dumps(DEV))
    stopped = whistle(tmp_path)
    for told in (away, without, stopped):
        assert (told.exit_code, told.stdout) == (1, "")
    assert f"no stack runs on {tmp_path}: start one with `whistle up --data {tmp_path}`" in away.stderr
    assert away.stderr == stopped.stderr
    assert f"has no {tmp_path}/dev.json" in without.stderr
    assert "WHISTLE_DEV_TOKENS is off" in without.stderr
