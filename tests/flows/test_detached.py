"""Promise: `whistle up --detach` returns when everything answers, or fails and says which part could not start."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from deploy.local.state import holder, read_rows
from tests.kit.stack import HARBOUR, ROOT, UP_WITHIN_S, free_base, running_stack

pytestmark = pytest.mark.timeout(300)


def test_it_returns_when_every_service_is_ready_and_the_city_is_loaded(tmp_path: Path) -> None:
    with running_stack(tmp_path, [HARBOUR]) as stack:
        assert {row["part"]: row["state"] for row in stack.status()} == dict.fromkeys(
            ("kafka", "mongo", "intake", "router", "notifier", "console"), "ready"
        )
        for url in stack.urls.values():
            assert httpx.get(f"{url}/readyz").status_code == 200, url
        assert stack.rider().get("intake", "/v1/me").json()["city"] == "harbour"


def test_a_service_that_cannot_start_is_named_with_its_log_and_nothing_is_left_running(tmp_path: Path) -> None:
    """Intake's folder of master keys is a file."""
    keys = tmp_path / "keys"
    keys.write_text("no folder")
    data = tmp_path / "data"
    command = [sys.executable, "-m", "deploy.main", "up", "--detach", "--within", str(UP_WITHIN_S)]
    command += ["--data", str(data), "--port-base", str(free_base()), "--city", str(HARBOUR)]
    environment = {**os.environ, "WHISTLE_KEYS": str(keys)}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    said = ended.stderr.replace("\n", "")
    assert "intake: ended with code" in said
    assert str(data / "logs" / "intake.log") in said
    assert "Traceback" not in ended.stdout
    assert holder(data) is None
    assert {row["state"] for row in read_rows(data)} == {"stopped"}
