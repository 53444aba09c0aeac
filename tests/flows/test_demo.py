"""Promise: `make demo` plays two cases on real servers, prints their timelines, and leaves nothing behind."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.kit.stack import HARBOUR, ROOT, SHEYANG
from tests.moments import asked

WITHIN_S = 280
PEOPLELESS = ("city.yaml", "units.yaml", "categories.yaml", "commitments.yaml", "calendars.yaml")


def demo(city: Path, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The demo as a program of its own, its data below ``folder``."""
    command = [sys.executable, "-m", "deploy.main", "demo", "--city", str(city), *options]
    at = asked()
    begins = {"WHISTLE_TEST_AT": at.isoformat()} if at is not None else {}
    environment = {**os.environ, "TMPDIR": str(folder), **begins}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=WITHIN_S, check=False
    )


@pytest.mark.timeout(WITHIN_S + 10)
def test_the_published_case_of_sheyang(tmp_path: Path) -> None:
    done = demo(SHEYANG, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "收到！已派给【交通路社区】，10分钟内响应" in done.stderr
    told = done.stdout
    assert "“建华园2号楼这边水管爆了”" in told
    for step in ("派单 queued", "接单 claimed", "到场 on site", "处置完成 resolved", "核查 inspected", "办结 closed"):
        assert step in told
    assert "签收时限 acknowledge · 移交 move to · → 合德镇 Hede Town" in told
    assert "按时 met" in told
    assert "已超时 breached" in told
    assert "expectations met" in told
    assert list(tmp_path.glob("whistle-demo-*")) == []


@pytest.mark.timeout(WITHIN_S + 10)
def test_another_pack_and_its_figures_as_json(tmp_path: Path) -> None:
    done = demo(HARBOUR, tmp_path, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert [clock["state"] for clock in told["mended"]["explain"]["clocks"]] == ["met", "met", "met"]
    assert {delivery["state"] for delivery in told["mended"]["deliveries"]} == {"delivered"}
    assert told["neglected"]["explain"]["unit"]["id"] == "oosterhaven"
    assert told["neglected"]["explain"]["clocks"][0]["state"] == "breached"
    assert told["expectations_met"] > 20


@pytest.mark.parametrize(("names", "missing"), [((), "city.yaml"), (PEOPLELESS, "people in")], ids=("none", "empty"))
def test_a_pack_that_cannot_be_played_is_said(tmp_path: Path, names: tuple[str, ...], missing: str) -> None:
    for name in names:
        (tmp_path / name).write_text((HARBOUR / name).read_text())
    done = demo(tmp_path, tmp_path)
    assert done.returncode == 1
    assert missing in done.stderr
    assert "Traceback" not in done.stderr
