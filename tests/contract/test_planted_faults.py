"""Every fault that tests plant replaces something that exists: a renamed one would plant nothing, and find nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.broken import BREAKS, SECOND_NETS, Break

SITE = Path(__file__).parents[1] / "faults" / "site"
BROKEN = BREAKS | SECOND_NETS


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_what_a_break_replaces_is_there(broken: Break, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch)


@pytest.mark.parametrize("service", ["intake", "router", "notifier"])
def test_the_moments_of_a_service_can_be_planted(service: str, tmp_path: Path) -> None:
    environment = os.environ | {"PLANTED": str(tmp_path), "PYTHONPATH": str(SITE)}
    started = subprocess.run(
        [sys.executable, "-c", f"import services.{service}.app"], env=environment, capture_output=True, text=True
    )
    assert started.returncode == 0, started.stderr


def test_a_break_of_what_is_not_there_ends_the_service(tmp_path: Path) -> None:
    (tmp_path / "router.no_such_break").touch()
    environment = os.environ | {"PLANTED": str(tmp_path), "PYTHONPATH": str(SITE)}
    started = subprocess.run(
        [sys.executable, "-c", "import services.router.app"], env=environment, capture_output=True, text=True
    )
    assert started.returncode != 0 and "no_such_break" in started.stderr
