"""Promise: data that was tried out with development tokens is safe without them: nothing of development holds."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pymongo
import pytest

from tests.kit.stack import HARBOUR, ROOT, UP_WITHIN_S, RunningStack, running_stack

pytestmark = pytest.mark.timeout(400)
OFF = {"WHISTLE_DEV_TOKENS": "0", "WHISTLE_TEST_AT": ""}


def whistle(stack: RunningStack, *command: str, ends: int = 0) -> str:
    """What a command prints where development is off; its complaint when it is expected to fail."""
    ran = subprocess.run(
        [sys.executable, "-m", "deploy.main", *command, "--data", str(stack.data)],
        cwd=ROOT,
        env={**os.environ, **OFF},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert ran.returncode == ends, ran.stdout + ran.stderr
    return ran.stderr if ends else ran.stdout


def test_tokens_and_moved_clocks_of_development_end_with_it(tmp_path: Path) -> None:
    with running_stack(tmp_path / "data", [HARBOUR], WHISTLE_TEST_AT="") as stack:
        urls, rider, officer = stack.urls, stack.rider(), stack.person("qs-desk")
        mongo = stack.dev["mongo"]
        up = ("up", "--detach", "--within", str(UP_WITHIN_S), "--port-base", str(stack.port_base), "--city")
        whistle(stack, "down")
        whistle(stack, *up, str(HARBOUR))
        assert not (stack.data / "dev.json").exists()
        ops = whistle(stack, "key", "ops").strip()
        new = whistle(stack, "key", "new", "--app", "rider-app", "--role", "rider_app").strip()
        for url in urls.values():
            assert _status(url, ops) == _status(url, new) == 200
            assert _status(url, rider.token) == _status(url, officer.token) == 401

        with pymongo.MongoClient[dict[str, object]](mongo) as client:
            client["whistle_identity"]["clock"].update_one({"_id": "shift"}, {"$set": {"start_millis": 1}}, upsert=True)
        whistle(stack, "down")
        assert "WHISTLE_DEV_TOKENS=1" in whistle(stack, *up, str(HARBOUR), ends=1)


def _status(url: str, token: str) -> int:
    return httpx.get(f"{url}/v1/me", headers={"authorization": f"Bearer {token}"}).status_code
