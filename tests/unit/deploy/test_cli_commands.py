"""Commands where no stack runs: what they say, and that they fail without a trace. Answers that are refusals."""

import json
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from deploy.cli.api import LISTENING, Api, Failed, Refused, connect
from deploy.cli.deleting import erase
from deploy.cli.installing import load, revoke, rotate, show_keys, show_ops_token
from deploy.local.ops_token import OpsToken
from deploy.local.state import hold, read_secret
from deploy.main import build
from shared.runtime.identity.tokens import ops_token
from tests.kit.stack import HARBOUR

CLI = CliRunner()
ASKING = (
    ["trace", "r1"],
    ["explain", "c1"],
    ["dead", "list"],
    ["dead", "show", "x"],
    ["dead", "drop", "--all"],
    ["replay", "--since", "PT1H"],
    ["clock", "forward", "PT1M"],
    ["key", "new", "--app", "a", "--role", "rider_app"],
    ["city", "load", str(HARBOUR)],
    ["locate", "4.32", "52.12"],
    ["audit", "verify", "--all"],
    ["retention", "run", "--dry-run"],
    ["person", "erase", "--city", "c", "--app", "a", "--ref", "r"],
    ["key", "ops"],
    ["key", "revoke", "a"],
    ["dev", "env"],
)


@pytest.fixture(autouse=True)
def no_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine's environment says of one."""
    for name in ("OPS_TOKEN", "SECRET", "INTAKE_URL", "ROUTER_URL", "NOTIFIER_URL", "DATA"):
        monkeypatch.delenv(f"WHISTLE_{name}", raising=False)


def installation(secret: str, generation: int) -> httpx.Client:
    """Answers as services do whose tokens are of ``generation``; rotates once more when asked to."""
    holds = [generation]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers["authorization"] != f"Bearer {ops_token(secret, holds[0])}":
            return httpx.Response(401, json={"detail": "No valid key."})
        if request.url.path == "/v1/keys:rotate":
            holds[0] += 1
            return httpx.Response(200, json={"generation": holds[0]})
        return httpx.Response(200, json={"items": []})

    return httpx.Client(transport=httpx.MockTransport(answer))


@pytest.mark.parametrize("command", ASKING, ids=" ".join)
def test_no_stack_is_said_with_what_to_do(command: list[str], tmp_path: Path) -> None:
    told = CLI.invoke(build(), [*command, "--data", str(tmp_path)])
    assert told.exit_code == 1
    assert f"whistle up --data {tmp_path}" in told.stderr
    assert "Traceback" not in told.output


def test_a_stack_that_went_away_is_said(tmp_path: Path) -> None:
    urls = '{"intake": "http://127.0.0.1:9", "router": "http://127.0.0.1:9", "notifier": "http://127.0.0.1:9"}'
    (tmp_path / "dev.json").write_text(f'{{"ops": "x", "urls": {urls}}}')
    told = CLI.invoke(build(), ["dead", "list", "--data", str(tmp_path)])
    assert told.exit_code == 1
    assert "intake does not answer at http://127.0.0.1:9/v1/dead-letters" in told.stderr


def test_addresses_come_from_the_environment_and_the_token_from_the_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = read_secret(tmp_path)
    for name in ("INTAKE", "ROUTER", "NOTIFIER"):
        monkeypatch.setenv(f"WHISTLE_{name}_URL", f"http://{name.lower()}:1")
    api = connect(tmp_path)
    assert api.token == ops_token(secret)
    assert api.urls == {"intake": "http://intake:1", "router": "http://router:1", "notifier": "http://notifier:1"}
    monkeypatch.setenv("WHISTLE_OPS_TOKEN", "given")
    assert connect(tmp_path / "nowhere").token == "given"


def test_a_stack_that_has_stopped_is_not_asked_for_an_installation_whose_secret_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = {name: f"http://{name}:1" for name in ("intake", "router", "notifier")}
    monkeypatch.setenv("WHISTLE_SECRET", "s" * 32)
    with hold(tmp_path):
        (tmp_path / "dev.json").write_text(json.dumps({"ops": "x", "urls": urls}))
        assert connect(tmp_path).urls == urls
    assert connect(tmp_path).urls == LISTENING


def test_a_refusal_names_every_wrong_field() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        errors = [{"pointer": "/a", "detail": "is required"}, {"pointer": "/b", "detail": "is no number"}]
        return httpx.Response(422, json={"detail": "Some fields are wrong.", "errors": errors})

    api = Api(httpx.Client(transport=httpx.MockTransport(answer)), {"router": "http://router"}, OpsToken("token"))
    with pytest.raises(Refused, match="422") as refused:
        api.post("router", "/v1/keys")
    assert "/a is required" in str(refused.value)
    assert "/b is no number" in str(refused.value)


