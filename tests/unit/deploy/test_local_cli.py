"""`whistle status`, `down` and `doctor` where nothing runs; what `up` takes from the environment."""

import json
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from deploy.cli.foreground import announce, stack_from_environment
from deploy.local.cities import write_dev_file
from deploy.local.doctor import examine
from deploy.local.state import Board, hold, without_account
from deploy.local.supervisor import Up, _servers
from deploy.main import build

CLI = CliRunner()


def test_status_tells_the_rows(tmp_path: Path) -> None:
    with hold(tmp_path):
        Board(tmp_path).enter("kafka", "127.0.0.1:1", tmp_path / "kafka.log", "degraded")
        told = CLI.invoke(build(), ["status", "--data", str(tmp_path), "--json"])
        lines = CLI.invoke(build(), ["status", "--data", str(tmp_path)]).stdout
    row = {"part": "kafka", "state": "degraded", "pid": None, "url": "127.0.0.1:1"}
    assert json.loads(told.stdout) == [{**row, "log": str(tmp_path / "kafka.log")}]
    assert "! kafka" in lines and str(tmp_path / "kafka.log") in lines


def test_status_and_down_where_nothing_ever_ran(tmp_path: Path) -> None:
    assert json.loads(CLI.invoke(build(), ["status", "--data", str(tmp_path), "--json"]).stdout) == []
    told = CLI.invoke(build(), ["down", "--data", str(tmp_path), "--json"])
    assert (told.exit_code, json.loads(told.stdout)) == (0, {"stopped": None})


def test_doctor_says_what_is_missing_and_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.local.doctor.DISK_NEEDED", 1 << 62)
    told = CLI.invoke(build(), ["doctor", "--data", str(tmp_path), "--json"])
    disk = next(line for line in json.loads(told.stdout) if line["check"] == "disk")
    assert told.exit_code == 1
    assert disk["ok"] is False and "--data" in disk["do"]


def test_doctor_says_how_far_behind_consumers_are_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = {
        "router.reports": {"records": 58251, "seconds": 300.0},
        "router.reports.danger": {"records": 3, "seconds": 0.1},
        "router.reports.history": {"records": 291255, "seconds": 900.0},
    }
    row = {"part": "router", "state": "ready", "url": "http://127.0.0.1:1", "log": "", "pid": 1}
    monkeypatch.setattr("deploy.local.doctor.holder", lambda _: 1)
    monkeypatch.setattr("deploy.local.doctor.read_rows", lambda _: [row])
    monkeypatch.setattr("deploy.local.doctor.httpx.get", lambda *_, **__: httpx.Response(200, json={"behind": far}))
    findings = {finding.check: finding for finding in examine(tmp_path, 8800)}
    assert "router.reports.danger" not in findings, "a moment's work always waits"
    live, history = findings["router.reports"], findings["router.reports.history"]
    assert (live.ok, history.ok) == (False, True)
    assert "58,251 records behind, 300 s" in live.seen and "start another router" in live.do
    assert "291,255 records behind" in history.seen and "nothing live waits for it" in history.seen


def test_doctor_names_a_missing_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr("deploy.local.doctor.ctypes.CDLL", refuse)
    monkeypatch.setattr("deploy.local.servers.mongo.shutil.which", lambda _: None)
    findings = {finding.check: finding for finding in examine(tmp_path, 8800)}
    assert not findings["libcurl 4"].ok and "libcurl4" in findings["libcurl 4"].do
    assert not findings["OpenSSL 3"].ok and "libssl3" in findings["OpenSSL 3"].do


def test_no_password_reaches_the_terminal_or_the_board(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WHISTLE_MONGO", "mongodb://intake:hunter2@m1,m2:27017/?replicaSet=rs0")
    monkeypatch.setenv("WHISTLE_SECRET", "s" * 32)
    stack = stack_from_environment(tmp_path, 8800)
    assert (stack.mongo, stack.secret) == ("mongodb://intake:hunter2@m1,m2:27017/?replicaSet=rs0", "s" * 32)
    _servers(stack, Board(tmp_path), print)
    announce(Up(stack, []), False, None)
    announce(Up(stack, []), True, None)
    write_dev_file(stack, "ops", {})
    shown = capsys.readouterr()
    told = shown.out + shown.err + "".join(path.read_text() for path in tmp_path.iterdir())
    assert "mongodb://m1,m2:27017/?replicaSet=rs0" in told
    assert "hunter2" not in told and "s" * 32 not in told and "s" * 32 not in repr(stack)


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("mongodb://127.0.0.1:8811/?replicaSet=rs0", "mongodb://127.0.0.1:8811/?replicaSet=rs0"),
        ("mongodb+srv://u:p%40ss@h/db", "mongodb+srv://h/db"),
        ("mongodb://u:p@ss@h/", "mongodb://h/"),
        ("mongodb://u:p/ss@h/?replicaSet=x", "mongodb://h/?replicaSet=x"),
        ("mongodb://h/?tlsCertificateKeyFilePassword=pp&replicaSet=x", "mongodb://h/?replicaSet=x"),
        ("k1:9092,k2:9092", "k1:9092,k2:9092"),
    ],
)
def test_an_address_is_shown_without_account_and_password(uri: str, shown: str) -> None:
    assert without_account(uri) == shown


def test_development_tokens_only_where_both_servers_are_local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KAFKA", "MONGO", "DEV_TOKENS"):
        monkeypatch.delenv(f"WHISTLE_{name}", raising=False)
    assert stack_from_environment(tmp_path, 8800).dev_tokens
    monkeypatch.setenv("WHISTLE_KAFKA", "k:9092")
    stack = stack_from_environment(tmp_path, 8800)
    assert (stack.dev_tokens, stack.kafka, stack.mongo) == (False, "k:9092", None)
    monkeypatch.setenv("WHISTLE_DEV_TOKENS", "1")
    assert stack_from_environment(tmp_path, 8800).dev_tokens