def test_an_answer_that_is_no_problem_document_is_shown_as_it_is() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(502, text="<html>bad gateway"))
    api = Api(httpx.Client(transport=transport), {"router": "http://router"}, OpsToken("token"))
    with pytest.raises(Failed, match="bad gateway"):
        api.get("router", "/v1/me")


def test_a_pack_is_asked_without_a_stack(tmp_path: Path) -> None:
    where = ["--city", str(HARBOUR), "--data", str(tmp_path)]
    told = CLI.invoke(build(), ["locate", "--text", "burst pipe, Fish Quay 2", *where])
    assert told.exit_code == 0
    assert told.stdout.startswith("Quayside (quayside, district)")
    far = CLI.invoke(build(), ["locate", "-71.05", "42.36", *where])
    assert far.stdout.startswith("Oosterhaven (oosterhaven")
    nowhere = CLI.invoke(build(), ["locate", "1000", "0", *where])
    assert (nowhere.exit_code, "no point on Earth" in nowhere.stderr) == (1, True)


@pytest.mark.parametrize("command", [["dead", "drop"], ["dead", "replay", "x", "--all"]], ids=" ".join)
def test_which_message_must_be_said(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "dev.json").write_text('{"ops": "x", "urls": {"intake": "i", "router": "r", "notifier": "n"}}')
    told = CLI.invoke(build(), [*command, "--data", str(tmp_path)])
    assert (told.exit_code, "or --all" in told.stderr) == (1, True)


@pytest.mark.parametrize("command", [["dead", "show"], ["dead", "replay"], ["dead", "drop"], ["trace"]], ids=" ".join)
def test_an_empty_id_is_a_usage_error(command: list[str], tmp_path: Path) -> None:
    told = CLI.invoke(build(), [*command, "", "--data", str(tmp_path)])
    assert told.exit_code == 2
    assert "is empty" in told.stderr


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01", "P1Y"])
def test_a_replay_wants_a_time_or_a_duration(since: str, tmp_path: Path) -> None:
    (tmp_path / "dev.json").write_text('{"ops": "x", "urls": {"intake": "i", "router": "r", "notifier": "n"}}')
    told = CLI.invoke(build(), ["replay", "--since", since, "--data", str(tmp_path)])
    assert (told.exit_code, "neither a time" in told.stderr) == (1, True)


@pytest.mark.parametrize("rotations", [0, 1, 5])
def test_a_rotation_that_nobody_here_heard_of_is_found_out(rotations: int, tmp_path: Path) -> None:
    """A token was rotated over HTTP, or the data restored from before a rotation: every command still works."""
    secret = read_secret(tmp_path)
    stale = ops_token(secret, 3)
    urls = {"intake": "http://i", "router": "http://r", "notifier": "http://n"}
    (tmp_path / "dev.json").write_text(json.dumps({"ops": stale, "urls": urls, "kept": 1}))
    api = connect(tmp_path)
    api = replace(api, http=installation(secret, rotations))
    assert api.get("router", "/v1/keys") == {"items": []}
    assert api.token == ops_token(secret, rotations)
    assert json.loads((tmp_path / "dev.json").read_text()) == {
        "ops": ops_token(secret, rotations),
        "urls": urls,
        "kept": 1,
    }


def test_a_secret_of_another_installation_is_refused_in_words() -> None:
    api = Api(installation("a" * 32, 2), {"router": "http://router"}, OpsToken(ops_token("b" * 32), "b" * 32))
    with pytest.raises(Refused, match="WHISTLE_SECRET") as refused:
        api.get("router", "/v1/keys")
    assert refused.value.status == 401


def test_a_local_rotation_renews_the_development_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """B66: also where `dev.json` says the token."""
    secret = read_secret(tmp_path)
    urls = '{"intake": "http://i", "router": "http://r", "notifier": "http://n"}'
    (tmp_path / "dev.json").write_text(f'{{"ops": "{ops_token(secret)}", "urls": {urls}}}')
    api = replace(connect(tmp_path), http=installation(secret, 0))
    rotate(api, as_json=False)
    assert json.loads((tmp_path / "dev.json").read_text())["ops"] == ops_token(secret, 1)
    assert ops_token(secret, 1) not in capsys.readouterr().out, "who has the folder has the token"


def test_a_rotation_of_a_remote_installation_leaves_the_local_folder_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secret, local = "remote secret of 32 characters...", read_secret(tmp_path)
    (tmp_path / "dev.json").write_text(f'{{"ops": "{ops_token(local)}", "urls": {{}}}}')
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for name in ("INTAKE", "ROUTER", "NOTIFIER"):
        monkeypatch.setenv(f"WHISTLE_{name}_URL", f"http://{name.lower()}:1")
    monkeypatch.setenv("WHISTLE_OPS_TOKEN", ops_token(secret))
    rotate(replace(connect(tmp_path), http=installation(secret, 0)), as_json=False)
    said = capsys.readouterr()
    assert "set WHISTLE_SECRET" in said.err
    monkeypatch.setenv("WHISTLE_OPS_TOKEN", ops_token(secret, 1))
    monkeypatch.setenv("WHISTLE_SECRET", secret)
    rotate(replace(connect(tmp_path), http=installation(secret, 1)), as_json=False)
    assert ops_token(secret, 2) in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_first_ops_token_of_own_servers_follows_from_the_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No stack has run here: the secret is enough, and services are looked for where they listen by default."""
    secret = "s" * 32
    monkeypatch.setenv("WHISTLE_SECRET", secret)
    api = connect(tmp_path / "nowhere")
    assert api.urls == {name: f"http://127.0.0.1:880{n}" for n, name in enumerate(("intake", "router", "notifier"), 1)}
    show_ops_token(replace(api, http=installation(secret, 2)))
    assert capsys.readouterr().out == ops_token(secret, 2) + "\n"
    assert not (tmp_path / "nowhere").exists()


def test_keys_are_listed_page_after_page(capsys: pytest.CaptureFixture[str]) -> None:
    key = {
        "id": "a1",
        "city": "harbour",
        "role": "ops",
        "name": None,
        "made_by": "night",
        "created_at": "2026-11-23T00:00:00Z",
    }

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/cities":
            return httpx.Response(200, json={"items": [{"city": "harbour", "timezone": "Asia/Shanghai"}]})
        more = "cursor" not in request.url.params
        return httpx.Response(200, json={"items": [{**key, "revoked_at": None}], "next": "n" if more else None})

    api = Api(httpx.Client(transport=httpx.MockTransport(answer)), {"router": "http://router"}, OpsToken("token"))
    show_keys(api, "harbour", None, as_json=False)
    shown = capsys.readouterr().out
    assert shown.count("(no name)") == 2
    assert "made 2026-11-23 08:00:00 by night" in shown, "in the city's time"
    show_keys(api, "harbour", "importer", as_json=False)
    assert capsys.readouterr().out == ""


def test_keys_are_revoked_by_name_or_id_and_a_name_that_has_none_is_said() -> None:
    asked: list[dict[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content))
        return httpx.Response(200, json={"revoked": 0 if "nobody" in asked[-1].values() else 2})

    api = Api(httpx.Client(transport=httpx.MockTransport(answer)), {"router": "http://router"}, OpsToken("token"))
    revoke(api, "rider-app-1", None, "rider_app", "harbour", as_json=False)
    revoke(api, None, "0123456789abcdef", None, "harbour", as_json=True)
    assert asked == [
        {"name": "rider-app-1", "role": "rider_app", "city": "harbour"},
        {"id": "0123456789abcdef", "city": "harbour"},
    ]
    with pytest.raises(Failed, match="no key that holds is nobody in harbour"):
        revoke(api, "nobody", None, None, "harbour", as_json=False)
    for name, id_ in ((None, None), ("a", "b")):
        with pytest.raises(Failed, match="say which"):
            revoke(api, name, id_, None, "harbour", as_json=False)


def test_a_city_that_is_loaded_later_has_its_tokens_in_the_development_file(tmp_path: Path) -> None:
    read_secret(tmp_path)
    urls = {"intake": "http://i", "router": "http://r", "notifier": "http://n"}
    old = {"city": "sheyang", "app_key": "s", "people": []}
    (tmp_path / "dev.json").write_text(json.dumps({**old, "ops": "o", "urls": urls, "cities": {"sheyang": old}}))

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/dev/tokens":
            return httpx.Response(200, json={"city": "harbour", "app_key": "h", "people": [{"id": "p"}]})
        return httpx.Response(200, json={"city": "harbour", "version": "v1", "units": 3, "warnings": []})

    api = replace(connect(tmp_path), http=httpx.Client(transport=httpx.MockTransport(answer)))
    load(api, HARBOUR, as_json=False)
    told = json.loads((tmp_path / "dev.json").read_text())
    assert (told["app_key"], told["ops"]) == ("s", "o"), "the first city's stay where they were"
    assert told["cities"] == {"sheyang": old, "harbour": {"city": "harbour", "app_key": "h", "people": [{"id": "p"}]}}


def test_an_erasure_says_which_master_keys_it_destroyed(capsys: pytest.CaptureFixture[str]) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/reporters:rewrap":
            return httpx.Response(200, json={"generation": 3, "rewrapped": 41, "destroyed": [1, 2]})
        return httpx.Response(200, json={"reporter": "p1", "erased": True})

    api = Api(httpx.Client(transport=httpx.MockTransport(answer)), {"intake": "http://intake"}, OpsToken("token"))
    erase(api, "harbour", "rider-app-1", "rider-17", True, as_json=False)
    assert "master keys destroyed: 1, 2; 41 keys" in capsys.readouterr().out
